//! A day at another facility's device: granted, used, over.

use jiff::SignedDuration;

use crate::kit::testing::{Net, PASSWORD, Persona};

async fn grant(net: &Net) -> u16 {
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/members/{}/stand-in", net.doctor.id);
    let device = net.station_device.id.to_string();
    let found = clerk.get(&format!("{at}?q=PC")).await.body;
    assert!(found.contains(&device));
    clerk.post(&at, &[("device", &device), ("reason", "iPadの故障")]).await.status.as_u16()
}

async fn log_in(net: &Net) -> String {
    let fields = [
        ("facility_code", net.clinic.code.as_str()),
        ("user_id", "doctor"),
        ("password", PASSWORD),
    ];
    net.visitor(Persona::Device).post("/login", &fields).await.location
}

#[tokio::test]
async fn a_member_works_at_another_facility_for_a_day() {
    let net = Net::new();
    assert_eq!(log_in(&net).await, "", "not without a grant");
    assert_eq!(grant(&net).await, 303);
    assert_eq!(log_in(&net).await, "/");
    let guest = net.visitor_at(&net.doctor, [1; 32]);
    let home = guest.get("/").await.body;
    assert!(
        home.contains("代わりに使っています") && home.contains("ひかり医院"),
        "the own facility"
    );
    assert_eq!(guest.get("/facility").await.status.as_u16(), 404, "no manager's work as a guest");
    let doctor = net.visitor(Persona::Manager);
    assert!(!doctor.get("/facility").await.body.contains("iPadの故障"), "the station's matter");
    net.app.store.clock().advance(SignedDuration::from_hours(24));
    assert!(guest.get("/").await.location.starts_with("/login"));
    assert_eq!(log_in(&net).await, "");
}

#[tokio::test]
async fn a_grant_that_is_taken_back_ends_the_session() {
    let net = Net::new();
    grant(&net).await;
    let guest = net.visitor_at(&net.doctor, [1; 32]);
    assert_eq!(guest.get("/").await.status.as_u16(), 200);
    let clerk = net.visitor(Persona::Office);
    let desk = clerk.get("/office").await.body;
    let id = desk.split("/office/stand-ins/").nth(1).unwrap().split('/').next().unwrap();
    let end = format!("/office/stand-ins/{id}/end");
    assert_eq!(clerk.post(&end, &[("back", "//evil")]).await.location, "/office");
    assert!(guest.get("/").await.location.starts_with("/login"));
}

#[tokio::test]
async fn what_is_missing_is_asked_for_and_nothing_is_lost() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/members/{}/stand-in", net.doctor.id);
    let device = net.station_device.id.to_string();
    let page = clerk.post(&at, &[("device", &device), ("reason", "")]).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.body.contains(&format!("value=\"{device}\" checked")));
    let page = clerk.post(&at, &[("q", "PC"), ("reason", "修理中")]).await;
    assert!(page.body.contains("使う端末を選んでください") && page.body.contains("修理中"));
    let own = format!("/office/members/{}/stand-in", net.nurse.id);
    let refused = clerk.post(&own, &[("device", &device), ("reason", "x")]).await;
    assert!(refused.body.contains("そのままログインして使えます"));
}
