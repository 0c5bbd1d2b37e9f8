//! When a certificate is renewed, and what a failure leads to.

use jiff::{SignedDuration, Timestamp};
use store::Id;

use super::*;
use crate::authority::Pkcs8;

const NAME: &str = "app.aoba.example";

fn start() -> Timestamp {
    "2026-04-01T00:00:00Z".parse().unwrap()
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

fn certificate(life: SignedDuration, draw: u8) -> PublicCertificate {
    let (not_before, not_after) = (start(), start() + life);
    PublicCertificate {
        host: Host::App,
        name: NAME.to_owned(),
        chain: Vec::new(),
        key: Pkcs8::from_bytes(b"none"),
        issuer: "Test".to_owned(),
        serial: vec![1],
        issuer_key: None,
        not_before,
        not_after,
        renew_at: renew_at(not_before, not_after, draw),
        obtained_at: not_before,
    }
}

fn failed(at: Timestamp, failures: u32, bidden: Option<SignedDuration>) -> Attempt {
    Attempt {
        host: Host::App,
        tried_at: at,
        failures,
        hold_until: at + wait_after(failures, bidden, 0),
        bidden: bidden.is_some(),
        trouble: Some(Trouble::Unreachable),
        detail: String::new(),
    }
}

fn standing(kept: &PublicCertificate, attempt: Option<Attempt>, now: Timestamp) -> Standing {
    Standing::of(Host::App, NAME.to_owned(), Some(kept.clone()), attempt, None, now)
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life_or_a_little_before() {
    for draw in [0, 128, 255] {
        let one = certificate(days(45), draw);
        assert!(one.renew_at <= start() + days(30), "{draw}");
        assert!(one.renew_at > start() + days(27), "{draw}");
        assert_eq!(due(NAME, Some(&one), None, None, start()), one.renew_at);
    }
    let draws: std::collections::BTreeSet<_> =
        (0..=255).map(|draw| certificate(days(45), draw).renew_at).collect();
    assert!(draws.len() > 200, "boxes that began together do not renew together");
}

#[test]
fn what_is_missing_ended_or_for_another_name_is_due_at_once() {
    let (one, now) = (certificate(days(45), 0), start() + days(1));
    assert_eq!(due(NAME, None, None, None, now), now);
    assert_eq!(due("app.other.example", Some(&one), None, None, now), now);
    let after = start() + days(46);
    assert_eq!(due(NAME, Some(&one), None, None, after), after);
    assert!(standing(&one, None, after).certificate.is_none());
}

#[test]
fn failures_wait_longer_each_time_and_never_come_near_the_limit() {
    let waits: Vec<_> = (1..12).map(|failures| wait_after(failures, None, 255)).collect();
    assert!(waits.is_sorted());
    assert!(waits.iter().all(|wait| *wait <= SignedDuration::from_mins(450)), "{waits:?}");
    // Tries within any hour from the first one on.
    let mut at = SignedDuration::ZERO;
    let mut tries = vec![at];
    for failures in 1..12 {
        at += wait_after(failures, None, 0);
        tries.push(at);
    }
    let hour = SignedDuration::from_hours(1);
    let most = tries
        .iter()
        .map(|from| tries.iter().filter(|one| **one >= *from && **one < *from + hour).count());
    assert!(most.max().unwrap() <= 3);
}

#[test]
fn what_the_authority_bids_is_obeyed_by_the_box_and_by_the_button() {
    let one = certificate(days(45), 0);
    let now = start() + days(31);
    let attempt = failed(now, 1, Some(SignedDuration::from_hours(30)));
    let until = now + SignedDuration::from_hours(30);
    let later = now + SignedDuration::from_hours(2);
    assert_eq!(due(NAME, Some(&one), Some(&attempt), None, later), until);
    let wish = Wish { asked_at: later, by: Id::from_bytes([1; 16]) };
    assert_eq!(due(NAME, Some(&one), Some(&attempt), Some(&wish), later), until);
    assert_eq!(Barrier::of(Some(&one), Some(&attempt), later), Some(Barrier::Bidden(until)));
    let year = failed(now, 1, Some(days(365)));
    assert!(year.hold_until < now + days(9), "nonsense is not obeyed");
}

#[test]
fn the_button_goes_before_our_own_waiting_but_not_twice_in_a_moment() {
    let one = certificate(days(45), 0);
    let now = start() + days(31);
    let attempt = failed(now, 4, None);
    let at = |minutes| now + SignedDuration::from_mins(minutes);
    let wish = |minutes| Wish { asked_at: at(minutes), by: Id::from_bytes([1; 16]) };
    let asked = |minutes| due(NAME, Some(&one), Some(&attempt), Some(&wish(minutes)), at(minutes));
    assert_eq!(asked(1), attempt.hold_until);
    assert_eq!(asked(3), at(3));
    let fresh = start() + SignedDuration::from_hours(1);
    assert!(matches!(Barrier::of(Some(&one), None, fresh), Some(Barrier::Fresh(_))));
    assert_eq!(Barrier::of(Some(&one), None, start() + days(2)), None);
}

#[test]
fn a_clock_that_was_wrong_for_a_while_stops_nothing() {
    let one = certificate(days(45), 0);
    let wrong = start() + days(4000);
    let attempt = failed(wrong, 3, Some(days(6)));
    let now = start() + days(31);
    assert_eq!(due(NAME, Some(&one), Some(&attempt), None, now), one.renew_at);
    assert_eq!(due(NAME, None, Some(&attempt), None, now), now);
    let wish = Wish { asked_at: wrong, by: Id::from_bytes([1; 16]) };
    let due = due(NAME, Some(&one), None, Some(&wish), start() + days(5));
    assert_eq!(due, one.renew_at, "a wish of the future is none");
    let behind = start() - days(400);
    assert!(standing(&one, None, behind).certificate.is_some(), "browsers know better");
    assert!(standing(&one, None, wrong).certificate.is_none());
}

#[test]
fn a_clock_that_runs_ahead_does_not_renew_again_and_again() {
    let ahead = start() + days(35);
    let one = PublicCertificate { obtained_at: ahead, ..certificate(days(45), 0) };
    assert!(one.renew_at < ahead);
    let next = due(NAME, Some(&one), None, None, ahead);
    assert_eq!(next, ahead + SignedDuration::from_hours(36));
}

#[test]
fn the_alarm_comes_at_a_third_then_a_week_then_with_the_end() {
    let one = certificate(days(45), 0);
    let at = |day, failures| {
        let now = start() + days(day);
        let attempt = (failures > 0).then(|| failed(now, failures, None));
        standing(&one, attempt, now).alarm
    };
    assert_eq!(at(29, 0), None);
    assert_eq!(at(31, 0), None, "the renewal has just begun");
    assert_eq!(at(31, 1), Some(Alarm::Late));
    assert_eq!(at(35, 0), Some(Alarm::Late), "whatever the reason");
    assert_eq!(at(39, 9), Some(Alarm::Soon));
    assert_eq!(at(45, 9), Some(Alarm::Fallback));
    let now = start();
    let never = |attempt| Standing::of(Host::App, NAME.to_owned(), None, attempt, None, now).alarm;
    assert_eq!(never(None), None, "the first one is on its way");
    assert_eq!(never(Some(failed(now, 1, None))), Some(Alarm::Fallback));
}

#[test]
fn six_day_certificates_do_not_cry_from_their_first_day() {
    let one = certificate(days(6), 0);
    let at = |hours, failures| {
        let now = start() + SignedDuration::from_hours(hours);
        standing(&one, (failures > 0).then(|| failed(now, failures, None)), now).alarm
    };
    assert_eq!(at(1, 0), None);
    assert_eq!(at(95, 0), None);
    assert_eq!(at(97, 1), Some(Alarm::Late));
    assert_eq!(at(121, 1), Some(Alarm::Soon));
}

#[test]
fn a_suggested_window_is_followed_within_reason() {
    let one = certificate(days(45), 0);
    let window = (start() + days(10), start() + days(12));
    assert_eq!(planned(&one, window, 0), window.0);
    assert_eq!(planned(&one, window, 128), start() + days(11));
    let late = (start() + days(44), start() + days(50));
    assert!(planned(&one, late, 200) <= start() + days(32));
    let reversed = (start() + days(12), start() + days(10));
    assert_eq!(planned(&one, reversed, 255), start() + days(12));
}
