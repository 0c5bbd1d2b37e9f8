//! What goes out under the own devices: once, to whom it belongs, and with a row in the trail.

use axum::http::StatusCode;
use provisioning::devices::Device;
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
