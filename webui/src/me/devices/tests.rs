//! The own devices: codes, digits compared in one's own hand, loss, and what others did.

use std::net::IpAddr;

use jiff::SignedDuration;
use provisioning::cards::{self, Approval, CardNumber, CardSecret, CardState};
use provisioning::credentials::{Credential, CredentialState};
use provisioning::devices::{self, Certificate, Device, DeviceState, Platform};
use provisioning::enrolment::{self, Enrolment, EnrolmentState, Form, Redemption, SessionToken};
use store::{Id, StoreError};

use crate::kit::contact::greet;
use crate::kit::testing::{Answer, Net, PASSWORD, Persona, act};

/// What a camera would read from the page.
fn code_on(page: &Answer) -> (CardNumber, CardSecret) {
    let symbols: Vec<&str> = page
        .body
        .split("code-symbols nums\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    (CardNumber::parse(symbols[0]).unwrap(), CardSecret::parse(symbols[1]).unwrap())
}

fn redeem(net: &Net, code: (CardNumber, CardSecret)) -> Enrolment {
    let clock = net.app.store.clock().clone();
    act(&net.app.store, move |write| {
        let asked = Redemption {
            device_name: "訪問用iPad 9".to_owned(),
            platform: Platform::Ipad,
            form: Form::Pkcs12,
            address: IpAddr::from([192, 0, 2, 7]).to_string(),
        };
        let token = SessionToken::random(&clock);
        let (number, secret) = &code;
        let done: Result<_, StoreError> =
            enrolment::redeem(write, &clock, *number, secret, &token, asked);
        done.unwrap().unwrap()
    })
}

/// The certificate is taken, as the enrolment host does it.
fn take(net: &Net, one: &Enrolment, key: [u8; 32]) -> Device {
    let (id, app, now) = (one.id, net.app.clone(), net.app.now());
    let facility = net.station.clone();
    act(&net.app.store, move |write| {
        let made = provisioning::authority::DeviceKey::generate().unwrap().public_key();
        let (device, mut signed) =
            enrolment::prepare(&app.authority, app.store.clock(), &facility, &made).unwrap();
        signed.spki_sha256 = key;
        enrolment::complete(write, id, device, &signed, now).unwrap()
    })
}

fn state_of(net: &Net, device: Id<Device>) -> DeviceState {
    net.app.store.read(|read| read.get::<Device>(&device)).unwrap().unwrap().state
}

fn find(net: &Net, id: Id<Enrolment>) -> Enrolment {
    net.app.store.read(|read| read.get::<Enrolment>(&id)).unwrap().unwrap()
}

#[tokio::test]
async fn a_code_on_the_own_screen_is_approved_in_the_own_hand() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let page = nurse.post("/me/devices/code", &[("for", "add"), ("once", "1")]).await;
    assert_eq!(page.status.as_u16(), 200);
    let one = redeem(&net, code_on(&page));
    assert_eq!(one.state, EnrolmentState::WaitingApproval);
    let list = nurse.get("/me/devices").await.body;
    assert!(list.contains(&one.digits[..3]) && list.contains("承認を待っている端末"));
    let at = format!("/me/devices/enrolments/{}/approve", one.id);
    nurse.post(&at, &[("digits", "1")]).await;
    assert_eq!(find(&net, one.id).state, EnrolmentState::WaitingApproval, "other digits");
    let doctor = net.visitor(Persona::Manager);
    let digits = [("digits", one.digits.as_str())];
    assert_eq!(doctor.post(&at, &digits).await.status.as_u16(), 404, "another's");
    assert_eq!(nurse.post(&at, &digits).await.location, "/me/devices");
    assert_eq!(find(&net, one.id).state, EnrolmentState::Approved);
    let kept: Option<Credential> = net.app.store.read(|read| read.get(&net.nurse.id)).unwrap();
    assert!(matches!(kept.unwrap().state, CredentialState::Chosen { .. }), "the password stays");
}

#[tokio::test]
async fn a_stolen_envelope_is_not_approved_by_its_member() {
    let net = Net::new();
    let (app, member) = (net.app.clone(), net.nurse.id);
    let paper = act(&net.app.store, move |write| {
        let clock = app.store.clock().clone();
        cards::issue(write, &clock, &app.authority, member, Approval::Needed, None).unwrap()
    });
    let one = redeem(&net, (paper.card.number, paper.secret.clone()));
    let nurse = net.visitor(Persona::Member);
    let at = format!("/me/devices/enrolments/{}/approve", one.id);
    assert_eq!(nurse.post(&at, &[("digits", &one.digits)]).await.status.as_u16(), 404);
    assert_eq!(find(&net, one.id).state, EnrolmentState::WaitingApproval);
}

