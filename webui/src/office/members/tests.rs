//! A member at the desk: locking ends the sessions, unlocking lets back in.

use provisioning::credentials::Attempts;

use crate::kit::testing::{Net, PASSWORD, Persona, act};

#[tokio::test]
async fn a_locked_member_is_out_at_once_and_may_come_back() {
    let net = Net::new();
    let (clerk, nurse) = (net.visitor(Persona::Office), net.visitor(Persona::Member));
    assert_eq!(nurse.get("/").await.status.as_u16(), 200);
    let at = format!("/office/members/{}", net.nurse.id);
    clerk.post(&format!("{at}/lock"), &[]).await;
    assert!(nurse.get("/").await.location.starts_with("/login"));
    assert!(clerk.get(&at).await.body.contains("ロックを解除する"));
    clerk.post(&format!("{at}/unlock"), &[]).await;
    assert_eq!(net.visitor(Persona::Member).get("/").await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_list_is_searched_by_part_of_a_name() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let page = clerk.get("/office/members?q=doctor").await.body;
    assert!(page.contains("佐藤 doctor") && !page.contains("佐藤 nurse"));
}

#[tokio::test]
async fn the_office_forgives_wrong_passwords() {
    let net = Net::new();
    let device = net.visitor(Persona::Device);
    let station = net.station.code.as_str().to_owned();
    let (of, now) = (crate::login::account_key(&net.app, &station, "nurse"), net.app.now());
    let wrong = Attempts { of, wrong: Attempts::WRONG_MAX, last_at: now };
    let first = wrong.clone();
    act(&net.app.store, move |write| write.put(&first).unwrap());
    let fields =
        [("facility_code", station.as_str()), ("user_id", "nurse"), ("password", PASSWORD)];
    assert_eq!(device.post("/login", &fields).await.status.as_u16(), 422);
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/members/{}", net.nurse.id);
    assert!(clerk.get(&at).await.body.contains("すぐに使えるようにする"));
    assert_eq!(clerk.post(&format!("{at}/forgive"), &[]).await.location, at);
    assert_eq!(device.post("/login", &fields).await.location, "/");
    assert!(!clerk.get(&at).await.body.contains("すぐに使えるようにする"));
    let of = crate::login::second_key(&net.app, net.nurse.id);
    let second = Attempts { of, ..wrong };
    act(&net.app.store, move |write| write.put(&second).unwrap());
    assert!(clerk.get(&at).await.body.contains("すぐに使えるようにする"), "the passkey's as well");
    clerk.post(&format!("{at}/forgive"), &[]).await;
    assert!(!clerk.get(&at).await.body.contains("すぐに使えるようにする"));
}
