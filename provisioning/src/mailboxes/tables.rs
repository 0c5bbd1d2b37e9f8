//! Mailboxes as rows.

use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::{Mailbox, MailboxDetails, MailboxProblem, SecondContact};
use crate::facilities::Facility;
use crate::japanese::fold;
use crate::members::Member;

impl Record for Mailbox {
    type Key = Id<Self>;
    const TABLE: &'static str = "mailboxes";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[MailboxByFacility::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<MailboxByFacility>(&self.facility);
    }
}

impl Plain for Mailbox {}

pub struct MailboxByFacility;

impl Index for MailboxByFacility {
    type Record = Mailbox;
    type Key = Id<Facility>;
    const TABLE: &'static str = "mailboxes_by_facility";
}

impl Record for SecondContact {
    type Key = Id<Facility>;
    const TABLE: &'static str = "second_contacts";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.facility
    }
}

impl Plain for SecondContact {}

/// Fifty each of four hundred facilities.
const MAILBOXES_MAX: usize = 20_000;

pub fn list(read: &Read<'_>) -> Result<Vec<Mailbox>, StoreError> {
    Ok(read.page(&(), Order::Ascending, None, MAILBOXES_MAX)?.rows)
}

pub fn of_facility(read: &Read<'_>, facility: Id<Facility>) -> Result<Vec<Mailbox>, StoreError> {
    let rows_max = Mailbox::OF_FACILITY_MAX;
    Ok(read.page_by::<MailboxByFacility>(&facility, Order::Ascending, None, rows_max)?.rows)
}

/// A new mailbox of a facility.
pub fn found(
    write: &mut Write<'_>,
    clock: &Clock,
    facility: Id<Facility>,
    details: MailboxDetails,
) -> Result<Mailbox, MailboxProblem> {
    let others = siblings(write, facility)?;
    if others.len() >= Mailbox::OF_FACILITY_MAX {
        return Err(MailboxProblem::TooMany);
    }
    check(write, facility, &details, &others)?;
    let MailboxDetails { name, kana, members, open } = details;
    let mailbox =
        Mailbox { id: clock.id(), facility, name, kana, members, open, founded_at: clock.now() };
    write.put(&mailbox)?;
    Ok(mailbox)
}

pub fn change(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    id: Id<Mailbox>,
    details: MailboxDetails,
) -> Result<Mailbox, MailboxProblem> {
    let mailbox: Mailbox = write.get(&id)?.ok_or(MailboxProblem::Unknown)?;
    if mailbox.facility != facility {
        return Err(MailboxProblem::Unknown);
    }
    let mut others = siblings(write, facility)?;
    others.retain(|other| other.id != id);
    check(write, facility, &details, &others)?;
    let MailboxDetails { name, kana, members, open } = details;
    let mailbox = Mailbox { name, kana, members, open, ..mailbox };
    write.put(&mailbox)?;
    Ok(mailbox)
}

fn siblings(write: &Write<'_>, facility: Id<Facility>) -> Result<Vec<Mailbox>, StoreError> {
    let rows_max = Mailbox::OF_FACILITY_MAX;
    Ok(write.page_by::<MailboxByFacility>(&facility, Order::Ascending, None, rows_max)?.rows)
}

fn check(
    write: &Write<'_>,
    facility: Id<Facility>,
    details: &MailboxDetails,
    others: &[Mailbox],
) -> Result<(), MailboxProblem> {
    let length = details.name.trim().chars().count();
    if length == 0 || length > Mailbox::NAME_CHARS_MAX {
        return Err(MailboxProblem::Name);
    }
    if others.iter().any(|other| fold(&other.name) == fold(&details.name)) {
        return Err(MailboxProblem::NameTaken);
    }
    if details.members.len() > Mailbox::MEMBERS_MAX {
        return Err(MailboxProblem::Members);
    }
    for member in &details.members {
        let member: Option<Member> = write.get(member)?;
        if member.is_none_or(|member| member.facility != facility) {
            return Err(MailboxProblem::Members);
        }
    }
    Ok(())
}

pub fn second_contact(
    read: &Read<'_>,
    facility: Id<Facility>,
) -> Result<Option<Id<Member>>, StoreError> {
    Ok(read.get::<SecondContact>(&facility)?.map(|contact| contact.member))
}

/// `None` takes the contact away.
pub fn set_second_contact(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    member: Option<Id<Member>>,
) -> Result<(), MailboxProblem> {
    let Some(id) = member else { return Ok(write.delete::<SecondContact>(&facility)?) };
    let member: Option<Member> = write.get(&id)?;
    if member.is_none_or(|member| member.facility != facility) {
        return Err(MailboxProblem::Members);
    }
    write.put(&SecondContact { facility, member: id })?;
    Ok(())
}
