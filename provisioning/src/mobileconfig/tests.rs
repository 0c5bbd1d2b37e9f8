//! Held against Apple's schema, key by key, and against what the WireGuard app documents.

use plist::{Dictionary, Value};

use super::*;

/// Apple's device management schema and the WireGuard app's MOBILECONFIG notes, as far as these
/// payloads go: type of payload, key, type of value, whether it must be there.
const SCHEMA: &[(&str, &str, &str, bool)] = &[
    ("*", "PayloadType", "string", true),
    ("*", "PayloadVersion", "integer", true),
    ("*", "PayloadIdentifier", "string", true),
    ("*", "PayloadUUID", "string", true),
    ("*", "PayloadDisplayName", "string", false),
    ("*", "PayloadOrganization", "string", false),
    ("Configuration", "PayloadContent", "array", true),
    ("Configuration", "PayloadDescription", "string", false),
    ("Configuration", "PayloadRemovalDisallowed", "boolean", false),
    ("com.apple.security.root", "PayloadContent", "data", true),
    ("com.apple.security.root", "PayloadCertificateFileName", "string", false),
    ("com.apple.security.pkcs12", "PayloadContent", "data", true),
    ("com.apple.security.pkcs12", "PayloadCertificateFileName", "string", false),
    ("com.apple.security.pkcs12", "Password", "string", false),
    ("com.apple.webClip.managed", "URL", "string", true),
    ("com.apple.webClip.managed", "Label", "string", true),
    ("com.apple.webClip.managed", "Icon", "data", false),
    ("com.apple.webClip.managed", "IsRemovable", "boolean", false),
    ("com.apple.webClip.managed", "Precomposed", "boolean", false),
    ("com.apple.webClip.managed", "FullScreen", "boolean", false),
    ("com.apple.vpn.managed", "UserDefinedName", "string", true),
    ("com.apple.vpn.managed", "VPNType", "string", true),
    ("com.apple.vpn.managed", "VPNSubType", "string", true),
    ("com.apple.vpn.managed", "VendorConfig", "dictionary", true),
    ("com.apple.vpn.managed", "VPN", "dictionary", true),
];

const ICON: &[u8] = b"\x89PNG\r\n\x1a\n and so on";
const QUICK: &str = "[Interface]\nPrivateKey = x\n\n[Peer]\nPublicKey = y\n";

fn profile<'a>(content: Content<'a>) -> Profile<'a> {
    Profile {
        device: [7; 16],
        domain: "aoba.example",
        network: "あおばネット",
        title: "あおばネット（訪問用iPad 2号）",
        description: "<この端末の証明書> & アイコン",
        content,
    }
}

fn whole<'a>() -> Whole<'a> {
    Whole {
        identity: Identity {
            pkcs12: b"a file",
            password: "K7P2M9XQ4RTV6WYZ",
            title: "訪問用iPad 2号",
            file_name: "tokinet.p12",
        },
        web_clip: WebClip {
            url: "https://app.aoba.example/", label: "あおばネット", icon: ICON
        },
        root: None,
        tunnel: None,
    }
}

fn device(whole: Whole<'_>) -> Profile<'_> {
    profile(Content::Device(whole))
}

fn tunnel<'a>(on_demand: OnDemand<'a>) -> Tunnel<'a> {
    Tunnel {
        system: AppleSystem::Ios,
        name: "あおばネット",
        quick_config: QUICK,
        server: "vpn.aoba.example:51820",
        on_demand,
    }
}

fn written(profile: &Profile<'_>) -> Dictionary {
    let bytes = profile.plist().unwrap();
    assert!(bytes.starts_with(b"<?xml"));
    Value::from_reader_xml(bytes.as_slice()).unwrap().into_dictionary().unwrap()
}

fn payloads(profile: &Dictionary) -> Vec<Dictionary> {
    let content = profile.get("PayloadContent").unwrap().as_array().unwrap();
    content.iter().map(|one| one.as_dictionary().unwrap().clone()).collect()
}

