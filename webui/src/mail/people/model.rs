//! Stars on people, and whom a member wrote to last.

use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::mail::model::Owner;

/// More would have to be searched again.
pub const FAVOURITES_MAX: usize = 60;

/// What two lines of a page show.
pub const RECENT_MAX: usize = 12;

/// Of one mail: a letter to a hundred must not push everybody else out.
pub const OF_ONE_MAIL_MAX: usize = 4;

/// A star that a member gave to a person or a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Favourite {
    pub member: Id<Member>,
    pub owner: Id<Owner>,
}

/// Whom a member wrote to, the last first: one row a member, so that a send touches one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    pub member: Id<Member>,
    pub owners: Vec<Id<Owner>>,
}

impl Recent {
    pub const fn nobody(member: Id<Member>) -> Self {
        Self { member, owners: Vec::new() }
    }

    /// The same list with these in front; `None` where nothing changes.
    pub fn after(&self, written_to: &[Id<Owner>]) -> Option<Self> {
        let front = written_to.get(..OF_ONE_MAIL_MAX).unwrap_or(written_to);
        let mut owners: Vec<Id<Owner>> = Vec::with_capacity(RECENT_MAX);
        for one in front.iter().chain(&self.owners) {
            if !owners.contains(one) && owners.len() < RECENT_MAX {
                owners.push(*one);
            }
        }
        (owners != self.owners).then_some(Self { member: self.member, owners })
    }
}
