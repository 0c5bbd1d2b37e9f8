//! The product inside of the tunnel, over real TLS: the listener's address says which device's key
//! it is. In the place of the gateway stands a listener on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use appliance::peers;
use hyper::StatusCode;
use provisioning::devices::{Device, revoke};
use provisioning::facilities::{RoutePolicy, set_policy};
use provisioning::tunnel::{
    self, Factor, KeyMaker, Peer, PrivateKey, Wanted, establish, set_factor,
};
use store::Id;
use tests::browser::Browser;
use tests::line::Way;
use tests::network::{TestDevice, TestNetwork};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use webui::kit::cutting::{Why, cut_off};
use webui::kit::inside::InsideListeners;

const NURSE: &str = "fujita-sayaka";
const DOCTOR: &str = "takahashi-fumihiko";

struct Inside {
    https: SocketAddr,
    http: SocketAddr,
    stop: CancellationToken,
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Whatever comes over loopback has this key.
fn serve(network: &TestNetwork, peer: Option<Id<Peer>>) -> Inside {
    let bind = || std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (https, http) = (bind(), bind());
    let (https_at, http_at) = (https.local_addr().unwrap(), http.local_addr().unwrap());
    let whose = Arc::new(move |_| peer);
    let listeners = InsideListeners { https: vec![https], http: vec![http], whose };
    let stop = CancellationToken::new();
    let serving = webui::serve_inside(network.app.clone(), listeners, stop.clone());
    tokio::spawn(async move { serving.await.unwrap() });
    Inside { https: https_at, http: http_at, stop }
}

async fn key_for(network: &TestNetwork, device: Id<Device>) -> Peer {
    let clock = network.app.store.clock().clone();
    let key = PrivateKey::random(&clock).public().unwrap();
    let made = network.app.store.write(network.act("test.key"), move |write| {
        establish(write, &clock, Wanted::default())?;
        tunnel::make(write, &clock, device, key, KeyMaker::Device)
    });
    made.await.unwrap()
}

fn way(network: &TestNetwork, inside: &Inside, host: &str, who: Option<&TestDevice>) -> Way {
    let root = network.app.authority.root_certificate();
    Way::new(inside.https, host, root, who.map(|device| &device.identity))
}

async fn choose(network: &TestNetwork, device: &TestDevice, policy: RoutePolicy, factor: Factor) {
    let id = device.id;
    let set = network.app.store.write(network.act("test.route"), move |write| {
        let device: Device = write.get(&id)?.unwrap();
        set_factor(write, device.facility, factor)?;
        set_policy(write, device.facility, policy).map(drop)
    });
    set.await.unwrap();
}

#[tokio::test]
async fn a_device_comes_through_the_tunnel_and_reads_that_it_did() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let peer = key_for(&network, device.id).await;
    let inside = serve(&network, Some(peer.id));
    let host = network.app.app_host();
    let mut nurse = Browser::at(way(&network, &inside, &host, Some(&device)));
    let answer = nurse.get("/connected").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().contains("VPN（WireGuard）"), "{}", answer.text());
    let entry = network.member(NURSE);
    let (code, user) = (entry.facility.code.as_str(), entry.member.login.as_str());
    nurse.login(code, user, appliance::demo::PASSWORD).await;
    assert!(nurse.is_signed_in().await);
    let other = network.device(DOCTOR).await;
    let mut thief = Browser::at(way(&network, &inside, &host, Some(&other)));
    let refused = thief.get("/connected").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.text().contains("別の端末のものです"), "{}", refused.text());
}

#[tokio::test]
async fn only_the_product_answers_inside_and_only_to_known_addresses() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let peer = key_for(&network, device.id).await;
    network.card(NURSE, provisioning::cards::Approval::Needed).await;
    let inside = serve(&network, Some(peer.id));
    let touroku = network.app.touroku_host();
    assert!(way(&network, &inside, &touroku, None).line().await.is_err(), "no enrolment inside");
    assert!(network.touroku_way().line().await.is_ok(), "though it is open outside");
    let strangers = serve(&network, None);
    let host = network.app.app_host();
    assert!(way(&network, &strangers, &host, Some(&device)).line().await.is_err());
}

#[tokio::test]
async fn where_the_key_is_enough_a_connection_without_certificate_stays_open() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let peer = key_for(&network, device.id).await;
    let inside = serve(&network, Some(peer.id));
    let host = network.app.app_host();
    let mut bare = Browser::at(way(&network, &inside, &host, None));
    assert_eq!(bare.get("/connected").await.status, StatusCode::UNAUTHORIZED);
    choose(&network, &device, RoutePolicy::Vpn, Factor::TunnelKeyAlone).await;
    let mut line = bare.way.line().await.unwrap();
    let answer = line.ask(bare.request("GET", "/connected", "")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    // Longer than a stranger's connection may last.
    let closed = tokio::time::timeout(Duration::from_secs(4), &mut line.closed).await;
    assert!(closed.is_err(), "it is nobody's anonymous line");
    let act = network.act("device.lost");
    let cut = cut_off(&network.app, act, device.id, Why::Lost(None)).await.unwrap();
    assert!(cut.connections >= 1);
    let cut = tokio::time::timeout(Duration::from_secs(1), &mut line.closed).await;
    assert!(cut.is_ok(), "the key's end cuts what is open with it");
}

