//! What a mailbox is, and who may have one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::facilities::Facility;
use crate::members::Member;

/// A shared mailbox of one facility, such as a hospital's liaison department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub id: Id<Self>,
    pub facility: Id<Facility>,
    pub name: String,
    /// The name's reading in katakana.
    pub kana: String,
    /// Who sees it and deals with what comes; of this facility.
    pub members: Vec<Id<Member>>,
    /// A closed one takes nothing new; what it holds stays readable.
    pub open: bool,
    #[serde(with = "store::micros")]
    pub founded_at: Timestamp,
}

/// What its manager types and may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxDetails {
    pub name: String,
    pub kana: String,
    pub members: Vec<Id<Member>>,
    pub open: bool,
}

/// Whom a facility wants to be told when an urgent letter to one of its people lies unopened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondContact {
    pub facility: Id<Facility>,
    pub member: Id<Member>,
}

impl Mailbox {
    /// One line on every screen.
    pub const NAME_CHARS_MAX: usize = 40;

    /// A department; more people than this do not know of each other who deals with what.
    pub const MEMBERS_MAX: usize = 50;

    /// A large hospital's departments.
    pub const OF_FACILITY_MAX: usize = 50;
}

#[derive(Debug, thiserror::Error)]
pub enum MailboxProblem {
    #[error("no such mailbox of this facility")]
    Unknown,
    #[error("the name is empty or too long")]
    Name,
    #[error("another mailbox of the facility has this name")]
    NameTaken,
    #[error("a member is not of this facility, or there are too many")]
    Members,
    #[error("the facility has as many mailboxes as it may")]
    TooMany,
    #[error(transparent)]
    Store(#[from] store::StoreError),
}