#[tokio::test]
async fn the_replaced_device_ends_with_the_first_contact_of_the_new_one() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let purpose = format!("replace:{}", net.station_device.id);
    let form = [("for", purpose.as_str()), ("once", "1")];
    let page = nurse.post("/me/devices/code", &form).await;
    assert!(page.body.contains("自動で使えなくなります"));
    let one = redeem(&net, code_on(&page));
    let at = format!("/me/devices/enrolments/{}/approve", one.id);
    nurse.post(&at, &[("digits", &one.digits)]).await;
    let new = take(&net, &one, [7; 32]);
    assert_eq!(nurse.get("/").await.status.as_u16(), 200, "both work until then");
    greet(&net.app, new.id, net.app.now()).await.unwrap();
    let refused = nurse.get("/").await;
    assert_eq!(refused.status.as_u16(), 401);
    assert!(refused.body.contains("端末の入れ替え"));
    assert!(matches!(state_of(&net, net.station_device.id), DeviceState::Retired { .. }));
    let at_new = net.visitor_at(&net.nurse, [7; 32]);
    let list = at_new.get("/me/devices").await.body;
    assert!(list.contains("古い端末「PC 1」は使えなくなりました"));
}

#[tokio::test]
async fn a_device_in_ones_name_that_nobody_knows_ends_at_once() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let page = nurse.post("/me/devices/code", &[("for", "add"), ("once", "1")]).await;
    let one = redeem(&net, code_on(&page));
    let at = format!("/me/devices/enrolments/{}/approve", one.id);
    nurse.post(&at, &[("digits", &one.digits)]).await;
    let thief = take(&net, &one, [7; 32]);
    assert!(
        nurse.get("/mail/inbox").await.body.contains("href=\"/me/devices\""),
        "told everywhere"
    );
    let at_thief = net.visitor_at(&net.nurse, [7; 32]);
    assert_eq!(at_thief.get("/").await.status.as_u16(), 200);
    let quiet = format!("/me/devices/{}/known", thief.id);
    assert_eq!(at_thief.post(&quiet, &[]).await.status.as_u16(), 404, "not by the thief");
    let doctor = net.visitor(Persona::Manager);
    let deny = format!("/me/devices/{}/unknown", thief.id);
    assert_eq!(doctor.post(&deny, &[]).await.status.as_u16(), 404, "not in this name");
    assert_eq!(nurse.post(&deny, &[]).await.location, "/me/devices");
    assert_eq!(at_thief.get("/").await.status.as_u16(), 401);
    let alarms = net.app.store.read(devices::open_alarms).unwrap();
    assert_eq!(alarms.len(), 1, "the office hears of it");
    assert!(!nurse.get("/me/devices").await.body.contains("あなたの名前で登録されました"));
}

#[tokio::test]
async fn a_lost_device_is_cut_by_its_member_and_its_passwords_are_changed() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let page = nurse.post("/me/devices/code", &[("for", "add"), ("once", "1")]).await;
    let one = redeem(&net, code_on(&page));
    let at = format!("/me/devices/enrolments/{}/approve", one.id);
    nurse.post(&at, &[("digits", &one.digits)]).await;
    let tablet = take(&net, &one, [7; 32]);
    let at_tablet = net.visitor_at(&net.nurse, [7; 32]);
    assert_eq!(at_tablet.post("/mail/drafts", &[]).await.status.as_u16(), 303, "used there");
    let here = format!("/me/devices/{}/lost", net.station_device.id);
    assert_eq!(nurse.get(&here).await.status.as_u16(), 404, "it is in hand");
    let lost = format!("/me/devices/{}/lost", tablet.id);
    assert!(nurse.get(&lost).await.body.contains("なくした・盗まれた"));
    let told = nurse.post(&lost, &[]).await;
    assert_eq!(told.location, "/me/devices");
    let certificate: Option<Certificate> =
        net.app.store.read(|read| read.get(&[7_u8; 32])).unwrap();
    assert_ne!(certificate.unwrap().state, devices::CertificateState::Active);
    assert_eq!(at_tablet.get("/").await.status.as_u16(), 401);
    let device = net.visitor(Persona::Device);
    let fields = [
        ("facility_code", net.station.code.as_str()),
        ("user_id", "nurse"),
        ("password", PASSWORD),
    ];
    let login = device.post("/login", &fields).await;
    assert_eq!(login.location, "/me/password", "what was typed there is known to a thief");
}

