//! The start-up matrix: each system that cannot hold a gateway is made, and must be named.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

pub const TESTS: &[(&str, fn())] = &[
    ("an_ordinary_user_needs_no_right", an_ordinary_user_starts),
    ("a_missing_device_is_named", a_missing_device),
    ("a_device_that_is_something_else_is_named", a_wrong_device),
    ("a_device_of_somebody_else_is_named", a_forbidden_device),
    ("user_namespaces_switched_off_are_named", user_namespaces_off),
    ("network_namespaces_switched_off_are_named", net_namespaces_off),
    ("a_filter_is_named", a_filter),
    ("a_chroot_is_refused_with_advice", a_chroot),
    ("an_old_kernel_is_named", an_old_kernel),
    ("without_bbr_it_starts_with_a_warning", without_bbr),
    ("without_ipv6_it_starts_with_a_warning", without_ipv6),
    ("protected_tunables_cost_a_warning_only", protected_tunables),
    ("rights_serve_where_user_namespaces_are_off", rights_instead),
];

/// They make device files and hand rights to an ordinary user.
pub const TESTS_OF_ROOT: &[(&str, fn())] = &[
    ("a_device_of_mode_0600_is_named", a_device_of_root),
    ("a_device_without_a_driver_is_named", a_device_without_driver),
    ("ambient_rights_are_used_and_dropped", ambient_rights),
    ("no_thread_of_a_service_keeps_a_right", no_thread_keeps_a_right),
];

/// For a root that lives in a namespace of its own.
const NO_RIGHTS: &str = "setpriv --bounding-set=-all --inh-caps=-all --no-new-privs";
const DROPPED: &str = "--bounding-set=-all --inh-caps=-all --no-new-privs";
const SOMEBODY: &str = "setpriv --reuid=23456 --regid=23456 --clear-groups";

/// A copy that anybody may execute, wherever the build's own folder lies.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = folder.join("probe");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    program
});

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("gateway-startup-{}", std::process::id()))
}

/// Removes that copy, if it was needed.
pub fn clean_up() {
    drop(std::fs::remove_dir_all(folder()));
}

/// Runs a shell script in which `$probe` starts a gateway, and returns what that found.
fn found(script: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", script])
        .env("program", &*PROGRAM)
        .env("probe", format!("{} probe", PROGRAM.display()))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{text}\n{errors}");
    text
}

/// As root of a user and mount namespace that ends with the script.
fn found_within(script: &str) -> String {
    found(&format!(
        "export script='{script}'; unshare --user --map-root-user --mount sh -euc \"$script\""
    ))
}

fn names(text: &str, problem: &str) {
    assert!(text.starts_with(&format!("problem {problem} ")), "not {problem}: {text}");
}

/// As an ordinary user, which a run as root has to become first.
fn ordinary() -> String {
    let root = rustix::process::geteuid().is_root();
    if root { format!("{SOMEBODY} {DROPPED}") } else { "setpriv --no-new-privs".to_owned() }
}

fn an_ordinary_user_starts() {
    let text = found(&format!("{} $probe", ordinary()));
    assert!(text.starts_with("made user=true\n"), "{text}");
    assert!(text.contains("\ndestroyed\n"), "{text}");
    let sets = ["CapPrm", "CapEff", "CapAmb", "CapBnd"];
    // Only root can take this last one away.
    let count = if rustix::process::geteuid().is_root() { 4 } else { 3 };
    for set in &sets[..count] {
        assert!(text.contains(&format!("\n{set} 0000000000000000")), "{set}: {text}");
    }
    let kernel = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_available_congestion_control");
    if kernel.unwrap().contains("bbr") {
        assert!(!text.contains("warning"), "{text}");
    }
}

fn a_missing_device() {
    let text = found_within(&format!("mount -t tmpfs none /dev/net; exec {NO_RIGHTS} $probe"));
    names(&text, "tun-missing");
}

fn a_wrong_device() {
    let text =
        found_within(&format!("mount --bind /dev/null /dev/net/tun; exec {NO_RIGHTS} $probe"));
    names(&text, "tun-refused");
}

fn a_forbidden_device() {
    let text = found_within(&format!(
        "mount -t tmpfs none /dev/net; touch /dev/net/tun; chmod 0 /dev/net/tun; \
         exec {NO_RIGHTS} $probe"
    ));
    names(&text, "tun-not-allowed");
    assert!(text.contains("mode 0000"), "{text}");
}

fn user_namespaces_off() {
    let text = found_within(&format!(
        "echo 0 > /proc/sys/user/max_user_namespaces; exec {NO_RIGHTS} $probe"
    ));
    names(&text, "user-namespaces-off");
}

