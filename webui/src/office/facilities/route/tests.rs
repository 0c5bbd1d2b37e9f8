//! The office chooses a facility's way in.

use provisioning::devices::{Came, Route};
use provisioning::facilities::RoutePolicy;
use provisioning::tunnel::{Factor, factor};

use crate::kit::connections::Tie;
use crate::kit::testing::{Net, Persona};

fn chosen(net: &Net, policy: RoutePolicy, wanted: Factor) -> bool {
    let id = net.station.id;
    net.app
        .store
        .read(|read| {
            let facility: provisioning::facilities::Facility = read.get(&id)?.unwrap();
            Ok::<_, store::StoreError>(facility.policy == policy && factor(read, id)? == wanted)
        })
        .unwrap()
}

#[tokio::test]
async fn a_choice_is_kept_shown_and_holds_at_once() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/facilities/{}", net.station.id);
    assert!(clerk.get(&at).await.body.contains("つなぎ方"));
    let nurse = net.visitor(Persona::Member);
    assert_eq!(nurse.get("/").await.status.as_u16(), 200);
    let fields = [("route", "vpn"), ("factor", "key")];
    let answer = clerk.post(&format!("{at}/route"), &fields).await;
    assert_eq!(answer.location, at, "{}", answer.body);
    assert!(chosen(&net, RoutePolicy::Vpn, Factor::TunnelKeyAlone));
    let refused = nurse.get("/").await;
    assert_eq!(refused.status.as_u16(), 401);
    assert!(refused.body.contains("VPNをつないでから開いてください"));
    clerk.post(&format!("{at}/route"), &[("route", "either"), ("factor", "certificate")]).await;
    assert!(chosen(&net, RoutePolicy::Either, Factor::CertificateAlways));
    assert_eq!(nurse.get("/").await.status.as_u16(), 200);
}

#[tokio::test]
async fn what_may_go_on_is_not_cut() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let peer = Tie::Peer(crate::tunnel::tests::peer(&net, net.station_device.id).id);
    let key = Tie::Key([1; 32]);
    let line = |ties: &[Tie]| {
        let mut place = net.app.connections.enter([192, 0, 2, 5].into()).unwrap();
        ties.iter().for_each(|tie| place.belongs_to(*tie));
        place
    };
    let at = format!("/office/facilities/{}/route", net.station.id);
    for (route, factor, cut) in [
        ("either", "key", [false, false, false]),
        ("either", "certificate", [false, true, false]),
        ("vpn", "key", [true, false, false]),
        ("tls", "key", [false, true, true]),
        ("vpn", "certificate", [true, true, false]),
    ] {
        let lines = [line(&[key]), line(&[peer]), line(&[key, peer])];
        clerk.post(&at, &[("route", route), ("factor", factor)]).await;
        let found = lines.each_ref().map(|place| place.kill.is_cancelled());
        assert_eq!(found, cut, "{route} {factor}: outside, key alone, both");
    }
}

#[tokio::test]
async fn nobody_forbids_the_way_that_one_came() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/facilities/{}/route", net.office.id);
    let refused = clerk.post(&at, &[("route", "vpn"), ("factor", "certificate")]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.body.contains("自分の施設で禁止"));
    assert_eq!(clerk.get("/office").await.status.as_u16(), 200);
    let came = Came { route: Route::Outside, key: Some([3; 32]) };
    let same = net.visitor_who_came(came, clerk.cookie.clone());
    let allowed = same.post(&at, &[("route", "tls"), ("factor", "certificate")]).await;
    assert_eq!(allowed.status.as_u16(), 303, "{}", allowed.body);
}

#[tokio::test]
async fn what_is_no_choice_is_no_form_of_ours() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/facilities/{}/route", net.station.id);
    for fields in [[("route", "any"), ("factor", "key")], [("route", "vpn"), ("factor", "none")]] {
        assert_eq!(clerk.post(&at, &fields).await.status.as_u16(), 409);
    }
}
