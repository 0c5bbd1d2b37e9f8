//! One purpose a card: what each opens, who may compare digits, and set-up days.

use jiff::SignedDuration;
use store::{Id, StoreError};

use crate::authority::DeviceKey;
use crate::cards::tests::{Fixture, act, fixture};
use crate::cards::{self, Approval, Card, CardProblem, CardState, Made, Purpose, Shown, Wanted};
use crate::credentials::{Credential, CredentialState};
use crate::devices::{self, Device, DeviceState, NewsKind, Platform};
use crate::enrolment::*;
use crate::facilities::{self, Facility, FacilityState};
use crate::members::{self, Member};

fn make(fixture: &Fixture, purpose: Purpose, shown: Shown) -> Result<Made, CardProblem> {
    let (authority, clock) = (fixture.authority.clone(), fixture.store.clock().clone());
    let member = fixture.member.id;
    let approval = Approval::Needed;
    fixture.store.write_and_wait(act(&fixture.store), move |write| {
        let wanted = Wanted { member, purpose, shown, approval, issued_by: None };
        cards::make(write, &clock, &authority, wanted)
    })
}

fn redeem_it(fixture: &Fixture, made: &Made) -> Result<Enrolment, EnrolmentProblem> {
    let clock = fixture.store.clock().clone();
    let (number, secret) = (made.card.number, made.secret.clone());
    let asked = Redemption {
        device_name: "訪問用iPad 2".to_owned(),
        platform: Platform::Ipad,
        form: Form::Pkcs12,
        address: "192.0.2.1".to_owned(),
    };
    let session = SessionToken::random(&clock);
    let redeemed = fixture.store.write_and_wait(act(&fixture.store), move |write| {
        redeem(write, &clock, number, &secret, &session, asked)
    });
    redeemed.unwrap()
}

/// From a made code to a device that holds its certificate.
fn device_of(fixture: &Fixture, made: &Made) -> Device {
    let one = redeem_it(fixture, made).unwrap();
    let (id, by, now) = (one.id, fixture.member.id, fixture.store.clock().now());
    let store = &fixture.store;
    if one.state == EnrolmentState::WaitingApproval {
        let digits = one.digits.clone();
        store
            .write_and_wait(act(store), move |write| approve(write, id, &digits, by, now))
            .unwrap();
    }
    let facility: Facility = store.read(|read| read.get(&one.facility)).unwrap().unwrap();
    let key = DeviceKey::generate().unwrap().public_key();
    let (device, signed) = prepare(&fixture.authority, store.clock(), &facility, &key).unwrap();
    let done = move |write: &mut store::Write<'_>| complete(write, id, device, &signed, now);
    store.write_and_wait(act(store), done).unwrap()
}

fn see(fixture: &Fixture, device: Id<Device>) -> Option<Id<Device>> {
    let now = fixture.store.clock().now();
    let store = &fixture.store;
    store.write_and_wait(act(store), move |write| first_seen(write, device, now)).unwrap()
}

fn state_of(fixture: &Fixture, device: Id<Device>) -> DeviceState {
    let found: Option<Device> = fixture.store.read(|read| read.get(&device)).unwrap();
    found.unwrap().state
}

fn choose_password(fixture: &Fixture) {
    let (member, clock) = (fixture.member.id, fixture.store.clock().clone());
    let hash = crate::credentials::Password::parse("correct horse battery", "x").unwrap();
    let hash = hash.hash(&clock);
    let state = CredentialState::Chosen { hash, set_at: clock.now() };
    let credential = Credential { member, state, earlier: Vec::new() };
    let put = move |write: &mut store::Write<'_>| write.put(&credential);
    fixture.store.write_and_wait(act(&fixture.store), put).unwrap();
}

fn has_chosen(fixture: &Fixture) -> bool {
    let kept = fixture.store.read(|read| read.get::<Credential>(&fixture.member.id)).unwrap();
    matches!(kept.unwrap().state, CredentialState::Chosen { .. })
}

#[test]
fn only_first_devices_and_resets_make_an_initial_password() {
    let fixture = fixture();
    choose_password(&fixture);
    let added = make(&fixture, Purpose::AddDevice, Shown::OfficeScreen).unwrap();
    assert!(added.initial_password.is_none() && has_chosen(&fixture));
    let old = device_of(&fixture, &added).id;
    assert!(make(&fixture, Purpose::Replace(old), Shown::OfficeScreen).is_ok());
    assert!(has_chosen(&fixture), "a working password outlives a new device");
    assert!(
        make(&fixture, Purpose::PasswordReset, Shown::Paper).unwrap().initial_password.is_some()
    );
    assert!(!has_chosen(&fixture));
}

