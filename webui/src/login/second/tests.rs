//! The second step, and everybody who should not get past it.

use jiff::SignedDuration;
use provisioning::credentials::Attempts;
use provisioning::passkeys::{NoticeKind, Passkey, notices_for_office, of_member, remove};
use store::Order;

use crate::kit::testing::{Answer, Net, PASSWORD, Persona, Visitor, act};
use crate::kit::testing_key::{SoftKey, asked, codes, register};

/// The nurse with a key of her own, and what was printed.
async fn with_key(net: &Net) -> (SoftKey, Vec<String>) {
    let key = SoftKey::new(1);
    let page = register(&net.visitor(Persona::Member), &key).await;
    (key, codes(&page.body))
}

/// Code, id and password at the station's device; then no more than the step's cookie.
async fn first_step<'a>(net: &'a Net, user: &str) -> Visitor<'a> {
    let mut visitor = net.visitor(Persona::Device);
    let fields = [
        ("facility_code", net.station.code.as_str()),
        ("user_id", user),
        ("password", PASSWORD),
        ("next", "/mail/inbox"),
    ];
    let answer = visitor.post("/login", &fields).await;
    assert!(answer.location.starts_with("/login/passkey?"), "{}", answer.location);
    assert!(!answer.cookies.iter().any(|one| one.starts_with("__Host-tokinet=")), "a session");
    let step = answer.cookies.iter().find(|one| one.starts_with("__Host-tokinet-step=")).unwrap();
    visitor.cookie = Some(step.split(';').next().unwrap().to_owned());
    visitor
}

async fn prove(visitor: &Visitor<'_>, key: &mut SoftKey) -> Answer {
    let page = visitor.get("/login/passkey?next=/mail/inbox").await.body;
    let answer = key.prove(&asked(&page));
    visitor.post("/login/passkey", &[("answer", &answer), ("next", "/mail/inbox")]).await
}

fn newest_actions(net: &Net) -> Vec<String> {
    let rows = net.app.store.read(|read| read.trail(None, 10)).unwrap();
    rows.into_iter().map(|row| row.action.to_string()).collect()
}

/// The same for every cause, and no session.
fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 422, "{}", answer.location);
    assert!(!answer.cookies.iter().any(|one| one.starts_with("__Host-tokinet=")), "a session");
    let (_, rest) = answer.body.split_once("確認できませんでした").unwrap();
    rest.split("</div>").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_password_alone_opens_nothing_for_who_has_a_key() {
    let net = Net::new();
    let (mut key, _) = with_key(&net).await;
    let visitor = first_step(&net, "nurse").await;
    assert!(visitor.get("/").await.location.starts_with("/login?"));
    assert!(visitor.get("/me/passkeys").await.location.starts_with("/login?"));
    let done = prove(&visitor, &mut key).await;
    assert_eq!(done.location, "/mail/inbox");
    let session = done.cookies.iter().find(|one| one.starts_with("__Host-tokinet=")).unwrap();
    let mut inside = net.visitor(Persona::Device);
    inside.cookie = Some(session.split(';').next().unwrap().to_owned());
    assert_eq!(inside.get("/mail/inbox").await.status.as_u16(), 200);
    assert!(newest_actions(&net).contains(&"login.passkey".to_owned()));
    let kept = net.app.store.read(|read| of_member(read, net.nurse.id)).unwrap();
    assert_eq!((kept[0].counter, kept[0].used_at), (1, Some(net.app.now())));
    assert_eq!(visitor.get("/login/passkey").await.location, "/login", "the step is spent");
}

