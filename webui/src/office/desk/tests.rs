//! The desk's first page.

use provisioning::cards::{self, Approval};
use provisioning::devices::Platform;
use provisioning::enrolment::{self, Form, Redemption, SessionToken};
use store::StoreError;

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

#[tokio::test]
async fn what_stopped_half_way_is_named_with_its_step_and_ended() {
    let net = Net::new();
    let (app, nurse) = (net.app.clone(), net.nurse.id);
    let one = act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        let card = cards::issue(write, &clock, &app.authority, nurse, Approval::Needed, None);
        let card = card.unwrap();
        let asked = Redemption {
            device_name: "訪問用iPad 2".to_owned(),
            platform: Platform::Ipad,
            form: Form::Pkcs12,
            address: "192.0.2.7".to_owned(),
        };
        let (token, number) = (SessionToken::random(&clock), card.card.number);
        let done: Result<_, StoreError> =
            enrolment::redeem(write, &clock, number, &card.secret, &token, asked);
        done.unwrap().unwrap()
    });
    net.app.store.clock().advance(jiff::SignedDuration::from_mins(31));
    let clerk = net.visitor(Persona::Office);
    let desk = clerk.get("/office").await.body;
    assert!(desk.contains("承認されないまま時間切れ") && desk.contains("tel:000-0000-0000"));
    assert!(desk.contains(&format!("/office/members/{nurse}/code")), "a new code");
    let cancel = format!("/office/enrolments/{}/cancel", one.id);
    assert!(desk.contains(&cancel));
    assert_eq!(clerk.post(&cancel, &[]).await.location, "/office");
    let after = clerk.get("/office").await.body;
    assert!(after.contains("途中で止まっている登録はありません"));
    assert_eq!(clerk.post(&cancel, &[]).await.status.as_u16(), 303, "said, not broken");
}
