//! What is kept of a member's password, and of the tries to guess it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Id;

use super::PasswordHash;
use crate::members::Member;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    pub member: Id<Member>,
    pub state: CredentialState,
    /// Hashes that may not come again, newest first.
    pub earlier: Vec<PasswordHash>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum CredentialState {
    /// From a card: works until the first login or its end, then it has to be changed.
    Initial {
        secret: [u8; 16],
        #[serde(with = "store::micros")]
        expires_at: Timestamp,
    },
    Chosen {
        hash: PasswordHash,
        #[serde(with = "store::micros")]
        set_at: Timestamp,
    },
}

/// Wrong tries of one account or one device, by a blinded key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempts {
    pub of: [u8; 16],
    pub wrong: u32,
    #[serde(with = "store::micros")]
    pub last_at: Timestamp,
}

impl Attempts {
    /// What the ministry's guideline for medical systems is read as asking for (6.5 D of its fifth
    /// edition); the slowing before it leaves a tired person time to look at the card.
    pub const WRONG_MAX: u32 = 5;

    /// A device is shared by several people, so it is given more.
    pub const WRONG_ON_DEVICE_MAX: u32 = 30;

    /// Long enough to make guessing hopeless, short enough to drink a cup of tea.
    pub const LOCKED_FOR: SignedDuration = SignedDuration::from_mins(15);

    pub fn locked_at(&self, now: Timestamp, wrong_max: u32) -> bool {
        self.wrong >= wrong_max && now.duration_since(self.last_at) < Self::LOCKED_FOR
    }
}

/// What the office decides about passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordRules {
    /// Days after which a password has to be changed; `None` where the device certificate is
    /// required and the office follows the newer guideline.
    pub valid_days: Option<u16>,
}

impl PasswordRules {
    /// The network's leaflet promises ninety days.
    pub const DEFAULT_VALID_DAYS: u16 = 90;

    /// Days before the end on which a member is told.
    pub const WARNED_DAYS: [i64; 4] = [14, 7, 3, 1];

    /// Whole days until a password set at `set_at` has to be changed; negative when it is over.
    pub fn days_left(&self, set_at: Timestamp, now: Timestamp) -> Option<i64> {
        let valid = SignedDuration::from_hours(i64::from(self.valid_days?) * 24);
        let left = valid.saturating_sub(now.duration_since(set_at));
        Some(left.as_hours().div_euclid(24))
    }
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { valid_days: Some(Self::DEFAULT_VALID_DAYS) }
    }
}