#[test]
fn a_password_card_is_no_way_to_a_device() {
    let fixture = fixture();
    let reset = make(&fixture, Purpose::PasswordReset, Shown::Paper).unwrap();
    let now = fixture.store.clock().now();
    assert!(!fixture.store.read(|read| cards::any_open(read, now)).unwrap(), "no door opens");
    assert!(matches!(redeem_it(&fixture, &reset), Err(EnrolmentProblem::WrongCard)));
}

#[test]
fn a_code_lasts_a_quarter_of_an_hour_and_leaves_paper_alone() {
    let fixture = fixture();
    let paper = make(&fixture, Purpose::FirstDevice, Shown::Paper).unwrap();
    let code = make(&fixture, Purpose::AddDevice, Shown::OfficeScreen).unwrap();
    let newer = make(&fixture, Purpose::AddDevice, Shown::OfficeScreen).unwrap();
    let state = |made: &Made| -> CardState { fixture.card(made.card.number).state };
    assert_eq!((state(&paper), state(&code)), (CardState::Open, CardState::Cancelled));
    fixture.store.clock().advance(Card::CODE_VALID);
    assert!(matches!(redeem_it(&fixture, &newer), Err(EnrolmentProblem::WrongCard)));
    assert!(redeem_it(&fixture, &paper).is_ok());
}

#[test]
fn the_old_device_works_until_the_new_one_is_seen() {
    let fixture = fixture();
    let old = device_of(&fixture, &make(&fixture, Purpose::AddDevice, Shown::Paper).unwrap()).id;
    let code = make(&fixture, Purpose::Replace(old), Shown::OwnDevice(old)).unwrap();
    let new = device_of(&fixture, &code).id;
    assert_eq!(state_of(&fixture, old), DeviceState::Active, "both work in between");
    assert_eq!(see(&fixture, new), Some(old));
    let at = fixture.store.clock().now();
    assert_eq!(state_of(&fixture, old), DeviceState::Retired { at });
    assert_eq!(see(&fixture, new), None, "once");
    let news =
        fixture.store.read(|read| devices::news_of(read, fixture.member.id, new, at)).unwrap();
    assert!(news.iter().any(|one| one.device == new && one.kind == NewsKind::Replaced(old)));
    let again = make(&fixture, Purpose::Replace(old), Shown::OfficeScreen);
    assert!(matches!(again, Err(CardProblem::NoDevice)), "it is not there any more");
}

#[test]
fn a_code_signs_its_purpose() {
    let fixture = fixture();
    let made = make(&fixture, Purpose::AddDevice, Shown::OfficeScreen).unwrap();
    let (card, at) = (&made.card, made.card.issued_at);
    let verify = |statement: &[u8]| fixture.authority.verify_card(statement, &card.signature, at);
    assert!(verify(&made.terms.statement(card)));
    assert!(!verify(&card.statement()), "nobody can say that it was for a first device");
}

#[test]
fn only_the_eyes_that_should_may_compare() {
    let fixture = fixture();
    let own = device_of(&fixture, &make(&fixture, Purpose::AddDevice, Shown::Paper).unwrap()).id;
    let code = make(&fixture, Purpose::AddDevice, Shown::OwnDevice(own)).unwrap();
    let one = redeem_it(&fixture, &code).unwrap();
    let other = fixture.store.clock().id();
    let (member, stranger) = (fixture.member.id, fixture.store.clock().id());
    for (eyes, may) in [
        (Eyes::OwnDevice { member, device: own }, true),
        (Eyes::OwnDevice { member, device: other }, false),
        (Eyes::OwnDevice { member: stranger, device: own }, false),
        (Eyes::Facility(fixture.member.facility), true),
        (Eyes::Facility(fixture.store.clock().id()), false),
    ] {
        let (id, store) = (one.id, &fixture.store);
        let checked =
            store.write_and_wait(act(store), move |write| check_eyes(write, id, eyes).map(drop));
        assert_eq!(checked.is_ok(), may, "{eyes:?}");
        let now = store.clock().now();
        let seen = store.read(|read| waiting_for(read, eyes, now)).unwrap();
        assert_eq!(!seen.is_empty(), may, "{eyes:?}");
    }
    let paper = make(&fixture, Purpose::FirstDevice, Shown::Paper).unwrap();
    let first = redeem_it(&fixture, &paper).unwrap().id;
    let eyes = Eyes::OwnDevice { member, device: own };
    let store = &fixture.store;
    let checked = store.write_and_wait(act(store), move |write| check_eyes(write, first, eyes));
    assert!(checked.is_err(), "a stolen envelope is not its holder's to approve");
}

