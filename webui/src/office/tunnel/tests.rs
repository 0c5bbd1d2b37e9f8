//! What the office reads of the gateway in each of its states.

use std::net::IpAddr;

use super::japanese::{say_drop, say_names, say_trouble};
use crate::kit::testing::{Net, Persona};
use crate::kit::tunnel::{
    Dropped, Leads, NameTrouble, Named, PeerSession, TunnelState, TunnelStatus, TunnelTrouble,
};
use crate::tunnel::tests::peer;

async fn page(net: &Net, status: TunnelStatus) -> String {
    net.app.tunnel.watch(move || status.clone());
    let answer = net.visitor(Persona::Office).get("/office/tunnel").await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn before_the_gateway_says_anything_it_is_starting() {
    let net = Net::new();
    let body = net.visitor(Persona::Office).get("/office/tunnel").await.body;
    assert!(body.contains("始めています") && body.contains("vpn.aoba.example:51820"), "{body}");
}

#[tokio::test]
async fn whatever_kept_it_from_starting_is_told_with_what_to_do() {
    let net = Net::new();
    let mut remedies = std::collections::BTreeSet::new();
    for trouble in TunnelTrouble::ALL {
        let detail = format!("cannot start: {}", trouble.key());
        let state = TunnelState::Failed { trouble, detail: detail.clone() };
        let body = page(&net, TunnelStatus { state, ..TunnelStatus::default() }).await;
        let (why, remedy) = say_trouble(trouble);
        for said in ["VPNは動いていません", why, remedy, &detail] {
            assert!(body.contains(said), "{said}");
        }
        remedies.insert(remedy);
    }
    assert_eq!(remedies.len(), TunnelTrouble::ALL.len(), "each its own");
}

#[tokio::test]
async fn a_running_gateway_tells_who_is_inside_and_what_it_refused() {
    let net = Net::new();
    let peer = peer(&net, net.station_device.id);
    let now = net.app.now();
    let status = TunnelStatus {
        state: TunnelState::Running { since: now },
        peers: 480,
        live: 312,
        handshakes: 19_200,
        bytes_in: 3_000_000,
        bytes_out: 42,
        drops: vec![
            Dropped { reason: "replay", packets: 7 },
            Dropped { reason: "unknown_key", packets: 0 },
        ],
        floods: 1,
        is_flooded: true,
        warnings: vec!["bbr is not available: using cubic".to_owned()],
        sessions: vec![PeerSession {
            peer: peer.id,
            from: Some(IpAddr::from([203, 0, 113, 24])),
            handshake_at: Some(now),
            clock_behind_at: None,
            bytes_in: 1,
            bytes_out: 2,
        }],
    };
    let body = page(&net, status).await;
    let station = &net.station_device.name;
    for said in [
        "動いています",
        "312",
        "19200回",
        "203.0.113.24",
        station,
        say_drop("replay"),
        "7個",
        "たくさんの接続が来ています",
        "using cubic",
    ] {
        assert!(body.contains(said), "{said}: {body}");
    }
    assert!(!body.contains(say_drop("unknown_key")), "nothing of what did not happen");
}

#[tokio::test]
async fn a_device_whose_clock_is_behind_is_named_with_what_to_do() {
    let net = Net::new();
    let peer = peer(&net, net.station_device.id);
    let now = net.app.now();
    let mut session = PeerSession {
        peer: peer.id,
        from: None,
        handshake_at: Some(now),
        clock_behind_at: None,
        bytes_in: 0,
        bytes_out: 0,
    };
    let running = |session: &PeerSession| TunnelStatus {
        state: TunnelState::Running { since: now },
        drops: vec![Dropped { reason: "clock-behind", packets: 3 }],
        sessions: vec![session.clone()],
        ..TunnelStatus::default()
    };
    let said = ["時計が遅れている端末があります", "時計の遅れ（", "日付と時刻を自動で合わせて"];
    let body = page(&net, running(&session)).await;
    assert!(said.iter().all(|said| !body.contains(said)), "{body}");
    session.clock_behind_at = Some(now);
    let body = page(&net, running(&session)).await;
    assert!(said.iter().all(|said| body.contains(said)), "{body}");
    assert!(body.contains(say_drop("clock-behind")), "{body}");
}

#[tokio::test]
async fn where_the_names_lead_is_told_with_what_keeps_devices_out() {
    let (one, two) = (Net::new(), Net::with_inside_name());
    let (app, inside) = ("app.aoba.example", "inside.app.aoba.example");
    let named = |app, second| Named { app, second };
    let astray = named(Leads::Elsewhere, Some(Leads::Nowhere));
    let right = named(Leads::Elsewhere, Some(Leads::Inside));
    for (net, named, trouble) in [
        (&one, named(Leads::Elsewhere, None), Some(NameTrouble::OutsideOnly)),
        (&one, named(Leads::Inside, None), Some(NameTrouble::InsideOnly)),
        (&one, named(Leads::Nowhere, None), Some(NameTrouble::Nowhere)),
        (&two, astray, Some(NameTrouble::SecondAstray)),
        (&two, right, None),
    ] {
        net.app.tunnel.tell_named(named);
        assert_eq!(net.app.tunnel.name_trouble(), trouble);
        let clerk = net.visitor(Persona::Office);
        let body = clerk.get("/office/tunnel").await.body;
        assert!(body.contains(app));
        assert_eq!(body.contains(inside), named.second.is_some());
        for other in [NameTrouble::OutsideOnly, NameTrouble::InsideOnly, NameTrouble::SecondAstray]
        {
            assert_eq!(body.contains(say_names(other).0), trouble == Some(other), "{other:?}");
        }
        let facility = clerk.get(&format!("/office/facilities/{}", net.station.id)).await.body;
        assert_eq!(facility.contains("つなぎ方に合わない"), trouble.is_some(), "{trouble:?}");
        assert_eq!(facility.contains(inside), named.second.is_some());
    }
}