fn text<'a>(payload: &'a Dictionary, key: &str) -> &'a str {
    payload.get(key).unwrap_or_else(|| panic!("{key}")).as_string().unwrap()
}

fn kind(value: &Value) -> &'static str {
    let kinds: [(&'static str, bool); 6] = [
        ("array", value.as_array().is_some()),
        ("dictionary", value.as_dictionary().is_some()),
        ("boolean", value.as_boolean().is_some()),
        ("data", value.as_data().is_some()),
        ("integer", value.as_signed_integer().is_some()),
        ("string", value.as_string().is_some()),
    ];
    let found = kinds.iter().find(|(_, is_so)| *is_so);
    found.unwrap_or_else(|| panic!("{value:?} has no place in a profile")).0
}

/// Every key is one of the schema, of its type, and none that must be there is missing.
fn check(payload: &Dictionary) {
    let name = text(payload, "PayloadType");
    let rules = SCHEMA.iter().filter(|(of, ..)| *of == "*" || *of == name);
    for (_, key, type_, required) in rules.clone() {
        match payload.get(key) {
            Some(value) => assert_eq!(kind(value), *type_, "{name} {key}"),
            None => assert!(!required, "{name} lacks {key}"),
        }
    }
    for key in payload.keys() {
        assert!(rules.clone().any(|(_, known, ..)| known == key), "{name} has no {key}");
    }
}

#[test]
fn every_payload_holds_to_the_schema() {
    let root: &[u8] = b"a certificate";
    let full = Whole { root: Some(root), tunnel: Some(tunnel(OnDemand::Always)), ..whole() };
    let profile = written(&device(full));
    check(&profile);
    let payloads = payloads(&profile);
    payloads.iter().for_each(check);
    let kinds: Vec<_> = payloads.iter().map(|one| text(one, "PayloadType")).collect();
    assert_eq!(
        kinds,
        [
            "com.apple.security.root",
            "com.apple.security.pkcs12",
            "com.apple.webClip.managed",
            "com.apple.vpn.managed"
        ]
    );
    assert_eq!(text(&profile, "PayloadDescription"), "<この端末の証明書> & アイコン");
}

#[test]
fn without_own_server_certificate_and_tunnel_two_payloads_are_left() {
    let payloads = payloads(&written(&device(whole())));
    let kinds: Vec<_> = payloads.iter().map(|one| text(one, "PayloadType")).collect();
    assert_eq!(kinds, ["com.apple.security.pkcs12", "com.apple.webClip.managed"]);
    assert_eq!(text(&payloads[0], "Password"), "K7P2M9XQ4RTV6WYZ");
    assert_eq!(payloads[0].get("PayloadContent").unwrap().as_data(), Some(b"a file".as_slice()));
    assert_eq!(payloads[1].get("FullScreen").unwrap().as_boolean(), Some(false));
}

#[test]
fn a_profile_installed_again_replaces_the_first() {
    let first = ids(&device(whole()));
    let later = Identity { pkcs12: b"another file", ..whole().identity };
    let again = device(Whole { identity: later, ..whole() });
    assert_eq!(ids(&Profile { title: "new", ..again }), first);
    let other = ids(&Profile { device: [8; 16], ..device(whole()) });
    assert!(first.iter().zip(&other).all(|(one, other)| one.0 != other.0 && one.1 != other.1));
    let mut apart: Vec<_> = first.iter().map(|(_, uuid)| uuid).collect();
    apart.dedup();
    assert_eq!(apart.len(), first.len());
    assert!(first[0].0.starts_with("example.aoba.tokinet.07070707-0707-"), "{}", first[0].0);
}

/// Of the profile itself and of each payload: what replaces what.
fn ids(profile: &Profile<'_>) -> Vec<(String, String)> {
    let written = written(profile);
    let all = std::iter::once(written.clone()).chain(payloads(&written));
    let id = |one: Dictionary| {
        (text(&one, "PayloadIdentifier").to_owned(), text(&one, "PayloadUUID").to_owned())
    };
    all.map(id).collect()
}

