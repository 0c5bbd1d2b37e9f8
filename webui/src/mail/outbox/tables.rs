//! The outbox as rows, in the order in which mails leave.

use jiff::Timestamp;
use store::{Id, Order, Plain, Read, Record, StoreError};

use super::Leaving;
use crate::mail::drafts::Draft;

impl Record for Leaving {
    type Key = (Timestamp, Id<Draft>);
    const TABLE: &'static str = "outbox";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.at, self.draft)
    }
}

impl Plain for Leaving {}

/// What should leave by now, and when the next one will.
pub fn due(
    read: &Read<'_>,
    now: Timestamp,
) -> Result<(Vec<Id<Draft>>, Option<Timestamp>), StoreError> {
    /// Sent at one time; the rest follows at once.
    const AT_ONCE: usize = 64;
    let rows = read.page::<Leaving>(&(), Order::Ascending, None, AT_ONCE)?.rows;
    let later = rows.iter().find(|row| row.at > now).map(|row| row.at);
    let ids: Vec<_> = rows.iter().filter(|row| row.at <= now).map(|row| row.draft).collect();
    let next = if ids.len() == AT_ONCE { Some(now) } else { later };
    Ok((ids, next))
}
