//! The desk's first page.

use provisioning::cards::{self, Approval};

use crate::kit::testing::{Net, Persona, act};

#[tokio::test]
async fn a_card_that_nobody_used_yet_is_a_device_on_its_way() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    assert!(clerk.get("/office").await.body.contains("途中で止まっている登録はありません"));
    let (app, nurse) = (net.app.clone(), net.nurse.id);
    act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        cards::issue(write, &clock, &app.authority, nurse, Approval::Needed, None).unwrap();
    });
    // A day is given to whoever has just been handed the card.
    net.app.store.clock().advance(jiff::SignedDuration::from_hours(25));
    let desk = net.visitor(Persona::Office).get("/office").await.body;
    assert!(desk.contains("カードがまだ使われていません") && desk.contains("佐藤 nurse"));
}
