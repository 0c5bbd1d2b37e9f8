//! The state machine from card to device, and the ways to cheat it.

mod purposes;

use jiff::SignedDuration;
use store::StoreError;

use super::*;
use crate::authority::DeviceKey;
use crate::cards::tests::{Fixture, act, fixture};
use crate::cards::{Approval, Card, CardSecret, CardState, Printed};
use crate::devices::{self, Platform};
use crate::facilities::Facility;

fn redeem_with(
    fixture: &Fixture,
    printed: &Printed,
    secret: CardSecret,
) -> Result<(Enrolment, SessionToken), EnrolmentProblem> {
    let clock = fixture.store.clock().clone();
    let token = SessionToken::random(&clock);
    let (number, session) = (printed.card.number, token.clone());
    let asked = Redemption {
        device_name: "訪問用iPad 1".to_owned(),
        platform: Platform::Ipad,
        form: Form::Pkcs12,
        address: "192.0.2.1".to_owned(),
    };
    let outcome = fixture.store.write_and_wait(act(&fixture.store), move |write| {
        redeem(write, &clock, number, &secret, &session, asked)
    });
    outcome.unwrap().map(|enrolment| (enrolment, token))
}

fn approve_it(fixture: &Fixture, one: &Enrolment, digits: &str) -> Result<(), EnrolmentProblem> {
    let (id, digits, now) = (one.id, digits.to_owned(), fixture.store.clock().now());
    let by = fixture.member.id;
    fixture
        .store
        .write_and_wait(act(&fixture.store), move |write| approve(write, id, &digits, by, now))
        .map(drop)
}

fn complete_it(
    fixture: &Fixture,
    one: &Enrolment,
    key: &DeviceKey,
) -> Result<devices::Device, EnrolmentProblem> {
    let store = &fixture.store;
    let facility = store.read(|read| read.get::<Facility>(&one.facility)).unwrap().unwrap();
    let key = key.public_key();
    let (device, certificate) = prepare(&fixture.authority, store.clock(), &facility, &key)?;
    let (id, now) = (one.id, store.clock().now());
    store.write_and_wait(act(store), move |write| complete(write, id, device, &certificate, now))
}

#[test]
fn a_card_becomes_a_device_after_approval() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Needed);
    let (enrolment, token) = redeem_with(&fixture, &printed, printed.secret.clone()).unwrap();
    let key = DeviceKey::generate().unwrap();
    let early = complete_it(&fixture, &enrolment, &key);
    assert!(matches!(early, Err(EnrolmentProblem::OtherStep)), "{early:?}");
    approve_it(&fixture, &enrolment, &enrolment.digits).unwrap();
    let device = complete_it(&fixture, &enrolment, &key).unwrap();
    let found = fixture.store.read(|read| by_session(read, &token)).unwrap().unwrap();
    assert_eq!((found.state, found.device), (EnrolmentState::Issued, Some(device.id)));

    fixture.store.clock().advance(SignedDuration::from_secs(90));
    let now = fixture.store.clock().now();
    fixture
        .store
        .write_and_wait(act(&fixture.store), move |write| first_seen(write, device.id, now))
        .unwrap();
    let found = fixture.store.read(|read| by_session(read, &token)).unwrap().unwrap();
    assert_eq!(found.took(), Some(SignedDuration::from_secs(90)));

    // The host's door: its page may still ask whether the device came.
    let is_open = || {
        let now = fixture.store.clock().now();
        fixture.store.read(|read| any_unfinished(read, now)).unwrap()
    };
    fixture.store.clock().advance(SignedDuration::from_mins(9));
    assert!(is_open());
    fixture.store.clock().advance(SignedDuration::from_mins(1));
    assert!(!is_open(), "nobody is on the way");
}

#[test]
fn a_card_is_redeemed_once() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Needed);
    redeem_with(&fixture, &printed, printed.secret.clone()).unwrap();
    let again = redeem_with(&fixture, &printed, printed.secret.clone());
    assert!(matches!(again, Err(EnrolmentProblem::WrongCard)));
}

#[test]
fn ten_wrong_secrets_lock_the_card_for_the_right_one_too() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Needed);
    let wrong = || CardSecret::parse("0000-0000-0000").unwrap();
    for _ in 1..Card::WRONG_TRIES_MAX {
        let outcome = redeem_with(&fixture, &printed, wrong());
        assert!(matches!(outcome, Err(EnrolmentProblem::WrongCard)));
    }
    let tenth = redeem_with(&fixture, &printed, wrong());
    assert!(matches!(tenth, Err(EnrolmentProblem::Locked)));
    assert_eq!(fixture.card(printed.card.number).state, CardState::Locked);
    let right = redeem_with(&fixture, &printed, printed.secret.clone());
    assert!(matches!(right, Err(EnrolmentProblem::Locked)));
}