#[tokio::test]
async fn a_newer_code_ends_the_one_before() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let first = nurse.post("/me/devices/code", &[("for", "add"), ("once", "1")]).await;
    nurse.post("/me/devices/code", &[("for", "add"), ("once", "2")]).await;
    let (number, _) = code_on(&first);
    let card: Option<cards::Card> = net.app.store.read(|read| read.get(&number.bytes())).unwrap();
    assert_eq!(card.unwrap().state, CardState::Cancelled);
    let odd = nurse.post("/me/devices/code", &[("for", "first"), ("once", "3")]).await;
    assert_eq!(odd.status.as_u16(), 409, "no password is made here");
}

#[tokio::test]
async fn whoever_sits_at_a_forgotten_screen_gets_no_code() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let nurse = &nurse;
    let ask = |password: &'static str, once: &'static str| async move {
        let fields = [("for", "add"), ("once", once), ("password", password)];
        nurse.post("/me/devices/code", &fields).await
    };
    assert!(ask("", "1").await.body.contains("code-qr"), "just logged in");
    net.app.store.clock().advance(SignedDuration::from_mins(6));
    let asked = ask("", "2").await;
    assert!(asked.body.contains("パスワードを入力してください") && !asked.body.contains("code-qr"));
    let wrong = ask("not the password", "2").await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(wrong.body.contains("パスワードが違います") && !wrong.body.contains("code-qr"));
    assert!(ask(PASSWORD, "2").await.body.contains("code-qr"));
    assert!(ask("", "3").await.body.contains("code-qr"), "typed within five minutes");
    net.app.store.clock().advance(SignedDuration::from_mins(5));
    assert!(!ask("", "4").await.body.contains("code-qr"));
}

#[tokio::test]
async fn the_office_types_its_password_again_as_well() {
    let net = Net::new();
    let clerk = net.visitor(Persona::Office);
    net.app.store.clock().advance(SignedDuration::from_mins(6));
    let at = format!("/office/members/{}/code", net.nurse.id);
    let asked = clerk.post(&at, &[("for", "add"), ("once", "1")]).await;
    assert!(asked.body.contains("パスワードを入力してください") && !asked.body.contains("code-qr"));
    let fields = [("for", "add"), ("once", "1"), ("password", PASSWORD)];
    assert!(clerk.post(&at, &fields).await.body.contains("code-qr"));
}

#[tokio::test]
async fn wrong_passwords_end_the_session_in_the_end() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    net.app.store.clock().advance(SignedDuration::from_mins(6));
    let fields = [("for", "add"), ("once", "1"), ("password", "not the password")];
    let mut last = String::new();
    for _ in 0..20 {
        last = nurse.post("/me/devices/code", &fields).await.location;
        if !last.is_empty() {
            break;
        }
    }
    assert!(last.starts_with("/login"), "{last}");
    assert!(nurse.get("/").await.location.starts_with("/login"));
}

#[tokio::test]
async fn managers_hear_when_a_device_of_others_is_replaced() {
    let net = Net::new();
    let nurse = net.visitor(Persona::Member);
    let told = || net.app.store.read(|read| enrolment::replace_news(read, net.station.id)).unwrap();
    nurse.post("/me/devices/code", &[("for", "add"), ("once", "1")]).await;
    assert!(told().is_empty(), "one more device takes nothing away");
    let purpose = format!("replace:{}", net.station_device.id);
    net.app.store.clock().advance(SignedDuration::from_mins(6));
    let fields = [("for", purpose.as_str()), ("once", "2")];
    let asked = nurse.post("/me/devices/code", &fields).await;
    assert!(asked.body.contains("「PC 1」は、ほかの職員も使う端末です"));
    assert!(told().is_empty(), "nothing has begun yet");
    nurse.post("/me/devices/code", &[&fields[..], &[("password", PASSWORD)]].concat()).await;
    assert_eq!((told().len(), told()[0].by), (1, net.nurse.id));
}
