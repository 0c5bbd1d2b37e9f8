//! Devices at the desk: looking twice, then cutting one off.

use provisioning::devices::{Device, DeviceState};

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn a_revoked_device_opens_nothing_and_says_why() {
    let net = Net::new();
    let (clerk, nurse) = (net.visitor(Persona::Office), net.visitor(Persona::Member));
    let at = format!("/office/devices/{}/revoke", net.station_device.id);
    assert!(clerk.get(&at).await.body.contains("この端末を失効しますか"));
    assert_eq!(nurse.get("/").await.status.as_u16(), 200, "looking changes nothing");
    let answer = clerk.post(&at, &[]).await;
    assert_eq!(answer.location, "/office/devices");
    let refused = nurse.get("/").await;
    assert_eq!(refused.status.as_u16(), 401);
    assert!(refused.body.contains("登録は取り消されています"));
}

#[tokio::test]
async fn a_device_that_moves_is_retired_and_costs_nobody_a_password() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/devices/{}/revoke", net.station_device.id);
    clerk.post(&at, &[("why", "retired")]).await;
    let device: Device =
        net.app.store.read(|read| read.get(&net.station_device.id)).unwrap().unwrap();
    assert!(matches!(device.state, DeviceState::Retired { .. }));
    assert_eq!(net.visitor(Persona::Device).get("/login").await.status.as_u16(), 401);
    assert!(clerk.get("/office/devices").await.body.contains("廃止"));
}
