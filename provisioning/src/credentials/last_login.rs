//! When a member last logged in: the trail knows it too, but a list of thousands cannot ask it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Id, Plain, Record};

use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLogin {
    pub member: Id<Member>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

impl Record for LastLogin {
    type Key = Id<Member>;
    const TABLE: &'static str = "last_logins";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.member
    }
}

impl Plain for LastLogin {}
