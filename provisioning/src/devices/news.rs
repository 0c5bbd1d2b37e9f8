//! What a member is told about devices in the own name, until the member has answered.

use jiff::{SignedDuration, Timestamp};
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

/// Who has not come back to another device in a month has no other device.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

impl DeviceNews {
    /// A new device is told to the member's other ones: whoever stole the card sits at this one.
    pub fn is_told_at(&self, here: Id<Device>, now: Timestamp) -> bool {
        let elsewhere = match self.kind {
            NewsKind::Enrolled => self.device != here,
            NewsKind::Replaced(_) => true,
        };
        elsewhere && now.duration_since(self.at) < TOLD_FOR
    }
}

/// What a member is told at a device, newest first.
pub fn news_of(
    read: &Read<'_>,
    member: Id<Member>,
    here: Id<Device>,
    now: Timestamp,
) -> Result<Vec<DeviceNews>, StoreError> {
    let page = read.page::<DeviceNews>(&member, Order::Descending, None, NEWS_OF_MEMBER_MAX)?;
    Ok(page.rows.into_iter().filter(|one| one.is_told_at(here, now)).collect())
}

/// The member has answered at a device; `false` where there was nothing to answer.
pub fn forget_news(
    write: &mut Write<'_>,
    member: Id<Member>,
    device: Id<Device>,
    here: Id<Device>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let key = (member, device);
    let known = write.get::<DeviceNews>(&key)?.is_some_and(|one| one.is_told_at(here, now));
    if known {
        write.delete::<DeviceNews>(&key)?;
    }
    Ok(known)
}
