//! What goes out under the own devices: once, to whom it belongs, and with a row in the trail.

use axum::http::StatusCode;
use provisioning::devices::{Device, Platform};
use provisioning::facilities::{RoutePolicy, set_policy};
use provisioning::tunnel::{self, KeyMaker, PrivateKey, QuickConfig};
use store::Id;

use crate::kit::testing::{Net, Persona, act};

const AT: &str = "/me/devices/tunnel";

fn keys(net: &Net, device: Id<Device>) -> Vec<tunnel::Peer> {
    net.app.store.read(|read| tunnel::of_device(read, device)).unwrap()
}

/// Against the rows: everything in the file is this device's and this box's.
fn check(net: &Net, file: &QuickConfig, peer: &tunnel::Peer) {
    let home = net.app.store.read(tunnel::home).unwrap().unwrap();
    assert_eq!(file.address, home.inside.pair(peer.number).unwrap());
    assert_eq!(file.allowed, home.inside.server());
    assert_eq!(file.server, home.public);
    assert_eq!(file.preshared_key, peer.preshared_key);
    assert_eq!(file.endpoint.to_string(), "vpn.aoba.example:51820");
    assert_eq!((file.mtu, &file.dns), (1280, &None));
}

#[tokio::test]
async fn a_file_holds_a_key_that_is_nowhere_else() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let page = nurse.get(AT).await.body;
    assert!(page.contains("まだありません") && page.contains("tokinet-vpn.cmd"), "{page}");
    let answer = nurse.post(AT, &[("as", "conf")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let file: QuickConfig = answer.body.parse().unwrap();
    let peer = keys(&net, net.station_device.id).remove(0);
    check(&net, &file, &peer);
    let private = file.private_key.clone().unwrap();
    assert_eq!(private.public().unwrap(), peer.public_key);
    assert_eq!((peer.maker, file.keepalive_seconds), (KeyMaker::Server, Some(25)), "a Windows PC");
    let rows = net.app.store.read(|read| read.trail(None, 5)).unwrap();
    assert!(rows.iter().any(|row| row.action == "device.tunnel_make"));
    assert!(nurse.get(AT).await.body.contains("受け取り済み・未使用"));
    let again: QuickConfig = nurse.post(AT, &[("as", "conf")]).await.body.parse().unwrap();
    assert_ne!(again.private_key, file.private_key, "never the same file twice");
    assert_ne!(again.address, file.address);
}

#[tokio::test]
async fn a_key_made_in_the_browser_never_comes_here() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let private = PrivateKey::random(net.app.store.clock());
    let public = private.public().unwrap();
    let answer = nurse.post(AT, &[("as", "json"), ("public", &public.text())]).await;
    let answer: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["name"], "aoba.conf");
    let (text, place) = (answer["text"].as_str().unwrap(), answer["place"].as_str().unwrap());
    assert_eq!(text.matches(place).count(), 1);
    let file: QuickConfig = text.replace(place, &private.text()).parse().unwrap();
    let peer = keys(&net, net.station_device.id).remove(0);
    assert_eq!((peer.public_key, peer.maker), (public, KeyMaker::Device));
    check(&net, &file, &peer);
    let again = nurse.post(AT, &[("as", "json"), ("public", &public.text())]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "a key is registered once");
    for wrong in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        let answer = nurse.post(AT, &[("as", "json"), ("public", wrong)]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{wrong}");
    }
    assert_eq!(keys(&net, net.station_device.id).len(), 1);
}

#[tokio::test]
async fn a_code_for_another_screen_is_shown_once() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let shown = nurse.post(AT, &[("as", "qr")]).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.body.contains("<svg viewBox=\"0 0 ") && shown.body.contains("QRコードから作成"));
    assert!(!nurse.get(AT).await.body.contains("<svg viewBox=\"0 0 "));
    assert_eq!(keys(&net, net.station_device.id).len(), 1);
}

#[tokio::test]
async fn windows_gets_a_zip_with_a_script() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let zip = nurse.post(AT, &[("as", "zip")]).await.body;
    for part in [
        "PK",
        "aoba.conf",
        "tokinet-vpn.cmd",
        "tokinet-vpn.ps1",
        "[Interface]",
        "/installtunnelservice",
    ] {
        assert!(zip.contains(part), "{part}");
    }
}

