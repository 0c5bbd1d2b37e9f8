//! The own devices: codes, digits compared in one's own hand, loss, and what others did.

use std::net::IpAddr;

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
