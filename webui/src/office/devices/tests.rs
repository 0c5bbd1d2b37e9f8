//! Devices at the desk: looking twice, then cutting one off.

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
