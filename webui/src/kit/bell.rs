//! The bell: what a member has been told and not looked at, as rows in the member's order.
//!
//! A row stands beside the `Notice` of the same thing and ends with it, in the same act. The
//! notice is found by what came, the row here by whom it came to.

use jiff::Timestamp;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Id, Order, Plain, Read, Record, StoreError, Write};

/// One line of the page of notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BellRow {
    pub member: Id<Member>,
    /// The id of what came.
    pub about: [u8; 16],
    pub what: What,
    pub urgent: bool,
    /// `None` where the box itself speaks.
    pub from: Option<Id<Member>>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

/// What came; the order is that of stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    Mail,
    /// A mail that answers one's own.
    Reply,
    /// A mail lies unopened, and the sender or the box asks for a look.
    Reminder,
    /// A mail that its reader had put off.
    Woken,
    /// An urgent mail to somebody of the own facility lies unopened.
    Escalation,
    /// One's own mail could not leave.
    Stopped,
    /// A mail that one was told of was taken back unopened.
    Withdrawn,
}

impl Record for BellRow {
    /// Ids grow with time, so the newest things are last.
    type Key = (Id<Member>, [u8; 16]);
    const TABLE: &'static str = "bell";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.member, self.about)
    }
}

impl Plain for BellRow {}

/// The bell has all that was there before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Filled {
    pub filled: bool,
}

impl Record for Filled {
    type Key = ();
    const TABLE: &'static str = "bell_filled";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for Filled {}

/// Shown as "99+": nobody counts further, and every page asks.
pub const COUNTED_MAX: usize = 100;

/// The newest rows of a member, newest thing first.
pub fn rows_of(read: &Read<'_>, member: Id<Member>) -> Result<Vec<BellRow>, StoreError> {
    Ok(read.page(&member, Order::Descending, None, COUNTED_MAX)?.rows)
}

/// How many rows there are, up to `COUNTED_MAX`.
pub fn count(read: &Read<'_>, member: Id<Member>) -> Result<usize, StoreError> {
    Ok(rows_of(read, member)?.len())
}

/// Whether a member has nothing left to look at, within an act.
pub fn is_silent(write: &Write<'_>, member: Id<Member>) -> Result<bool, StoreError> {
    let page = write.page::<BellRow>(&member, Order::Ascending, None, 1)?;
    Ok(page.rows.is_empty())
}