#[tokio::test]
async fn every_lie_is_refused_in_the_same_words() {
    let mut said = Vec::new();
    for lie in 0..6 {
        let net = Net::new();
        let (mut key, _) = with_key(&net).await;
        let visitor = first_step(&net, "nurse").await;
        match lie {
            0 => key.origin = "https://app.aoba.example.evil.example",
            1 => key.challenge = Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            2 => key.verified = false,
            // A key that nobody registered, under the name of one that somebody did.
            3 => key = SoftKey { id: key.id, ..SoftKey::new(9) },
            4 => key.id = vec![8; 32],
            _ => {
                // The member took the key away on another screen.
                let member = net.nurse.id;
                let id = net.app.store.read(|read| of_member(read, member)).unwrap()[0].id;
                let spare = Passkey {
                    id: net.app.store.clock().id(),
                    credential: vec![5; 16],
                    mark: [5; 16],
                    ..net.app.store.read(|read| of_member(read, member)).unwrap()[0].clone()
                };
                act(&net.app.store, move |write| {
                    write.put(&spare).unwrap();
                    assert!(remove(write, member, id).unwrap());
                });
            }
        }
        said.push(refused(&prove(&visitor, &mut key).await));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test]
async fn another_members_key_is_nobodys_here() {
    let net = Net::new();
    with_key(&net).await;
    let mut other = SoftKey::new(2);
    register(&net.visitor(Persona::Manager), &other).await;
    let visitor = first_step(&net, "nurse").await;
    refused(&prove(&visitor, &mut other).await);
}

#[tokio::test]
async fn an_answer_is_worth_nothing_the_second_time() {
    let net = Net::new();
    let (mut key, _) = with_key(&net).await;
    let visitor = first_step(&net, "nurse").await;
    let page = visitor.get("/login/passkey").await.body;
    let answer = key.prove(&asked(&page));
    let fields = [("answer", answer.as_str())];
    assert_eq!(visitor.post("/login/passkey", &fields).await.status.as_u16(), 303);
    assert_eq!(visitor.post("/login/passkey", &fields).await.location, "/login");
    let again = first_step(&net, "nurse").await;
    refused(&again.post("/login/passkey", &fields).await);
}

#[tokio::test]
async fn a_question_is_spent_by_the_first_answer_and_by_five_minutes() {
    let net = Net::new();
    let (mut key, _) = with_key(&net).await;
    let visitor = first_step(&net, "nurse").await;
    let question = asked(&visitor.get("/login/passkey").await.body);
    refused(&visitor.post("/login/passkey", &[("answer", "{}")]).await);
    refused(&visitor.post("/login/passkey", &[("answer", &key.prove(&question))]).await);
    let question = asked(&visitor.get("/login/passkey").await.body);
    net.app.store.clock().advance(SignedDuration::from_mins(6));
    refused(&visitor.post("/login/passkey", &[("answer", &key.prove(&question))]).await);
    let fresh = asked(&visitor.get("/login/passkey").await.body);
    assert_ne!(fresh["challenge"], question["challenge"]);
    net.app.store.clock().advance(SignedDuration::from_mins(10));
    assert_eq!(visitor.get("/login/passkey").await.location, "/login", "the step is over as well");
}

#[tokio::test]
async fn a_step_stays_at_its_device() {
    let net = Net::new();
    let (mut key, _) = with_key(&net).await;
    let visitor = first_step(&net, "nurse").await;
    let question = asked(&visitor.get("/login/passkey").await.body);
    let mut elsewhere = net.visitor(Persona::Manager);
    elsewhere.cookie = visitor.cookie.clone();
    assert_eq!(elsewhere.get("/login/passkey").await.location, "/login");
    let stolen = elsewhere.post("/login/passkey", &[("answer", &key.prove(&question))]).await;
    assert_eq!(stolen.location, "/login");
    assert!(!stolen.cookies.iter().any(|one| one.starts_with("__Host-tokinet=")));
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused_and_told() {
    let net = Net::new();
    let (mut key, _) = with_key(&net).await;
    key.counter = 40;
    assert_eq!(prove(&first_step(&net, "nurse").await, &mut key).await.status.as_u16(), 303);
    key.counter = 12;
    refused(&prove(&first_step(&net, "nurse").await, &mut key).await);
    let told = net.app.store.read(notices_for_office).unwrap();
    assert_eq!((told[0].member, told[0].kind), (net.nurse.id, NoticeKind::CounterBack));
    assert!(newest_actions(&net).contains(&"passkey.counter_back".to_owned()));
    let desk = net.visitor(Persona::Office).get("/office").await.body;
    assert!(desk.contains("パスキーの知らせ"));
    let nurse = net.visitor(Persona::Member).get("/").await.body;
    assert!(nurse.contains("写しが使われたおそれ"));
}

#[tokio::test]
async fn a_counter_that_nobody_signed_raises_no_alarm() {
    let net = Net::new();
    let (mut key, _) = with_key(&net).await;
    key.counter = 40;
    prove(&first_step(&net, "nurse").await, &mut key).await;
    let mut forger = SoftKey { id: key.id, counter: 3, ..SoftKey::new(9) };
    refused(&prove(&first_step(&net, "nurse").await, &mut forger).await);
    assert!(net.app.store.read(notices_for_office).unwrap().is_empty());
}

#[tokio::test]
async fn paper_opens_once_and_is_told() {
    let net = Net::new();
    let (_, codes) = with_key(&net).await;
    assert_eq!(codes.len(), 10);
    let visitor = first_step(&net, "nurse").await;
    let typed = codes[0].to_lowercase().replace('-', " ");
    let done = visitor.post("/login/recovery", &[("code", &typed), ("next", "/me")]).await;
    assert_eq!(done.location, "/me");
    assert!(newest_actions(&net).contains(&"login.recovery".to_owned()));
    assert!(net.visitor(Persona::Member).get("/").await.body.contains("回復コードでログイン"));
    let again = first_step(&net, "nurse").await;
    refused(&again.post("/login/recovery", &[("code", &typed)]).await);
    refused(&again.post("/login/recovery", &[("code", "none")]).await);
}

#[tokio::test]
async fn five_wrong_answers_shut_the_right_one_out_for_a_while() {
    let net = Net::new();
    let (mut key, codes) = with_key(&net).await;
    let visitor = first_step(&net, "nurse").await;
    refused(&visitor.post("/login/recovery", &[("code", "none")]).await);
    // Further tries are slowed, so four of them are written down instead of waited for.
    let all = net.app.store.read(|read| read.page::<Attempts>(&(), Order::Ascending, None, 9));
    let rows = all.unwrap().rows;
    act(&net.app.store, move |write| {
        for attempts in rows {
            write.put(&Attempts { wrong: Attempts::WRONG_MAX, ..attempts }).unwrap();
        }
    });
    let shut = visitor.post("/login/recovery", &[("code", &codes[0])]).await;
    assert!(shut.status.as_u16() == 422 && shut.body.contains("15分"), "{}", shut.body);
    assert!(prove(&visitor, &mut key).await.body.contains("15分"));
    net.app.store.clock().advance(SignedDuration::from_mins(16));
    let later = first_step(&net, "nurse").await;
    assert_eq!(prove(&later, &mut key).await.location, "/mail/inbox");
}

#[tokio::test]
async fn who_was_locked_between_the_steps_stays_outside() {
    let net = Net::new();
    let (mut key, _) = with_key(&net).await;
    let visitor = first_step(&net, "nurse").await;
    let member = net.nurse.id;
    act(&net.app.store, move |write| {
        provisioning::members::set_locked(write, member, true).unwrap();
    });
    refused(&prove(&visitor, &mut key).await);
}
