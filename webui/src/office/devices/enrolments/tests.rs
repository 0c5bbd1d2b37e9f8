//! Six digits at the desk.

use provisioning::cards::{self, Approval};
use provisioning::devices::Platform;
use provisioning::enrolment::{self, Enrolment, Form, Redemption, SessionToken};
use store::StoreError;

use crate::kit::testing::{Net, Persona, act};

fn waiting(net: &Net) -> Enrolment {
    let (app, nurse) = (net.app.clone(), net.nurse.id);
    act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        let card = cards::issue(write, &clock, &app.authority, nurse, Approval::Needed, None);
        let card = card.unwrap();
        let asked = Redemption {
            device_name: "訪問用iPad 2".to_owned(),
            platform: Platform::Ipad,
            form: Form::Pkcs12,
            address: "192.0.2.7".to_owned(),
        };
        let token = SessionToken::random(&clock);
        let number = card.card.number;
        let redeemed: Result<_, StoreError> =
            enrolment::redeem(write, &clock, number, &card.secret, &token, asked);
        redeemed.unwrap().unwrap()
    })
}

fn is_waiting(net: &Net) -> bool {
    let now = net.app.now();
    !net.app.store.read(|read| enrolment::waiting(read, now)).unwrap().is_empty()
}

#[tokio::test]
async fn only_the_same_digits_are_approved() {
    let net = Net::new();
    let one = waiting(&net);
    let clerk = net.visitor(Persona::Office);
    assert!(clerk.get("/office/enrolments").await.body.contains("訪問用iPad 2"));
    let at = format!("/office/enrolments/{}/approve", one.id);
    clerk.post(&at, &[("digits", "12345")]).await;
    assert!(is_waiting(&net));
    clerk.post(&at, &[("digits", &one.digits)]).await;
    assert!(!is_waiting(&net));
}

#[tokio::test]
async fn a_refused_request_is_over() {
    let net = Net::new();
    let one = waiting(&net);
    let clerk = net.visitor(Persona::Office);
    clerk.post(&format!("/office/enrolments/{}/refuse", one.id), &[]).await;
    assert!(!is_waiting(&net));
    let late = format!("/office/enrolments/{}/approve", one.id);
    let answer = clerk.post(&late, &[("digits", &one.digits)]).await;
    assert!(!answer.status.is_success(), "{}", answer.status);
}