#[test]
fn an_old_card_is_refused() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Needed);
    fixture.store.clock().advance(Card::VALID);
    let late = redeem_with(&fixture, &printed, printed.secret.clone());
    assert!(matches!(late, Err(EnrolmentProblem::WrongCard)));
}

#[test]
fn other_digits_are_not_approved() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Needed);
    let (enrolment, _) = redeem_with(&fixture, &printed, printed.secret.clone()).unwrap();
    let outcome = approve_it(&fixture, &enrolment, "12345");
    assert!(matches!(outcome, Err(EnrolmentProblem::OtherDigits)));
}

#[test]
fn approval_comes_too_late_after_half_an_hour() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Needed);
    let (enrolment, _) = redeem_with(&fixture, &printed, printed.secret.clone()).unwrap();
    fixture.store.clock().advance(SignedDuration::from_mins(31));
    let outcome = approve_it(&fixture, &enrolment, &enrolment.digits);
    assert!(matches!(outcome, Err(EnrolmentProblem::Expired)));
}

#[test]
fn a_certificate_is_taken_once() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Waived);
    let (enrolment, _) = redeem_with(&fixture, &printed, printed.secret.clone()).unwrap();
    complete_it(&fixture, &enrolment, &DeviceKey::generate().unwrap()).unwrap();
    let again = complete_it(&fixture, &enrolment, &DeviceKey::generate().unwrap());
    assert!(matches!(again, Err(EnrolmentProblem::OtherStep)));
}

#[test]
fn a_key_that_was_certified_is_not_certified_again() {
    let fixture = fixture();
    let key = DeviceKey::generate().unwrap();
    let first = fixture.issue(Approval::Waived);
    let (one, _) = redeem_with(&fixture, &first, first.secret.clone()).unwrap();
    complete_it(&fixture, &one, &key).unwrap();
    let second = fixture.issue(Approval::Waived);
    let (two, _) = redeem_with(&fixture, &second, second.secret.clone()).unwrap();
    let outcome = complete_it(&fixture, &two, &key);
    assert!(matches!(outcome, Err(EnrolmentProblem::KeyKnown)));
}

#[test]
fn the_p12_password_belongs_to_one_session() {
    let fixture = fixture();
    let clock = fixture.store.clock();
    let (one, other) = (SessionToken::random(clock), SessionToken::random(clock));
    let password = |token: &SessionToken| {
        fixture.store.read(|read| Ok::<_, StoreError>(token.p12_password(read))).unwrap()
    };
    assert_eq!(password(&one), password(&one));
    assert_ne!(password(&one), password(&other));
    assert_eq!(password(&one).len(), 19);
}

#[test]
fn the_office_hears_where_an_enrolment_stopped() {
    let fixture = fixture();
    let steps = || {
        let now = fixture.store.clock().now();
        let found = fixture.store.read(|read| unfinished(read, now)).unwrap();
        found.iter().map(|one| one.step).collect::<Vec<_>>()
    };
    let a_day = SignedDuration::from_hours(25);
    let printed = fixture.issue(Approval::Needed);
    assert!(steps().is_empty(), "the letter is under way");
    fixture.store.clock().advance(a_day);
    assert_eq!(steps(), [Step::Unused]);

    let (enrolment, _) = redeem_with(&fixture, &printed, printed.secret.clone()).unwrap();
    assert!(steps().is_empty(), "it waits for the office itself");
    approve_it(&fixture, &enrolment, &enrolment.digits).unwrap();
    fixture.store.clock().advance(a_day);
    assert_eq!(steps(), [Step::NotTaken]);

    let printed = fixture.issue(Approval::Waived);
    assert!(steps().is_empty(), "a newer card took its place");
    let (enrolment, _) = redeem_with(&fixture, &printed, printed.secret.clone()).unwrap();
    let key = DeviceKey::generate().unwrap();
    let device = complete_it(&fixture, &enrolment, &key).unwrap().id;
    fixture.store.clock().advance(a_day);
    assert_eq!(steps(), [Step::NotSeen]);
    let now = fixture.store.clock().now();
    fixture
        .store
        .write_and_wait(act(&fixture.store), move |write| first_seen(write, device, now))
        .unwrap();
    assert!(steps().is_empty());
}
