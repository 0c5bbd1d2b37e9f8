//! The gate's answer to every way in: ingress, policy, factor, certificate and key, through the
//! real router.

use axum::body::Body;
use axum::http::StatusCode;
use provisioning::devices::{AlarmKind, Came, Route, open_alarms};
use provisioning::facilities::{RoutePolicy, set_policy};
use provisioning::tunnel::{Factor, Peer, PeerState, set_factor};
use store::Id;

use super::peer;
use crate::kit::connections::Tie;
use crate::kit::cutting::{Why, cut_off};
use crate::kit::listen::Ingress;
use crate::kit::testing::{Net, Persona, act};
use crate::kit::tls::Door;

const STATION: [u8; 32] = [1; 32];
const CLINIC: [u8; 32] = [2; 32];
const NOBODYS: [u8; 32] = [9; 32];

/// What the connection shows as its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    None,
    Own,
    OfAnother,
    Unknown,
}

impl Shown {
    const ALL: [Self; 4] = [Self::None, Self::Own, Self::OfAnother, Self::Unknown];

    const fn key(self) -> Option<[u8; 32]> {
        match self {
            Self::None => None,
            Self::Own => Some(STATION),
            Self::OfAnother => Some(CLINIC),
            Self::Unknown => Some(NOBODYS),
        }
    }
}

/// Where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Outside,
    /// With the station's key.
    OwnPeer,
    /// With a key that has ended.
    EndedPeer,
    /// A key that the store does not know.
    UnknownPeer,
}

impl Entry {
    const ALL: [Self; 4] = [Self::Outside, Self::OwnPeer, Self::EndedPeer, Self::UnknownPeer];
}

/// The rule, in words of its own: what a person who read the documents expects.
fn expected(
    from: Entry,
    policy: RoutePolicy,
    factor: Factor,
    shown: Shown,
) -> Result<(), &'static str> {
    const UNREGISTERED: &str = "まだ登録されていません";
    match (from, shown) {
        (Entry::UnknownPeer, _) | (_, Shown::Unknown) | (Entry::Outside, Shown::None) => {
            Err(UNREGISTERED)
        }
        // The clinic's own device, whose facility allows everything.
        (Entry::Outside, Shown::OfAnother) => Ok(()),
        (Entry::Outside, Shown::Own) => match policy {
            RoutePolicy::Either | RoutePolicy::Tls => Ok(()),
            RoutePolicy::Vpn => Err("VPNをつないでから"),
        },
        (Entry::EndedPeer, _) => Err("もう使えません"),
        (Entry::OwnPeer, Shown::OfAnother) => Err("別の端末のものです"),
        (Entry::OwnPeer, Shown::Own | Shown::None) => match (policy, factor, shown) {
            (RoutePolicy::Tls, ..) => Err("VPNを切ってから"),
            (_, Factor::CertificateAlways, Shown::None) => Err(UNREGISTERED),
            _ => Ok(()),
        },
    }
}

struct Keys {
    own: Peer,
    ended: Peer,
}

fn keys(net: &Net) -> Keys {
    let ended = peer(net, net.station_device.id);
    // A newer one ends one that waits.
    let own = peer(net, net.station_device.id);
    Keys { own, ended }
}

fn route(keys: &Keys, from: Entry) -> Route {
    match from {
        Entry::Outside => Route::Outside,
        Entry::OwnPeer => Route::Tunnel(keys.own.id),
        Entry::EndedPeer => Route::Tunnel(keys.ended.id),
        Entry::UnknownPeer => Route::Tunnel(Id::from_bytes([7; 16])),
    }
}

fn choose(net: &Net, policy: RoutePolicy, factor: Factor) {
    let id = net.station.id;
    act(&net.app.store, move |write| {
        set_policy(write, id, policy).unwrap();
        set_factor(write, id, factor).unwrap();
    });
}

