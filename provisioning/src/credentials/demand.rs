//! A change of password that is asked for: whoever has a lost device may know what was typed there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Id, Plain, Read, Record, StoreError, Write};

use crate::members::Member;

/// A password of before `at` works once more, for nothing but its own change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordDemand {
    pub member: Id<Member>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

impl Record for PasswordDemand {
    type Key = Id<Member>;
    const TABLE: &'static str = "password_demands";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.member
    }
}

impl Plain for PasswordDemand {}

pub fn demand_change(
    write: &mut Write<'_>,
    member: Id<Member>,
    at: Timestamp,
) -> Result<(), StoreError> {
    write.put(&PasswordDemand { member, at })
}

/// Whether a password that was chosen at `set_at` has to be changed first.
pub fn change_demanded(
    read: &Read<'_>,
    member: Id<Member>,
    set_at: Timestamp,
) -> Result<bool, StoreError> {
    let demand: Option<PasswordDemand> = read.get(&member)?;
    Ok(demand.is_some_and(|demand| set_at <= demand.at))
}
