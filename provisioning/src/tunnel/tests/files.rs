//! What is written is read as the same; what we would not write is not read.

use proptest::prelude::*;

use super::files;
use crate::tunnel::{Endpoint, QuickConfig, tunnel_name};

proptest! {
    #[test]
    fn a_file_is_read_as_it_was_written(file in files()) {
        let text = file.text();
        let read: QuickConfig = text.parse().unwrap();
        prop_assert_eq!(&*read.text(), &*text);
        prop_assert_eq!(read, file);
        prop_assert!(text.ends_with('\n') && !text.contains('\r') && text.is_ascii());
    }

    #[test]
    fn nothing_that_somebody_writes_breaks_the_parser(
        text in prop_oneof![
            any::<String>(),
            "(\\[Interface\\]|\\[Peer\\]|PrivateKey|DNS|MTU|Endpoint|[ =,/:\\n#a-z0-9.]){0,60}",
        ],
    ) {
        if let Ok(read) = text.parse::<QuickConfig>() {
            let again: QuickConfig = read.text().parse().unwrap();
            prop_assert_eq!(again, read);
        }
    }

    #[test]
    fn a_lost_or_doubled_line_is_noticed(file in files(), at in any::<prop::sample::Index>()) {
        let text = file.text();
        let lines: Vec<&str> = text.lines().collect();
        let keys: Vec<usize> = (0..lines.len()).filter(|n| lines[*n].contains(" = ")).collect();
        let at = keys[at.index(keys.len())];
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        prop_assert!(doubled.join("\n").parse::<QuickConfig>().is_err());
        let mut shorter = lines.clone();
        shorter.remove(at);
        match shorter.join("\n").parse::<QuickConfig>() {
            Ok(read) => prop_assert_ne!(read, file, "only what is optional may be missing"),
            Err(problem) => prop_assert!(problem.line > 0),
        }
    }
}

const PRIVATE: &str = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
const PUBLIC: &str = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
const PRESHARED: &str = "FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=";

fn whole() -> String {
    format!(
        "[Interface]\nPrivateKey = {PRIVATE}\nAddress = 100.80.0.2/32, fd00::2/128\nMTU = 1280\n\n\
         [Peer]\nPublicKey = {PUBLIC}\nPresharedKey = {PRESHARED}\n\
         AllowedIPs = 100.80.0.1/32, fd00::1/128\nEndpoint = vpn.aoba.example:51820\n\
         PersistentKeepalive = 25\n"
    )
}

#[test]
fn the_file_is_the_one_that_the_apps_read() {
    let read: QuickConfig = whole().parse().unwrap();
    assert_eq!(&*read.text(), &whole());
    assert!(!whole().contains("DNS"), "a name server would answer for the whole device");
    let commented = format!("# ひかり医院\n\n{}", whole());
    assert_eq!(commented.parse::<QuickConfig>().unwrap(), read);
}

#[test]
fn a_file_that_leads_more_than_the_box_into_the_tunnel_is_refused() {
    for (before, after, line) in [
        ("100.80.0.1/32, fd00::1/128", "0.0.0.0/0, ::/0", 9),
        ("100.80.0.1/32, fd00::1/128", "100.80.0.0/17, fd00::/64", 9),
        ("MTU = 1280", "MTU = 9000", 4),
        ("MTU = 1280", "MTU = 01280", 4),
        ("MTU = 1280", "PostUp = rm -r /", 4),
        ("MTU = 1280", "Table = off", 4),
        ("[Peer]", "[peer]", 6),
        (PRIVATE, "AAAA", 2),
        (PUBLIC, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 7),
        (":51820", ":0", 10),
        (":51820", "", 10),
        ("Keepalive = 25", "Keepalive = off", 11),
    ] {
        let text = whole().replacen(before, after, 1);
        let problem = text.parse::<QuickConfig>().unwrap_err();
        assert_eq!(problem.line, line, "{after}: {problem}");
    }
    let long = format!("{}#{}", whole(), "x".repeat(4096));
    assert!(long.parse::<QuickConfig>().is_err());
}

#[test]
fn a_file_that_would_be_too_long_as_we_write_it_is_not_taken() {
    let applications = |count: usize| {
        let line = format!("MTU = 1280\nIncludedApplications = {}", vec!["a.b"; count].join(","));
        whole().replacen("MTU = 1280", &line, 1)
    };
    let [taken, refused] = [600, 900].map(applications);
    assert!(refused.len() < 4096, "as it comes it is short enough");
    let read: QuickConfig = taken.parse().unwrap();
    assert_eq!(read.text().parse::<QuickConfig>().unwrap(), read);
    assert!(refused.parse::<QuickConfig>().is_err());
}

#[test]
fn where_the_device_keeps_its_key_a_word_stands_in_its_place() {
    let file: QuickConfig = whole().parse().unwrap();
    let text = QuickConfig { private_key: None, ..file.clone() }.text();
    assert_eq!(text.matches(QuickConfig::KEY_PLACE).count(), 1);
    assert!(!text.contains(PRIVATE));
    let filled: QuickConfig = text.replace(QuickConfig::KEY_PLACE, PRIVATE).parse().unwrap();
    assert_eq!(filled, file);
}

#[test]
fn an_endpoint_is_a_name_or_an_address_with_its_port() {
    for good in ["vpn.aoba.example:51820", "203.0.113.7:443", "[2001:db8::7]:51820", "box:1"] {
        assert_eq!(good.parse::<Endpoint>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        ":",
        "box",
        "box:",
        "box:0",
        "box:+1",
        "box:99999",
        ":51820",
        "-box:1",
        "a..b:1",
        "a b:1",
        "2001:db8::7:51820",
        "[2001:db8::7]",
        "[box]:1",
        "300.1.1.1:1",
        "あ:1",
        "a\n:1",
    ] {
        assert!(bad.parse::<Endpoint>().is_err(), "{bad}");
    }
}

#[test]
fn a_tunnels_name_is_one_that_every_system_takes() {
    for (domain, name) in [
        ("aoba.example", "aoba"),
        ("toki-net.jp", "toki-net"),
        ("a-very-long-name-indeed.jp", "a-very-long-nam"),
        ("CON.example", "tokinet"),
        ("青葉.example", "tokinet"),
        ("-.example", "tokinet"),
        ("../../etc.example", "tokinet"),
        ("", "tokinet"),
    ] {
        assert_eq!(tunnel_name(domain), name, "{domain}");
    }
}
