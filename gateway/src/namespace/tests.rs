//! Rules that need no namespace: which refusal means what, and which plan cannot be.

use std::ffi::OsString;

use rustix::io::Errno;

use super::surroundings::Surroundings;
use super::*;

fn plan() -> Plan {
    Plan {
        v4: "100.70.0.1".parse().unwrap(),
        v6: "fd12:3456:789a::1".parse().unwrap(),
        v4_prefix: 16,
        v6_prefix: 64,
        mtu: 1280,
    }
}

fn helper(command: &[&str]) -> Result<Helper, StartProblem> {
    let command: Vec<OsString> = command.iter().map(Into::into).collect();
    Helper::start(&command)
}

fn usual() -> Surroundings {
    Surroundings {
        has_user_namespaces: true,
        max_user_namespaces: Some(64),
        max_net_namespaces: Some(64),
        ..Surroundings::default()
    }
}

#[test]
fn each_refusal_of_a_namespace_is_named_by_its_cause() {
    let absent = Surroundings { has_user_namespaces: false, ..usual() };
    let off = Surroundings { max_user_namespaces: Some(0), ..usual() };
    let net_off = Surroundings { max_net_namespaces: Some(0), ..usual() };
    let debian = Surroundings { unprivileged_userns_clone: Some(0), ..usual() };
    let ubuntu = Surroundings { apparmor_restrict: Some(1), is_filtered: true, ..usual() };
    let relaxed = Surroundings { apparmor_restrict: Some(0), ..usual() };
    let filtered = Surroundings { is_filtered: true, ..usual() };
    let profiled = Surroundings { has_profile: true, is_filtered: true, ..usual() };
    for (around, error, code) in [
        (&absent, Errno::INVAL, "user-namespaces-absent"),
        (&off, Errno::NOSPC, "user-namespaces-off"),
        (&net_off, Errno::NOSPC, "net-namespaces-off"),
        (&usual(), Errno::NOSPC, "user-namespaces-used-up"),
        (&debian, Errno::PERM, "user-namespaces-debian"),
        (&ubuntu, Errno::PERM, "user-namespaces-apparmor"),
        (&ubuntu, Errno::ACCESS, "user-namespaces-apparmor"),
        (&profiled, Errno::ACCESS, "user-namespaces-apparmor"),
        (&profiled, Errno::PERM, "user-namespaces-filtered"),
        (&relaxed, Errno::PERM, "namespace-refused"),
        (&filtered, Errno::PERM, "user-namespaces-filtered"),
        (&filtered, Errno::NOSYS, "user-namespaces-filtered"),
        (&usual(), Errno::PERM, "namespace-refused"),
        (&usual(), Errno::INVAL, "namespace-refused"),
    ] {
        assert_eq!(around.explain_unshare(error).code(), code, "{around:?} {error:?}");
    }
    for (label, enforced) in
        [("tokinet (enforce)\n", true), ("tokinet (unconfined)\n", false), ("unconfined\n", false)]
    {
        assert_eq!(surroundings::is_enforced(label), enforced, "{label}");
    }
    assert_eq!(ubuntu.explain_refusal(Errno::PERM).code(), "user-namespaces-apparmor");
    assert_eq!(usual().explain_refusal(Errno::PERM).code(), "tun-refused");
}

#[test]
fn a_kernel_is_old_by_its_number() {
    for release in ["5.4.0", "5.10.0-30-amd64", "6.18.44-fc", "10.0", "strange"] {
        assert_eq!(check_kernel(release), Ok(()), "{release}");
    }
    for release in ["5.3.18", "4.18.0-553.el8", "3.10.0"] {
        assert_eq!(check_kernel(release).unwrap_err().code(), "kernel-too-old", "{release}");
    }
}

#[test]
fn a_plan_that_cannot_be_starts_nothing() {
    let wrong = [
        Plan { mtu: 1279, ..plan() },
        Plan { mtu: 9001, ..plan() },
        Plan { v4_prefix: 0, ..plan() },
        Plan { v4_prefix: 31, ..plan() },
        Plan { v6_prefix: 127, ..plan() },
        Plan { v4: "127.0.0.1".parse().unwrap(), ..plan() },
        Plan { v4: "0.0.0.0".parse().unwrap(), ..plan() },
        Plan { v6: "::1".parse().unwrap(), ..plan() },
        Plan { v6: "fe80::1".parse().unwrap(), ..plan() },
        Plan { v6: "::ffff:100.70.0.1".parse().unwrap(), ..plan() },
        Plan { v6: "ff02::1".parse().unwrap(), ..plan() },
    ];
    for plan in wrong {
        let waiting = helper(&["/bin/cat"]).unwrap();
        assert_eq!(make(&plan, waiting).unwrap_err().code(), "plan-wrong", "{plan:?}");
    }
    assert_eq!(helper(&[]).unwrap_err().code(), "plan-wrong");
}

#[test]
fn a_helper_that_is_another_program_is_named() {
    for command in ["/nonexistent", "/bin/true", "/bin/false"] {
        let problem =
            helper(&[command]).and_then(|helper| make(&plan(), helper).map(drop)).unwrap_err();
        assert_eq!(problem.code(), "helper", "{problem}");
    }
}

#[test]
fn one_read_of_the_tun_is_one_send() {
    for (mtu, segments) in [(1280, 49), (1420, 45), (9000, 7)] {
        assert_eq!(link::segments_max(mtu), segments, "{mtu}");
        assert!(segments * (u32::from(mtu) + 32) <= 65_507);
    }
}

#[test]
fn without_the_best_congestion_control_the_next_one_serves() {
    let listener =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let used = || {
        let name = listener.tcp_congestion().unwrap();
        String::from_utf8(name).unwrap().trim_matches('\0').to_owned()
    };
    // One that every user of every kernel may choose stands for cubic.
    assert_eq!(listen::choose_congestion(&[&listener], &["reno", "none-such"]), None);
    assert_eq!(used(), "reno");
    let usual = listen::choose_congestion(&[&listener], &["none-such", "reno"]);
    assert_eq!(usual, Some(Warning::NoBbr { used: "reno".to_owned() }));
    assert_eq!(listen::choose_congestion(&[&listener], &["none-such"]), usual);
}

#[test]
fn netlink_answers_are_read_within_their_bounds() {
    let mut answers = Vec::new();
    let message = |length: u32, kind: u16, number: u32, body: &[u8]| {
        let head = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 2]].concat();
        [&head, &number.to_ne_bytes()[..], &[0; 4], body].concat()
    };
    let consent = message(20, 2, 7, &0_i32.to_ne_bytes());
    let refusal = message(20, 2, 7, &(-1_i32).to_ne_bytes());
    let row = message(20, 16, 7, &[1, 2, 3, 4]);
    let of_another = message(20, 2, 6, &(-1_i32).to_ne_bytes());
    let mut read = |bytes: &[u8]| netlink::read(bytes, 7, &mut answers);
    assert_eq!(read(&consent).unwrap(), netlink::Reading::Finished);
    assert_eq!(read(&refusal).unwrap_err().raw_os_error(), Some(1));
    assert_eq!(read(&of_another).unwrap(), netlink::Reading::Goes);
    assert_eq!(read(&[row, consent].concat()).unwrap(), netlink::Reading::Finished);
    assert!(read(&message(2000, 16, 7, &[])).is_err());
    assert_eq!(read(&message(4, 16, 7, &[])).unwrap(), netlink::Reading::Goes);
    assert_eq!(answers, [netlink::Message { kind: 16, body: vec![1, 2, 3, 4] }]);
}
