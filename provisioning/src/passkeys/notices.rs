//! What member and office are told about passkeys, until each of them has seen it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Id, Index, Indexer, Newest, Order, Plain, Read, Record, StoreError, Write};

use crate::members::Member;

/// One a member and kind; it opens again when the same thing happens once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyNotice {
    pub member: Id<Member>,
    pub kind: NoticeKind,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub seen_by_member: bool,
    pub seen_by_office: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// All keys were taken away, by an administrator or at the console.
    Reset { by: Option<Id<Member>> },
    /// A key signed with a counter that it had passed: there may be two of it.
    CounterBack,
    /// Somebody logged in with a code from paper.
    CodeUsed,
}

impl NoticeKind {
    /// Its place beside the member's others.
    pub const fn number(self) -> u8 {
        match self {
            Self::Reset { .. } => 0,
            Self::CounterBack => 1,
            Self::CodeUsed => 2,
        }
    }
}

impl Record for PasskeyNotice {
    type Key = (Id<Member>, u8);
    const TABLE: &'static str = "passkey_notices";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[NoticeByOffice::TABLE];

    fn key(&self) -> Self::Key {
        (self.member, self.kind.number())
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<NoticeByOffice>(&(u8::from(self.seen_by_office), Newest(self.at)));
    }
}

impl Plain for PasskeyNotice {}

/// Those that the office has not seen come first, newest in front.
pub struct NoticeByOffice;

impl Index for NoticeByOffice {
    type Record = PasskeyNotice;
    type Key = (u8, Newest);
    const TABLE: &'static str = "passkey_notices_by_office";
}

const UNSEEN: u8 = 0;

/// More than a clerk looks at in a day; the rest comes when these are seen.
const LISTED_MAX: usize = 100;

/// Kinds of notices that one member can have.
const OF_MEMBER_MAX: usize = 8;

pub fn tell(
    write: &mut Write<'_>,
    member: Id<Member>,
    kind: NoticeKind,
    at: Timestamp,
) -> Result<(), StoreError> {
    let notice = PasskeyNotice { member, kind, at, seen_by_member: false, seen_by_office: false };
    write.put(&notice)
}

/// What the member has not seen.
pub fn notices_of(read: &Read<'_>, member: Id<Member>) -> Result<Vec<PasskeyNotice>, StoreError> {
    let page = read.page::<PasskeyNotice>(&member, Order::Ascending, None, OF_MEMBER_MAX)?;
    Ok(page.rows.into_iter().filter(|notice| !notice.seen_by_member).collect())
}

pub fn notices_for_office(read: &Read<'_>) -> Result<Vec<PasskeyNotice>, StoreError> {
    let page = read.page_by::<NoticeByOffice>(&UNSEEN, Order::Ascending, None, LISTED_MAX)?;
    Ok(page.rows)
}

pub fn told_member(write: &mut Write<'_>, member: Id<Member>) -> Result<(), StoreError> {
    for notice in all_of(write, member)? {
        write.put(&PasskeyNotice { seen_by_member: true, ..notice })?;
    }
    Ok(())
}

/// One notice, as it was shown: what happened again since then stays.
pub fn told_office(
    write: &mut Write<'_>,
    member: Id<Member>,
    kind: u8,
    shown: Timestamp,
) -> Result<(), StoreError> {
    let is_shown = |one: &PasskeyNotice| one.kind.number() == kind && one.at <= shown;
    for notice in all_of(write, member)?.into_iter().filter(is_shown) {
        write.put(&PasskeyNotice { seen_by_office: true, ..notice })?;
    }
    Ok(())
}

fn all_of(write: &Write<'_>, member: Id<Member>) -> Result<Vec<PasskeyNotice>, StoreError> {
    Ok(write.page::<PasskeyNotice>(&member, Order::Ascending, None, OF_MEMBER_MAX)?.rows)
}
