//! A mailbox belongs to one facility, and so do those who read it.

use store::Id;

use super::*;
use crate::cards::tests::{Fixture, act, fixture};
use crate::facilities::Facility;

fn details(fixture: &Fixture, name: &str) -> MailboxDetails {
    MailboxDetails {
        name: name.to_owned(),
        kana: "チイキレンケイシツ".to_owned(),
        members: vec![fixture.member.id],
        open: true,
    }
}

fn found_one(
    fixture: &Fixture,
    facility: Id<Facility>,
    name: &str,
) -> Result<Mailbox, MailboxProblem> {
    let (clock, details) = (fixture.store.clock().clone(), details(fixture, name));
    fixture
        .store
        .write_and_wait(act(&fixture.store), move |write| found(write, &clock, facility, details))
}

#[test]
fn a_facility_finds_its_mailboxes() {
    let fixture = fixture();
    let facility = fixture.member.facility;
    let made = found_one(&fixture, facility, "地域連携室").unwrap();
    assert_eq!(fixture.store.read(|read| of_facility(read, facility)).unwrap(), [made]);
}

#[test]
fn the_same_name_is_not_given_twice_however_it_is_written() {
    let fixture = fixture();
    let facility = fixture.member.facility;
    found_one(&fixture, facility, "ﾘﾊﾋﾞﾘ室").unwrap();
    let again = found_one(&fixture, facility, "リハビリ室");
    assert!(matches!(again, Err(MailboxProblem::NameTaken)), "{again:?}");
}

#[test]
fn another_facilitys_member_reads_no_mailbox() {
    let fixture = fixture();
    let made = found_one(&fixture, Id::from_bytes([3; 16]), "地域連携室");
    assert!(matches!(made, Err(MailboxProblem::Members)), "{made:?}");
}