#[tokio::test]
async fn every_way_in_is_answered_as_the_facility_decided() {
    let net = Net::new();
    let keys = keys(&net);
    let mut asked = 0;
    for policy in RoutePolicy::ALL {
        for factor in Factor::ALL {
            choose(&net, *policy, *factor);
            for from in Entry::ALL {
                for shown in Shown::ALL {
                    let case = format!("{from:?} {policy:?} {factor:?} {shown:?}");
                    let came = Came { route: route(&keys, from), key: shown.key() };
                    let answer = net.visitor_who_came(came, None).get("/connected").await;
                    match expected(from, *policy, *factor, shown) {
                        Ok(()) => {
                            assert_eq!(answer.status, StatusCode::OK, "{case}: {}", answer.body);
                            let through = answer.body.contains("VPN（WireGuard）");
                            assert_eq!(through, from == Entry::OwnPeer, "{case}");
                        }
                        Err(said) => {
                            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
                            assert!(answer.body.contains(said), "{case}: {}", answer.body);
                            assert!(!answer.body.contains(&net.station_device.name), "{case}");
                        }
                    }
                    asked += 1;
                }
            }
        }
    }
    assert_eq!(asked, 96);
}

#[tokio::test]
async fn no_header_makes_a_connection_come_through_the_tunnel() {
    let net = Net::new();
    let keys = keys(&net);
    choose(&net, RoutePolicy::Vpn, Factor::TunnelKeyAlone);
    let outside = net.visitor_who_came(Came { route: Route::Outside, key: None }, None);
    let number = keys.own.id.to_string();
    for (name, value) in [
        ("x-ingress", "vpn"),
        ("x-peer", number.as_str()),
        ("x-forwarded-for", "100.81.128.2"),
        ("forwarded", "for=100.81.128.2"),
        ("x-real-ip", "100.81.128.2"),
    ] {
        let request = outside.request("GET", "/connected").header(name, value);
        let answer = outside.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test]
async fn a_certificate_in_anothers_tunnel_raises_an_alarm_once() {
    let net = Net::new();
    let keys = keys(&net);
    let mut changes = net.app.store.watch();
    let came = Came { route: Route::Tunnel(keys.own.id), key: Some(CLINIC) };
    let thief = net.visitor_who_came(came, None);
    assert_eq!(thief.get("/login").await.status, StatusCode::UNAUTHORIZED);
    // The alarm is written beside the request that brought it.
    while net.app.store.read(open_alarms).unwrap().is_empty() {
        changes.recv().await.unwrap();
    }
    for _ in 0..3 {
        thief.get("/login").await;
    }
    let alarms = net.app.store.read(open_alarms).unwrap();
    assert_eq!((alarms.len(), alarms[0].device), (1, net.station_device.id));
    assert!(matches!(alarms[0].kind, AlarmKind::ForeignCertificate { .. }));
    assert_eq!(alarms[0].times, 1, "one page is one alarm");
    let told = "別の端末「";
    assert!(net.visitor(Persona::Office).get("/office").await.body.contains(told));
    let banner = "ほかの端末の証明書が使われました";
    assert!(net.visitor(Persona::Member).get("/").await.body.contains(banner));
}

#[tokio::test]
async fn a_session_of_the_open_way_goes_on_in_the_tunnel_of_the_same_device() {
    let net = Net::new();
    let keys = keys(&net);
    let nurse = net.visitor(Persona::Member);
    let came = Came { route: Route::Tunnel(keys.own.id), key: Some(STATION) };
    let inside = net.visitor_who_came(came, nurse.cookie.clone());
    assert_eq!(inside.get("/").await.status, StatusCode::OK);
    choose(&net, RoutePolicy::Either, Factor::TunnelKeyAlone);
    let alone = net.visitor_who_came(Came { key: None, ..came }, nurse.cookie.clone());
    for path in ["/", "/me", "/me/devices", "/me/devices/tunnel", "/notices"] {
        let answer = alone.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} needs no certificate: {}", answer.body);
    }
    assert_eq!(alone.get("/me/devices/renew").await.status, StatusCode::NOT_FOUND);
    // The cookie alone is nothing in another device's tunnel.
    let other = peer(
        &net,
        net.app
            .store
            .read(|read| {
                Ok::<_, store::StoreError>(
                    provisioning::devices::of_facility(read, net.clinic.id)?.remove(0).id,
                )
            })
            .unwrap(),
    );
    let thief = Came { route: Route::Tunnel(other.id), key: Some(CLINIC) };
    let thief = net.visitor_who_came(thief, nurse.cookie.clone());
    assert!(thief.get("/").await.location.starts_with("/login"));
}