#[test]
fn a_window_approves_its_facility_until_it_ends() {
    let fixture = fixture();
    let (clock, by) = (fixture.store.clock().clone(), fixture.member.id);
    let facility = fixture.member.facility;
    let store = &fixture.store;
    let open = |facility, hours| {
        let clock = clock.clone();
        store.write_and_wait(act(store), move |write| {
            open_window(write, &clock, facility, hours, by)
        })
    };
    let redeemed = || {
        let made = make(&fixture, Purpose::AddDevice, Shown::OfficeScreen).unwrap();
        redeem_it(&fixture, &made).unwrap().state
    };
    assert!(matches!(open(None, 13), Err(WindowProblem::Hours)));
    assert!(matches!(open(None, 0), Err(WindowProblem::Hours)));
    assert!(matches!(open(Some(clock.id()), 1), Err(WindowProblem::Unknown)));
    assert_eq!(redeemed(), EnrolmentState::WaitingApproval);
    let window = open(Some(facility), 2).unwrap();
    assert_eq!(redeemed(), EnrolmentState::Approved);
    clock.advance(SignedDuration::from_hours(2));
    assert_eq!(redeemed(), EnrolmentState::WaitingApproval, "it ends by itself");
    let window = (window.id, open(None, 12).unwrap().id);
    assert_eq!(redeemed(), EnrolmentState::Approved);
    let now = clock.now();
    store.write_and_wait(act(store), move |write| close_window(write, window.1, now)).unwrap();
    assert_eq!(redeemed(), EnrolmentState::WaitingApproval, "and by hand");
}

#[test]
fn cards_of_those_who_left_open_nothing() {
    let fixture = fixture();
    let made = make(&fixture, Purpose::FirstDevice, Shown::Paper).unwrap();
    let mut gone: Member = fixture.member.clone();
    gone.details.retires = Some("2026-03-31".parse().unwrap());
    let (id, login, details) = (gone.id, gone.login, gone.details);
    let store = &fixture.store;
    store
        .write_and_wait(act(store), move |write| members::change(write, id, login, details))
        .unwrap();
    assert!(matches!(redeem_it(&fixture, &made), Err(EnrolmentProblem::WrongCard)));
}

#[test]
fn cards_of_a_suspended_facility_open_nothing() {
    let fixture = fixture();
    let made = make(&fixture, Purpose::FirstDevice, Shown::Paper).unwrap();
    let facility = fixture.member.facility;
    let suspend = move |write: &mut store::Write<'_>| {
        facilities::set_state(write, facility, FacilityState::Suspended).unwrap();
        Ok::<_, StoreError>(())
    };
    fixture.store.write_and_wait(act(&fixture.store), suspend).unwrap();
    assert!(matches!(redeem_it(&fixture, &made), Err(EnrolmentProblem::WrongCard)));
}

#[test]
fn an_old_device_ends_a_week_after_its_successor_was_taken_unless_it_is_in_use() {
    for in_use in [false, true] {
        let fixture = fixture();
        let paper = make(&fixture, Purpose::AddDevice, Shown::Paper).unwrap();
        let old = device_of(&fixture, &paper).id;
        let code = make(&fixture, Purpose::Replace(old), Shown::OfficeScreen).unwrap();
        device_of(&fixture, &code);
        let silent = || {
            let now = fixture.store.clock().now();
            fixture.store.read(|read| replaced_and_silent(read, now)).unwrap()
        };
        fixture.store.clock().advance(SignedDuration::from_hours(6 * 24));
        assert!(silent().is_empty());
        if in_use {
            let seen = devices::DeviceSeen { device: old, at: fixture.store.clock().now() };
            let put = move |write: &mut store::Write<'_>| write.put(&seen);
            fixture.store.write_and_wait(act(&fixture.store), put).unwrap();
        }
        fixture.store.clock().advance(SignedDuration::from_hours(24));
        assert_eq!(silent().is_empty(), in_use);
        let now = fixture.store.clock().now();
        let retire = move |write: &mut store::Write<'_>| retire_silent(write, old, now);
        let done = fixture.store.write_and_wait(act(&fixture.store), retire);
        assert_eq!(done.is_ok(), !in_use, "looked at again inside the act");
        assert_eq!(state_of(&fixture, old) == DeviceState::Active, in_use);
        assert!(silent().is_empty());
    }
}

#[test]
fn paper_for_one_device_leaves_paper_for_another_alone() {
    let fixture = fixture();
    let one = device_of(&fixture, &make(&fixture, Purpose::AddDevice, Shown::Paper).unwrap()).id;
    let other = device_of(&fixture, &make(&fixture, Purpose::AddDevice, Shown::Paper).unwrap()).id;
    let first = make(&fixture, Purpose::Replace(one), Shown::Paper).unwrap();
    let second = make(&fixture, Purpose::Replace(other), Shown::Paper).unwrap();
    let newer = make(&fixture, Purpose::Replace(one), Shown::Paper).unwrap();
    let state = |made: &Made| -> CardState { fixture.card(made.card.number).state };
    let states = [state(&first), state(&second), state(&newer)];
    assert_eq!(states, [CardState::Cancelled, CardState::Open, CardState::Open]);
}