#[test]
fn a_tunnel_alone_holds_to_the_schema_and_leaves_the_certificate_where_it_is() {
    let alone = profile(Content::TunnelAlone(tunnel(OnDemand::Always)));
    let written = written(&alone);
    check(&written);
    let payloads = payloads(&written);
    payloads.iter().for_each(check);
    let kinds: Vec<_> = payloads.iter().map(|one| text(one, "PayloadType")).collect();
    assert_eq!(kinds, ["com.apple.vpn.managed"]);
    let with = ids(&device(Whole { tunnel: Some(tunnel(OnDemand::Always)), ..whole() }));
    let alone = ids(&alone);
    for (identifier, uuid) in &alone {
        assert!(with.iter().all(|(other, another)| other != identifier && another != uuid));
    }
    let again = profile(Content::TunnelAlone(tunnel(OnDemand::Never)));
    assert_eq!(ids(&again), alone, "one that is installed again takes the first one's place");
}

#[test]
fn a_tunnel_comes_up_by_itself_where_it_should() {
    let vpn = |on_demand| {
        let with = Whole { tunnel: Some(tunnel(on_demand)), ..whole() };
        let payload = payloads(&written(&device(with))).pop().unwrap();
        assert_eq!(text(&payload, "VPNType"), "VPN");
        assert_eq!(text(&payload, "VPNSubType"), "com.wireguard.ios");
        let vendor = payload.get("VendorConfig").unwrap().as_dictionary().unwrap();
        assert_eq!(text(vendor, "WgQuickConfig"), QUICK);
        let vpn = payload.get("VPN").unwrap().as_dictionary().unwrap().clone();
        assert_eq!(text(&vpn, "RemoteAddress"), "vpn.aoba.example:51820");
        assert_eq!(text(&vpn, "AuthenticationMethod"), "Password");
        vpn
    };
    let never = vpn(OnDemand::Never);
    assert!(!never.contains_key("OnDemandEnabled") && !never.contains_key("OnDemandRules"));
    let rules = |vpn: &Dictionary| {
        assert_eq!(vpn.get("OnDemandEnabled").unwrap().as_signed_integer(), Some(1));
        vpn.get("OnDemandRules").unwrap().as_array().unwrap().clone()
    };
    let always = rules(&vpn(OnDemand::Always));
    assert_eq!(text(always[0].as_dictionary().unwrap(), "Action"), "Connect");
    let except = rules(&vpn(OnDemand::ExceptAt(&["clinic-wifi"])));
    let home = except[0].as_dictionary().unwrap();
    assert_eq!((text(home, "Action"), text(home, "InterfaceTypeMatch")), ("Disconnect", "WiFi"));
    assert_eq!(home.get("SSIDMatch").unwrap().as_array().unwrap(), &["clinic-wifi".into()]);
    assert_eq!(text(except[1].as_dictionary().unwrap(), "Action"), "Connect");
}

#[test]
fn what_apple_would_refuse_is_refused_here() {
    let clip = |url, icon| {
        device(Whole { web_clip: WebClip { url, icon, ..whole().web_clip }, ..whole() })
    };
    assert!(matches!(clip("http://a.example", ICON).plist(), Err(ProfileProblem::Url)));
    assert!(matches!(clip("https://a.example", b"GIF89a").plist(), Err(ProfileProblem::Icon)));
    let large = [ICON, &[0; ICON_BYTES_MAX]].concat();
    assert!(matches!(clip("https://a.example", &large).plist(), Err(ProfileProblem::Icon)));
    let bare = Tunnel { quick_config: "[Interface]", ..tunnel(OnDemand::Never) };
    let bare = profile(Content::TunnelAlone(bare));
    assert!(matches!(bare.plist(), Err(ProfileProblem::Tunnel)));
}