#[tokio::test]
async fn what_comes_without_tls_is_sent_to_the_products_name() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let peer = key_for(&network, device.id).await;
    let inside = serve(&network, Some(peer.id));
    let mut line = TcpStream::connect(inside.http).await.unwrap();
    line.write_all(b"GET /mail/inbox HTTP/1.1\r\nhost: evil.example\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    let expected = format!("location: https://{}/mail/inbox\r\n", network.app.app_host());
    assert!(answer.starts_with("HTTP/1.1 308") && answer.contains(&expected), "{answer}");
}

#[tokio::test]
async fn one_device_comes_by_two_names_outside_and_inside() {
    let network = TestNetwork::start_with_inside_name().await;
    let device = network.device(NURSE).await;
    let peer = key_for(&network, device.id).await;
    let inside = serve(&network, Some(peer.id));
    let (first, second) = (network.app.app_host(), network.app.tunnel_host());
    assert_eq!(second, format!("inside.{first}"), "below the first, for passkeys and policies");
    let root = network.app.authority.root_certificate();
    let outside =
        |host: &str| Way::new(network.running.address, host, root, Some(&device.identity));
    let inner = |host: &str| way(&network, &inside, host, Some(&device));
    let connected = |way: Way| async move { Browser::at(way).get("/connected").await };
    let direct = connected(outside(&first)).await;
    assert_eq!(direct.status, StatusCode::OK);
    assert!(direct.text().contains("インターネット（証明書）"), "{}", direct.text());
    for name in [&second, &first] {
        let through = connected(inner(name)).await;
        assert_eq!(through.status, StatusCode::OK, "{name}");
        assert!(through.text().contains("VPN（WireGuard）"), "{name}");
    }
    assert!(outside(&second).line().await.is_err(), "outside nothing answers to it");

    choose(&network, &device, RoutePolicy::Vpn, Factor::CertificateAlways).await;
    let refused = connected(outside(&first)).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let link = format!("href=\"https://{second}/\"");
    assert!(refused.text().contains(&link), "it says where to go: {}", refused.text());
    assert_eq!(connected(inner(&second)).await.status, StatusCode::OK);

    // A name that another connection asked for is another door, though it is the same house.
    let mut line = inner(&second).line().await.unwrap();
    let request = Browser::at(inner(&first)).request("GET", "/connected", "");
    assert_eq!(line.ask(request).await.unwrap().status, StatusCode::MISDIRECTED_REQUEST);

    let mut bare = TcpStream::connect(inside.http).await.unwrap();
    bare.write_all(b"GET /connected HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    bare.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains(&format!("location: https://{second}/connected\r\n")), "{answer}");
}

#[tokio::test]
async fn without_the_setting_nothing_answers_to_a_second_name() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let peer = key_for(&network, device.id).await;
    let inside = serve(&network, Some(peer.id));
    let second = format!("inside.{}", network.app.app_host());
    assert!(way(&network, &inside, &second, Some(&device)).line().await.is_err());
    assert_eq!(network.app.tunnel_host(), network.app.app_host());
}

/// The part of a revocation that the gateway waits for.
const TOLD_WITHIN: Duration = Duration::from_millis(50);

#[tokio::test]
async fn the_gateway_hears_of_every_key_at_once() {
    let network = TestNetwork::start().await;
    let (device, other) = (network.device(NURSE).await, network.device(DOCTOR).await);
    let stop = CancellationToken::new();
    let mut peers = peers::follow(network.app.store.clone(), stop.clone()).await.unwrap();
    assert!(peers.borrow_and_update().is_empty());
    let made = key_for(&network, device.id).await;
    peers.changed().await.unwrap();
    let told = peers.borrow_and_update().clone();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].id, told[0].public_key), (made.id.bytes(), *made.public_key.bytes()));
    let second = key_for(&network, other.id).await;
    peers.changed().await.unwrap();
    assert_eq!(peers.borrow_and_update().len(), 2);
    choose(&network, &device, RoutePolicy::Tls, Factor::CertificateAlways).await;
    peers.changed().await.unwrap();
    let left: Vec<_> = peers.borrow_and_update().iter().map(|one| one.id).collect();
    assert_eq!(left, [second.id.bytes()], "a facility that left the tunnel");
    choose(&network, &device, RoutePolicy::Either, Factor::CertificateAlways).await;
    peers.changed().await.unwrap();
    assert_eq!(peers.borrow_and_update().len(), 2);
    let (id, now) = (device.id, network.app.now());
    let revoked =
        network.app.store.write(network.act("test.revoke"), move |write| revoke(write, id, now));
    revoked.await.unwrap();
    let since = Instant::now();
    peers.changed().await.unwrap();
    let took = since.elapsed();
    assert_eq!(peers.borrow_and_update().len(), 1);
    assert!(took < TOLD_WITHIN, "told {took:?} after the revocation was durable");
    stop.cancel();
}
