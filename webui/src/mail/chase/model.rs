//! An urgent mail that is watched, and what a second contact was told.

use jiff::Timestamp;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::mail::model::{Mail, Owner};

/// An urgent mail that somebody may not have opened. Other mails have none, so that a send writes
/// nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chase {
    pub step: Step,
    #[serde(with = "store::micros")]
    pub sent_at: Timestamp,
    pub mail: Id<Mail>,
}

/// What happens next if it still lies there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    Remind,
    Escalate,
}

impl Step {
    pub const fn number(self) -> u8 {
        match self {
            Self::Remind => 0,
            Self::Escalate => 1,
        }
    }
}

/// A second contact was told of an unopened urgent mail. It gives no right to read that mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    pub contact: Id<Member>,
    pub mail: Id<Mail>,
    /// Who has not opened it.
    pub reader: Id<Owner>,
    pub sender: Id<Member>,
    #[serde(with = "store::micros")]
    pub sent_at: Timestamp,
    #[serde(with = "store::micros")]
    pub told_at: Timestamp,
}
