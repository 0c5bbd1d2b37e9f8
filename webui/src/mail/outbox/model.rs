//! A mail that is about to leave, and when.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Id;

use crate::mail::drafts::Draft;

/// One mail on its way, by the moment at which it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub draft: Id<Draft>,
}

/// When a mail leaves.
#[derive(Clone, Copy, Debug)]
pub enum Leave {
    /// After the time for second thoughts.
    Soon {
        undo: SignedDuration,
    },
    At {
        at: Timestamp,
    },
}

/// What came of sending.
#[derive(Clone, Copy, Debug)]
pub enum Sent {
    Left { recipients: usize },
    Waits { leaves_at: Timestamp, chosen: bool },
}

/// Nobody plans a letter further ahead, and people change.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);

pub fn may_be_chosen(at: Timestamp, now: Timestamp) -> bool {
    at > now && at.duration_since(now) <= AHEAD_MAX
}
