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

#[tokio::test]
async fn the_office_reads_how_long_it_takes_without_its_own_part_in_it() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    assert!(!clerk.get("/office/enrolments").await.body.contains("中央値"), "nothing to say yet");
    let seconds = |seconds: i64| jiff::SignedDuration::from_secs(seconds);
    for (waited, worked) in [(30, 70), (3600, 100), (40, 130)] {
        let (mut one, now) = (waiting(&net), net.app.now());
        one.state = enrolment::EnrolmentState::FirstSeen;
        one.redeemed_at = now;
        one.approved_at = Some(now + seconds(waited));
        one.first_seen_at = Some(now + seconds(waited + worked));
        act(&net.app.store, move |write| write.put(&one).unwrap());
    }
    let page = clerk.get("/office/enrolments").await.body;
    for said in ["1分40秒", "2分10秒", "40秒・1時間0分", "最近の3台", "3分以内"] {
        assert!(page.contains(said), "{said} is missing");
    }
}
