//! Password rules and their hashes.

use jiff::{SignedDuration, Timestamp};
use store::Clock;

use super::*;

fn check(text: &str) -> Result<(), PasswordProblem> {
    Password::parse(text, "sato01").map(|_| ())
}

#[test]
fn rules_refuse_what_guessers_try_first() {
    assert_eq!(check("short"), Err(PasswordProblem::TooShort));
    assert_eq!(check(&"x1y2z3".repeat(40)), Err(PasswordProblem::TooLong));
    assert_eq!(check("aaaabbbbaaaabbbb"), Err(PasswordProblem::TooUniform));
    assert_eq!(check("Password12345"), Err(PasswordProblem::Common));
    assert_eq!(check("my-sato01-pass"), Err(PasswordProblem::LikeTheLogin));
    assert_eq!(check("雨の日は傘を二本持って歩く"), Ok(()));
    assert_eq!(check("correct horse battery"), Ok(()));
}

#[test]
fn a_hash_fits_its_password_alone() {
    let clock = Clock::fixed(Timestamp::UNIX_EPOCH, 1);
    let password = Password::parse("correct horse battery", "sato01").unwrap();
    let hash = password.hash(&clock);
    assert!(hash.fits("correct horse battery"));
    assert!(!hash.fits("correct horse batterx"));
    assert_ne!(hash, password.hash(&clock));
}

#[test]
fn days_left_count_down_to_the_change() {
    let rules = PasswordRules::default();
    let set_at = Timestamp::UNIX_EPOCH;
    let after = |days: i64| set_at + SignedDuration::from_hours(days * 24);
    assert_eq!(rules.days_left(set_at, after(0)), Some(90));
    assert_eq!(rules.days_left(set_at, after(83)), Some(7));
    assert_eq!(rules.days_left(set_at, after(91)), Some(-1));
    assert_eq!(PasswordRules { valid_days: None }.days_left(set_at, after(900)), None);
}

#[test]
fn five_wrong_tries_lock_for_a_quarter_of_an_hour() {
    let at = Timestamp::UNIX_EPOCH;
    let attempts = Attempts { of: [0; 16], wrong: 5, last_at: at };
    assert!(attempts.locked_at(at + SignedDuration::from_mins(14), Attempts::WRONG_MAX));
    assert!(!attempts.locked_at(at + SignedDuration::from_mins(15), Attempts::WRONG_MAX));
    let fewer = Attempts { wrong: 4, ..attempts };
    assert!(!fewer.locked_at(at, Attempts::WRONG_MAX));
}
