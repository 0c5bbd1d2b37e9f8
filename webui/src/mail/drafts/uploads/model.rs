//! What an upload is, and how many of them there may be.

use jiff::{SignedDuration, Timestamp};
use provisioning::devices::Device;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Id, KeptName};

use crate::mail::drafts::Draft;
use crate::mail::model::{FILE_BYTES_MAX, FILES_MAX};

/// A shift; who comes back a day later chooses the file anew.
pub const UPLOAD_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What one mail may take, so that nobody fills the box with beginnings.
pub const UPLOADS_OF_MEMBER_MAX: usize = FILES_MAX;

/// Four of the longest films at once.
pub const PROMISED_BYTES_MAX: u64 = 4 * FILE_BYTES_MAX;

/// A file on its way; only who began it, at the same device, goes on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    pub id: Id<Self>,
    pub member: Id<Member>,
    pub device: Id<Device>,
    pub draft: Id<Draft>,
    pub bytes: u64,
    /// A keyed hash of what the browser knows its file by: the same file chosen again goes on.
    pub mark: [u8; 16],
    pub kept: KeptName,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

impl Upload {
    /// Whether both are the same file for the same draft, seen from the same device.
    pub fn is_again(&self, other: &Self) -> bool {
        let of = |one: &Self| (one.member, one.device, one.draft, one.bytes, one.mark);
        of(self) == of(other)
    }

    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) > UPLOAD_KEPT
    }
}
