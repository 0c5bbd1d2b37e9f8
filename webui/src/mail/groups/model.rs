//! What a group is.

use jiff::Timestamp;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::mail::keepers::{Keeper, SeenBy};
use crate::mail::model::{Owner, RECIPIENTS_MAX};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: Id<Self>,
    pub keeper: Keeper,
    pub name: String,
    /// Members and mailboxes, in the order of choice.
    pub people: Vec<Id<Owner>>,
    pub seen_by: SeenBy,
    /// Rises with every change, so that two keepers do not overwrite each other unawares.
    pub version: u64,
    #[serde(with = "store::micros")]
    pub changed_at: Timestamp,
    pub changed_by: Id<Member>,
}

/// What its keeper types and may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupDetails {
    pub name: String,
    pub people: Vec<Id<Owner>>,
    pub seen_by: SeenBy,
}

impl Group {
    /// One line on every screen.
    pub const NAME_CHARS_MAX: usize = 40;

    /// One letter must be able to reach all of it.
    pub const PEOPLE_MAX: usize = RECIPIENTS_MAX;

    /// More would have to be searched rather than looked through.
    pub const OF_KEEPER_MAX: usize = 50;
}

/// A group that was put into a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    pub name: String,
    pub people: Vec<Id<Owner>>,
    /// Who takes no mail any more.
    pub left: Vec<Id<Owner>>,
}