/// The station's device as another machine.
fn becomes(net: &Net, platform: Platform) {
    let device = Device { platform, ..net.station_device.clone() };
    act(&net.app.store, move |write| write.put(&device).unwrap());
}

/// What OpenSSL finds within a file that the enrolment host signed.
fn opened(net: &Net, signed: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let root = data_encoding::BASE64.encode(net.app.authority.root_certificate());
    let lines: Vec<_> = root.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let root = lines.join("\n");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{root}\n-----END CERTIFICATE-----\n");
    std::fs::write(at("root.pem"), pem).unwrap();
    std::fs::write(at("signed"), signed).unwrap();
    let time = net.app.now().as_second().to_string();
    let checked = std::process::Command::new("openssl")
        .args(["cms", "-verify", "-inform", "DER", "-purpose", "any", "-attime", &time])
        .arg("-in")
        .arg(at("signed"))
        .arg("-CAfile")
        .arg(at("root.pem"))
        .arg("-out")
        .arg(at("content"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    std::fs::read_to_string(at("content")).unwrap()
}

fn after<'a>(plist: &'a str, key: &str) -> &'a str {
    let (_, rest) = plist.split_once(&format!("<key>{key}</key>")).unwrap();
    let (_, rest) = rest.split_once("<string>").unwrap();
    rest.split_once("</string>").unwrap().0
}

#[tokio::test]
async fn apples_machines_get_a_signed_profile_with_the_tunnel_and_nothing_else() {
    for (platform, app) in
        [(Platform::Ipad, "com.wireguard.ios"), (Platform::Mac, "com.wireguard.macos")]
    {
        let net = Net::new();
        becomes(&net, platform);
        let nurse = net.visitor(Persona::Member);
        let page = nurse.get(AT).await.body;
        assert!(
            page.contains("VPNのプロファイルを受け取る") && page.contains("設定ファイルで入れる")
        );
        let signed = nurse.post_for_bytes(AT, &[("as", "profile")]).await;
        let plist = opened(&net, &signed);
        assert_eq!(
            plist.matches("<key>PayloadType</key>").count(),
            2,
            "the profile and the tunnel"
        );
        assert!(!plist.contains("pkcs12") && !plist.contains("webClip"), "{plist}");
        assert_eq!(after(&plist, "VPNSubType"), app);
        let text = after(&plist, "WgQuickConfig");
        let file: QuickConfig = text.parse().unwrap();
        assert_eq!(*file.text(), *text, "letter by letter what a .conf would be");
        let peer = keys(&net, net.station_device.id).remove(0);
        check(&net, &file, &peer);
        assert_eq!(file.private_key.unwrap().public().unwrap(), peer.public_key);
        let again = opened(&net, &nurse.post_for_bytes(AT, &[("as", "profile")]).await);
        let identifiers = |plist: &str| {
            let all = plist.split("<key>PayloadIdentifier</key>").skip(1);
            all.map(|one| after(&format!("<key>x</key>{one}"), "x").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(identifiers(&again), identifiers(&plist), "the next one takes its place");
        assert_eq!(keys(&net, net.station_device.id).len(), 2);
    }
}

#[tokio::test]
async fn other_machines_get_no_profile() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    assert!(!nurse.get(AT).await.body.contains("VPNのプロファイル"));
    let refused = nurse.post(AT, &[("as", "profile")]).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(keys(&net, net.station_device.id).is_empty(), "no key that nobody could take");
}

#[tokio::test]
async fn where_the_facility_or_the_box_has_no_tunnel_nothing_is_made() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let id = net.station.id;
    act(&net.app.store, move |write| set_policy(write, id, RoutePolicy::Tls).unwrap());
    assert!(nurse.get(AT).await.body.contains("この施設ではVPNを使いません"));
    assert_eq!(nurse.post(AT, &[("as", "conf")]).await.status, StatusCode::NOT_FOUND);
    assert!(keys(&net, net.station_device.id).is_empty());
}
