//! A log-in that waits for its second step.

use jiff::{SignedDuration, Timestamp};
use provisioning::devices::Device;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::kit::session::SessionState;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecondStep {
    /// The blinded cookie.
    pub token: [u8; 16],
    pub member: Id<Member>,
    pub device: Id<Device>,
    /// How the session will start.
    pub state: SessionState,
    #[serde(with = "store::micros")]
    pub since: Timestamp,
}

impl SecondStep {
    /// Long enough to fetch the key from the safe, or the codes.
    pub const VALID: SignedDuration = SignedDuration::from_mins(15);

    pub fn is_open(&self, device: Id<Device>, now: Timestamp) -> bool {
        self.device == device && now.duration_since(self.since) < Self::VALID
    }
}
