//! What waits in shared mailboxes for somebody to take charge: counted, so that every page's
//! badge can show it.

use provisioning::mailboxes::Mailbox;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Counter, Id, Plain, Read, Record, StoreError, Write};

use super::live::Unread;

/// A mail that nobody has taken in hand. The row keeps its counter right: it is added once and
/// taken away once, in whatever order things happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    mailbox: Id<Mailbox>,
    about: [u8; 16],
}

impl Record for Waiting {
    type Key = (Id<Mailbox>, [u8; 16]);
    const TABLE: &'static str = "mailbox_waiting";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.mailbox, self.about)
    }
}

impl Plain for Waiting {}

/// How many rows a mailbox has.
struct Uncharged;

impl Counter for Uncharged {
    type Key = Id<Mailbox>;
    const TABLE: &'static str = "mailbox_waiting_counts";
}

pub fn begin(
    write: &mut Write<'_>,
    mailbox: Id<Mailbox>,
    about: [u8; 16],
) -> Result<(), StoreError> {
    if write.get::<Waiting>(&(mailbox, about))?.is_some() {
        return Ok(());
    }
    write.put(&Waiting { mailbox, about })?;
    write.add::<Uncharged>(&mailbox, 1)
}

pub fn end(write: &mut Write<'_>, mailbox: Id<Mailbox>, about: [u8; 16]) -> Result<(), StoreError> {
    if write.get::<Waiting>(&(mailbox, about))?.is_none() {
        return Ok(());
    }
    write.delete::<Waiting>(&(mailbox, about))?;
    write.add::<Uncharged>(&mailbox, -1)
}

pub fn count(read: &Read<'_>, mailbox: Id<Mailbox>) -> Result<i64, StoreError> {
    read.counter::<Uncharged>(&mailbox)
}

/// What the menu shows beside 「メール」: one's own unread mails, and what waits in one's mailboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Badge {
    pub own: i64,
    pub waiting: i64,
}

impl Badge {
    pub fn of(
        read: &Read<'_>,
        member: Id<Member>,
        mailboxes: impl IntoIterator<Item = Id<Mailbox>>,
    ) -> Result<Self, StoreError> {
        let own = read.counter::<Unread>(&member)?;
        let mut waiting = 0;
        for mailbox in mailboxes {
            waiting += count(read, mailbox)?;
        }
        Ok(Self { own, waiting })
    }

    pub const fn all(self) -> i64 {
        self.own + self.waiting
    }
}
