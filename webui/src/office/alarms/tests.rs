//! Alarms at the desk and at the device.

use provisioning::devices::{AlarmKind, raise};

use crate::kit::testing::{Net, Persona, act};

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
