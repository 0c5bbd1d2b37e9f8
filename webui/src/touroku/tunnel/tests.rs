//! One card sets up both: the certificate, then the key for the tunnel.

use axum::http::StatusCode;
use jiff::SignedDuration;
use provisioning::facilities::{RoutePolicy, set_policy};
use provisioning::tunnel::{self, QuickConfig};

use crate::kit::testing::{Net, act};
use crate::touroku::tests::{Phone, approve, card};

async fn taken(net: &Net) -> Phone<'_> {
    let printed = card(net);
    let mut phone = Phone { net, cookie: None };
    phone.redeem(&printed, &printed.secret.grouped()).await;
    approve(net);
    assert_eq!(phone.ask("POST", "/e/p12", &[]).await.status, StatusCode::OK);
    phone
}

/// Of the device that came of the card, and has not been seen yet.
fn peers(net: &Net) -> Vec<tunnel::Peer> {
    let all = net.app.store.read(provisioning::devices::list).unwrap();
    let fresh = all.iter().find(|device| device.first_seen_at.is_none()).unwrap();
    net.app.store.read(|read| tunnel::of_device(read, fresh.id)).unwrap()
}

#[tokio::test]
async fn after_the_certificate_the_same_card_gives_a_key_for_the_tunnel() {
    let net = Net::new();
    let phone = taken(&net).await;
    assert!(phone.ask("GET", "/e/take", &[]).await.body.contains("VPN（WireGuard）の設定"));
    let page = phone.ask("GET", "/e/tunnel?guide=android", &[]).await.body;
    assert!(
        page.contains("Playストア") && page.contains("VPNは、あとからでも設定できます"),
        "{page}"
    );
    let file = phone.ask("POST", "/e/tunnel", &[("as", "conf")]).await;
    let file: QuickConfig = file.body.parse().unwrap();
    let peer = peers(&net).remove(0);
    assert_eq!(file.private_key.unwrap().public().unwrap(), peer.public_key);
    assert_eq!(file.keepalive_seconds, None, "an iPad sleeps");
    assert!(phone.ask("POST", "/e/tunnel", &[("as", "qr")]).await.body.contains("<svg viewBox"));
    assert_eq!(peers(&net).len(), 2, "a mislaid one is made anew");
}

#[tokio::test]
async fn nobody_gets_a_key_before_the_certificate_or_long_after_it() {
    let net = Net::new();
    let printed = card(&net);
    let mut phone = Phone { net: &net, cookie: None };
    assert_eq!(phone.ask("POST", "/e/tunnel", &[]).await.status, StatusCode::NOT_FOUND);
    phone.redeem(&printed, &printed.secret.grouped()).await;
    assert_eq!(phone.ask("POST", "/e/tunnel", &[]).await.status, StatusCode::NOT_FOUND);
    approve(&net);
    assert_eq!(phone.ask("POST", "/e/tunnel", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(phone.ask("GET", "/e/tunnel", &[]).await.location, "/e/wait");
    phone.ask("POST", "/e/p12", &[]).await;
    net.app.store.clock().advance(SignedDuration::from_mins(31));
    assert_eq!(phone.ask("POST", "/e/tunnel", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_key_that_was_used_is_not_replaced_from_outside() {
    let net = Net::new();
    let phone = taken(&net).await;
    phone.ask("POST", "/e/tunnel", &[]).await;
    let (id, now) = (peers(&net).remove(0).id, net.app.now());
    act(&net.app.store, move |write| drop(tunnel::first_used(write, id, now).unwrap()));
    assert_eq!(phone.ask("POST", "/e/tunnel", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_facility_without_the_tunnel_offers_none() {
    let net = Net::new();
    let id = net.station.id;
    act(&net.app.store, move |write| set_policy(write, id, RoutePolicy::Tls).unwrap());
    let phone = taken(&net).await;
    assert!(!phone.ask("GET", "/e/take", &[]).await.body.contains("WireGuard"));
    assert_eq!(phone.ask("GET", "/e/tunnel", &[]).await.location, "/e/wait");
    assert_eq!(phone.ask("POST", "/e/tunnel", &[]).await.status, StatusCode::NOT_FOUND);
    act(&net.app.store, move |write| set_policy(write, id, RoutePolicy::Vpn).unwrap());
    assert!(phone.ask("GET", "/e/tunnel", &[]).await.body.contains("VPNを通して使います"));
}

#[tokio::test]
async fn a_profile_brings_the_tunnel_with_the_certificate() {
    for (wanted, fields) in [(true, vec![("tunnel", "on")]), (false, vec![])] {
        let net = Net::new();
        let printed = card(&net);
        let mut phone = Phone { net: &net, cookie: None };
        phone.redeem(&printed, &printed.secret.grouped()).await;
        approve(&net);
        let profile = phone.ask("POST", "/e/profile", &fields).await;
        assert_eq!(profile.status, StatusCode::OK);
        for part in
            ["com.apple.vpn.managed", "com.wireguard.ios", "OnDemandEnabled", "WgQuickConfig"]
        {
            assert_eq!(profile.body.contains(part), wanted, "{part}");
        }
        let peers = peers(&net);
        assert_eq!(peers.len(), usize::from(wanted));
        if let Some(peer) = peers.first() {
            let (_, rest) = profile.body.split_once("[Interface]").unwrap();
            let (text, _) = rest.split_once("</string>").unwrap();
            let file: QuickConfig = format!("[Interface]{text}").parse().unwrap();
            assert_eq!(file.private_key.unwrap().public().unwrap(), peer.public_key);
        }
    }
}
