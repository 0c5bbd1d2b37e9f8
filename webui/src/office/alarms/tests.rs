//! Alarms at the desk and at the device.

use std::net::IpAddr;

use axum::body::Body;
use provisioning::devices::{AlarmKind, Came, Route, open_alarms, raise};

use crate::kit::listen::Ingress;
use crate::kit::testing::{Net, Persona, act};
use crate::kit::tls::Door;

#[tokio::test]
async fn a_key_in_two_places_is_told_at_the_desk_and_at_the_device() {
    let net = Net::new();
    let (device, now) = (net.station_device.id, net.app.now());
    let addresses = ["192.0.2.1".to_owned(), "198.51.100.7".to_owned()];
    act(&net.app.store, move |write| {
        raise(write, device, AlarmKind::TwoPlaces { addresses }, now).unwrap()
    });
    let nurse = net.visitor(Persona::Member);
    let told = "同時に別の場所で使われています";
    assert!(nurse.get("/").await.body.contains(told));
    assert!(!net.visitor(Persona::Manager).get("/").await.body.contains(told), "another device");
    let clerk = net.visitor(Persona::Office);
    assert!(clerk.get("/office").await.body.contains("198.51.100.7"));
    let at = format!("/office/alarms/{device}/settle");
    assert_eq!(clerk.post(&at, &[("how", "known")]).await.location, "/office");
    assert!(!clerk.get("/office").await.body.contains("198.51.100.7"));
    assert!(!nurse.get("/").await.body.contains(told));
}

#[tokio::test]
async fn requests_from_two_places_in_turns_raise_an_alarm() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let mut changes = net.app.store.watch();
    for turn in 0..10_u8 {
        net.app.store.clock().advance(jiff::SignedDuration::from_secs(10));
        let address = IpAddr::from([192, 0, 2, 1 + turn % 2]);
        let ingress = Ingress {
            door: Door::App,
            address,
            came: Came { route: Route::Outside, key: Some([1; 32]) },
        };
        let request = nurse.request("GET", "/directory").extension(ingress);
        nurse.send(request.body(Body::empty()).unwrap()).await;
    }
    // The alarm is written beside the request that brought it.
    while net.app.store.read(open_alarms).unwrap().is_empty() {
        changes.recv().await.unwrap();
    }
    let alarms = net.app.store.read(open_alarms).unwrap();
    assert_eq!((alarms.len(), alarms[0].device), (1, net.station_device.id));
    assert_eq!(alarms[0].times, 1, "once for all of it");
}