fn net_namespaces_off() {
    let text = found_within(&format!(
        "echo 0 > /proc/sys/user/max_net_namespaces; exec {NO_RIGHTS} $probe"
    ));
    names(&text, "net-namespaces-off");
}

fn a_filter() {
    for filter in ["no-user-namespaces", "no-unshare"] {
        let text = found(&format!("{} $probe {filter}", ordinary()));
        names(&text, "user-namespaces-filtered");
    }
}

fn a_chroot() {
    let text = found_within(&format!(
        "mount -t tmpfs none /mnt; mkdir /mnt/root; mount --rbind / /mnt/root; \
         exec chroot /mnt/root {NO_RIGHTS} $probe"
    ));
    names(&text, "namespace-refused");
}

fn an_old_kernel() {
    names(&found("setarch --uname-2.6 $probe"), "kernel-too-old");
}

fn without_bbr() {
    let text = found(&format!("{} $probe no-congestion", ordinary()));
    assert!(text.starts_with("made user=true\nwarning no-bbr "), "{text}");
}

fn without_ipv6() {
    let text = found(&format!("{} $probe no-ipv6", ordinary()));
    assert!(text.starts_with("made user=true\nwarning no-ipv6 "), "{text}");
    assert!(text.contains("\nfamilies 1\n"), "{text}");
}

fn protected_tunables() {
    // As ProtectKernelTunables= makes it.
    let protect = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys";
    let text = found_within(&format!("{protect}; exec {NO_RIGHTS} $probe"));
    assert!(text.starts_with("made user=true\nwarning tunables "), "{text}");
    assert!(text.contains("\ndestroyed\n"), "{text}");
    // And as ReadWritePaths=/proc/sys/net opens it again.
    let reopen = "mount --bind /proc/sys /proc/sys; mount --bind /proc/sys/net /proc/sys/net; \
                  mount -o remount,bind,ro /proc/sys";
    let text = found_within(&format!("{reopen}; exec {NO_RIGHTS} $probe"));
    assert!(!text.contains("warning tunables"), "{text}");
}

fn rights_instead() {
    let text = found_within("echo 0 > /proc/sys/user/max_user_namespaces; exec $probe");
    assert!(text.starts_with("made user=false\n"), "{text}");
    assert!(text.contains("\nwarning privileged "), "{text}");
    assert!(!text.contains("rights-kept"), "{text}");
    assert!(text.contains("\ndestroyed\n"), "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix("CapEff ")).unwrap();
    let effective = u64::from_str_radix(line, 16).unwrap();
    assert_eq!(effective & (1 << 12 | 1 << 21), 0, "{text}");
}

fn a_device_of_root() {
    let text = found(&format!(
        "unshare --mount sh -euc 'mount -t tmpfs none /dev/net; mknod /dev/net/tun c 10 200; \
         chmod 0600 /dev/net/tun; exec {SOMEBODY} {DROPPED} $probe'"
    ));
    names(&text, "tun-not-allowed");
    assert!(text.contains("mode 0600 and owner 0:0"), "{text}");
}

fn a_device_without_driver() {
    // A minor number of the same kind that no driver takes.
    let text = found(&format!(
        "unshare --mount sh -euc 'mount -t tmpfs none /dev/net; mknod /dev/net/tun c 10 254; \
         chmod 0666 /dev/net/tun; exec {SOMEBODY} {DROPPED} $probe'"
    ));
    names(&text, "tun-without-driver");
}

fn ambient_rights() {
    let rights = "+sys_admin,+net_admin";
    let text = found(&format!(
        "{SOMEBODY} --inh-caps=-all,{rights} --ambient-caps=-all,{rights} --no-new-privs \
         $probe no-user-namespaces"
    ));
    assert!(text.starts_with("made user=false\nwarning privileged "), "{text}");
    assert!(!text.contains("rights-kept"), "{text}");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert!(text.contains(&format!("\n{set} 0000000000000000")), "{set}: {text}");
    }
}

fn no_thread_keeps_a_right() {
    let rights = "+net_bind_service,+sys_admin,+net_admin";
    let start = format!(
        "{SOMEBODY} --inh-caps=-all,{rights} --ambient-caps=-all,{rights} --no-new-privs \
         $probe many-threads"
    );
    for (filter, made) in [("", "made user=true\n"), (" no-user-namespaces", "made user=false\n")] {
        let text = found(&format!("{start}{filter}"));
        assert!(text.starts_with(made), "{text}");
        assert!(!text.contains("rights-kept"), "{text}");
        assert!(text.contains("\ndestroyed\n"), "{text}");
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            let held: Vec<_> = text.lines().filter(|line| line.starts_with(set)).collect();
            assert_eq!(held.len(), 4, "{text}");
            assert!(held.iter().all(|line| line.ends_with(" 0000000000000000")), "{text}");
        }
    }
}
