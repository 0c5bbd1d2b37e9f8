//! Who has not come for long, and whose time ends.

use jiff::SignedDuration;

use crate::kit::testing::{Net, PASSWORD, Persona, act};

fn later(net: &Net, days: i64) {
    net.app.store.clock().advance(SignedDuration::from_hours(days * 24));
}

async fn listed(net: &Net, which: &str) -> String {
    let clerk = net.visitor(Persona::Office);
    clerk.get(&format!("/office/unused?which={which}")).await.body
}

#[tokio::test]
async fn accounts_are_listed_after_ninety_days() {
    let net = Net::new();
    let station = net.station.code.as_str().to_owned();
    let fields =
        [("facility_code", station.as_str()), ("user_id", "nurse"), ("password", PASSWORD)];
    assert_eq!(net.visitor(Persona::Device).post("/login", &fields).await.location, "/");
    assert!(listed(&net, "never").await.contains("当てはまる職員はいません"));
    later(&net, 90);
    let never = listed(&net, "never").await;
    assert!(never.contains("佐藤 doctor") && !never.contains("佐藤 nurse"));
    let long = listed(&net, "long").await;
    assert!(long.contains("佐藤 nurse") && !long.contains("佐藤 doctor"));
}

#[tokio::test]
async fn a_last_day_stops_the_account_by_itself_and_is_listed_before() {
    let net = Net::new();
    let mut nurse = net.nurse.clone();
    let today = net.app.today();
    nurse.details.retires = Some(today.tomorrow().unwrap());
    act(&net.app.store, move |write| write.put(&nurse).unwrap());
    assert!(listed(&net, "ending").await.contains("佐藤 nurse"));
    let visitor = net.visitor(Persona::Member);
    assert_eq!(visitor.get("/").await.status.as_u16(), 200);
    later(&net, 2);
    let late = net.visitor(Persona::Member);
    assert!(late.get("/").await.location.starts_with("/login"), "nobody had to do anything");
}

#[tokio::test]
async fn a_lock_leads_back_to_the_list() {
    let net = Net::new();
    later(&net, 90);
    let clerk = net.visitor(Persona::Office);
    let at = format!("/office/members/{}/lock", net.doctor.id);
    let back = "/office/unused?which=never";
    assert_eq!(clerk.post(&at, &[("back", back)]).await.location, back);
    assert!(!listed(&net, "never").await.contains("佐藤 doctor"));
}
