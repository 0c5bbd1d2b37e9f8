//! A set-up day at the desk.

use crate::kit::testing::{Net, Persona};

#[tokio::test]
async fn a_window_is_seen_by_all_whom_it_concerns_and_ends() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    let nobody = clerk.post("/office/setup", &[("facility", ""), ("hours", "2")]).await;
    assert_eq!(nobody.status.as_u16(), 422);
    let clinic = net.clinic.id.to_string();
    let long = [("facility", clinic.as_str()), ("hours", "13")];
    assert_eq!(clerk.post("/office/setup", &long).await.status.as_u16(), 422);
    let fields = [("facility", clinic.as_str()), ("hours", "2")];
    assert_eq!(clerk.post("/office/setup", &fields).await.location, "/office/setup");
    let banner = "承認なしで登録できます";
    assert!(clerk.get("/office").await.body.contains(banner));
    assert!(net.visitor(Persona::Manager).get("/").await.body.contains(banner));
    assert!(!net.visitor(Persona::Member).get("/").await.body.contains(banner));
    net.app.store.clock().advance(jiff::SignedDuration::from_hours(2));
    let page = net.visitor(Persona::Office).get("/office/setup").await.body;
    assert!(!page.contains(banner) && page.contains("終わった開設日"));
}

#[tokio::test]
async fn a_window_is_closed_by_hand() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    clerk.post("/office/setup", &[("facility", "all"), ("hours", "12")]).await;
    let page = clerk.get("/office/setup").await.body;
    let id = page.split("/office/setup/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    clerk.post(&format!("/office/setup/{id}/close"), &[]).await;
    assert!(!clerk.get("/office").await.body.contains("承認なしで登録できます"));
}
