//! What a member is told about devices in the own name, until the member has answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Id, Order, Plain, Read, Record, StoreError, Write};

use super::Device;
use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceNews {
    pub member: Id<Member>,
    /// The new device, also where it replaces another one.
    pub device: Id<Device>,
    pub kind: NewsKind,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NewsKind {
    /// A certificate was taken in the member's name.
    Enrolled,
    /// The device was seen, so that the one before it has ended.
    Replaced(Id<Device>),
}

impl Record for DeviceNews {
    type Key = (Id<Member>, Id<Device>);
    const TABLE: &'static str = "device_news";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.member, self.device)
    }
}

impl Plain for DeviceNews {}

/// Nobody enrols more before answering; the oldest wait for the next page.
const NEWS_OF_MEMBER_MAX: usize = 20;

/// Newest first.
pub fn news_of(read: &Read<'_>, member: Id<Member>) -> Result<Vec<DeviceNews>, StoreError> {
    Ok(read.page(&member, Order::Descending, None, NEWS_OF_MEMBER_MAX)?.rows)
}

/// The member has answered; `false` where there was nothing to answer.
pub fn forget_news(
    write: &mut Write<'_>,
    member: Id<Member>,
    device: Id<Device>,
) -> Result<bool, StoreError> {
    let key = (member, device);
    let known = write.get::<DeviceNews>(&key)?.is_some();
    write.delete::<DeviceNews>(&key)?;
    Ok(known)
}