#[tokio::test]
async fn the_first_contact_through_a_new_key_ends_the_one_before_it() {
    let net = Net::new();
    let device = net.station_device.id;
    let first = peer(&net, device);
    let mut changes = net.app.store.watch();
    let state = |peer: &Peer| {
        let id = peer.id;
        net.app.store.read(|read| provisioning::tunnel::peer(read, id)).unwrap().unwrap().state
    };
    let speak = |peer: &Peer| {
        let came = Came { route: Route::Tunnel(peer.id), key: Some(STATION) };
        net.visitor_who_came(came, None)
    };
    let mut place = net.app.connections.enter([100, 81, 128, 2].into()).unwrap();
    place.belongs_to(Tie::Peer(first.id));
    speak(&first).get("/connected").await;
    while !matches!(state(&first), PeerState::InUse { .. }) {
        changes.recv().await.unwrap();
    }
    assert!(!place.kill.is_cancelled());
    let second = peer(&net, device);
    assert_eq!(speak(&first).get("/connected").await.status, StatusCode::OK, "still good");
    speak(&second).get("/connected").await;
    place.kill.cancelled().await;
    assert!(matches!(state(&first), PeerState::Ended { .. }));
    assert_eq!(speak(&first).get("/connected").await.status, StatusCode::UNAUTHORIZED);
    let clerk = net.visitor(Persona::Office);
    let list = clerk.get("/office/devices").await.body;
    assert!(
        list.contains("<small class=\"cell-below\">VPN</small>"),
        "the way it came last: {list}"
    );
}

#[tokio::test]
async fn a_revoked_device_loses_its_tunnel_and_what_is_open_in_it_in_one_act() {
    let net = Net::new();
    let keys = keys(&net);
    let device = net.station_device.id;
    choose(&net, RoutePolicy::Either, Factor::TunnelKeyAlone);
    let nurse = net.visitor(Persona::Member);
    let connections = &net.app.connections;
    let mut alone = connections.enter([100, 81, 128, 2].into()).unwrap();
    alone.belongs_to(Tie::Peer(keys.own.id));
    let mut both = connections.enter([100, 81, 128, 2].into()).unwrap();
    both.belongs_to(Tie::Peer(keys.own.id));
    both.belongs_to(Tie::Key(STATION));
    let mut bystander = connections.enter([192, 0, 2, 7].into()).unwrap();
    bystander.belongs_to(Tie::Key(CLINIC));
    let before = net.app.store.read(|read| read.trail_head()).unwrap().number;
    let revoke = store::Act::new(store::Actor::Operator, "test", net.app.now());
    let cut = cut_off(&net.app, revoke, device, Why::Lost(None)).await.unwrap();
    assert_eq!(cut.connections, 2, "one with two keys is one");
    assert_eq!(cut.sessions, 1);
    assert!(alone.kill.is_cancelled() && both.kill.is_cancelled());
    assert!(!bystander.kill.is_cancelled());
    let after = net.app.store.read(|read| read.trail_head()).unwrap().number;
    assert_eq!(after, before + 1, "one act");
    for key in [None, Some(STATION)] {
        let came = Came { route: Route::Tunnel(keys.own.id), key };
        let inside = net.visitor_who_came(came, nurse.cookie.clone());
        assert_eq!(inside.get("/").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn strangers_assets_are_few_outside_and_all_inside() {
    let net = Net::new();
    let keys = keys(&net);
    let path = crate::kit::assets::path("office.css").unwrap();
    for (route, status) in
        [(Route::Outside, StatusCode::NOT_FOUND), (Route::Tunnel(keys.own.id), StatusCode::OK)]
    {
        let visitor = net.visitor_who_came(Came { route, key: None }, None);
        let ingress = Ingress {
            door: Door::App,
            address: [100, 81, 128, 2].into(),
            came: Came { route, key: None },
        };
        let request = visitor.request("GET", &path).extension(ingress);
        let answer = visitor.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), status);
    }
}
