//! What a phrase is.

use jiff::Timestamp;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::mail::keepers::{Keeper, SeenBy};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    pub id: Id<Self>,
    pub keeper: Keeper,
    pub title: String,
    /// Phrases of one category stand together; empty for none.
    pub category: String,
    pub text: String,
    pub seen_by: SeenBy,
    pub version: u64,
    #[serde(with = "store::micros")]
    pub changed_at: Timestamp,
    pub changed_by: Id<Member>,
}

/// What its keeper types and may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhraseDetails {
    pub title: String,
    pub category: String,
    pub text: String,
    pub seen_by: SeenBy,
}

impl Phrase {
    /// One line of a narrow list.
    pub const TITLE_CHARS_MAX: usize = 40;

    pub const CATEGORY_CHARS_MAX: usize = 20;

    /// A whole letter; ten thousand signs are a body's limit.
    pub const TEXT_CHARS_MAX: usize = 3_000;

    /// More would have to be searched rather than looked through.
    pub const OF_KEEPER_MAX: usize = 60;
}
