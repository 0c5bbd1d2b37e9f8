//! Whether the office's people must have a passkey, and from when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Id, Order, Plain, Read, Record, StoreError, Write};

use super::{Passkey, has_any};
use crate::members::Member;

/// What an office administrator decided; without a row nobody must.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyRule {
    /// Until then a member without one is only reminded; `None` where nobody must.
    #[serde(with = "store::micros::maybe")]
    pub from: Option<Timestamp>,
    pub set_by: Id<Member>,
    #[serde(with = "store::micros")]
    pub set_at: Timestamp,
}

impl PasskeyRule {
    /// Days that an administrator may give everybody to come by one.
    pub const GRACE_DAYS: [u8; 4] = [0, 7, 14, 30];
}

impl Record for PasskeyRule {
    type Key = ();
    const TABLE: &'static str = "passkey_rule";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for PasskeyRule {}

pub fn rule(read: &Read<'_>) -> Result<Option<PasskeyRule>, StoreError> {
    read.get(&())
}

/// What a member still has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    Nothing,
    /// Reminded until then.
    From(Timestamp),
    /// Before anything else.
    First,
}

impl Owed {
    fn since(from: Timestamp, now: Timestamp) -> Self {
        if now < from { Self::From(from) } else { Self::First }
    }
}

/// Only the office's people can owe one.
pub fn owed(read: &Read<'_>, member: &Member, now: Timestamp) -> Result<Owed, StoreError> {
    if !member.details.roles.is_office() {
        return Ok(Owed::Nothing);
    }
    let Some(from) = rule(read)?.and_then(|rule| rule.from) else { return Ok(Owed::Nothing) };
    Ok(if has_any(read, member.id)? { Owed::Nothing } else { Owed::since(from, now) })
}

/// The same within an act.
pub fn owed_within(write: &Write<'_>, member: &Member, now: Timestamp) -> Result<Owed, StoreError> {
    if !member.details.roles.is_office() {
        return Ok(Owed::Nothing);
    }
    let rule: Option<PasskeyRule> = write.get(&())?;
    let Some(from) = rule.and_then(|rule| rule.from) else { return Ok(Owed::Nothing) };
    let has_one = !write.page::<Passkey>(&member.id, Order::Ascending, None, 1)?.rows.is_empty();
    Ok(if has_one { Owed::Nothing } else { Owed::since(from, now) })
}
