//! Logins, standing and the register of members.

use jiff::civil::date;

use super::*;

fn member(details: MemberDetails) -> Member {
    Member {
        id: store::Id::from_bytes([1; 16]),
        facility: store::Id::from_bytes([2; 16]),
        login: Login::parse("sato01").unwrap(),
        details,
        locked: false,
        registered_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn details() -> MemberDetails {
    MemberDetails {
        name: PersonName {
            family: "佐藤".to_owned(),
            given: "花".to_owned(),
            family_kana: "サトウ".to_owned(),
            given_kana: "ハナ".to_owned(),
        },
        job: Job::Nurse,
        roles: Roles::of([Role::Staff]),
        starts: Some(date(2026, 4, 1)),
        retires: Some(date(2027, 3, 31)),
    }
}

#[test]
fn a_member_is_welcome_from_the_first_to_the_last_day() {
    let member = member(details());
    assert_eq!(member.standing(date(2026, 3, 31)), Standing::NotStarted);
    assert_eq!(member.standing(date(2026, 4, 1)), Standing::Welcome);
    assert_eq!(member.standing(date(2027, 3, 31)), Standing::Welcome);
    assert_eq!(member.standing(date(2027, 4, 1)), Standing::Retired);
}

#[test]
fn a_lock_beats_every_date() {
    let mut member = member(details());
    member.locked = true;
    assert_eq!(member.standing(date(2026, 5, 1)), Standing::Locked);
}

#[test]
fn a_login_is_read_as_people_type_it() {
    let read = |text| Login::parse(text).map(|login| login.as_str().to_owned());
    assert_eq!(read(" ＳＡＴＯ０１ ").as_deref(), Ok("sato01"));
    assert_eq!(read(""), Err(LoginProblem::Empty));
    assert_eq!(read("佐藤"), Err(LoginProblem::NotPlain));
    assert_eq!(read("aaaaaaaaaaaaaaaaaaaaa"), Err(LoginProblem::TooLong));
}

#[test]
fn debug_output_shows_no_name() {
    let shown = format!("{:?}", member(details()));
    assert!(!shown.contains("佐藤"), "{shown}");
}
