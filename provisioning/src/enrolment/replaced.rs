//! Old devices whose successors took a certificate and never spoke.
//!
//! The first contact of the new device ends the old one. Where it never comes, the old one ends a
//! week later, unless it is still in use: then the replacement failed, and the office's list of
//! enrolments that stopped half-way tells so.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Id, Newest, Order, Plain, Read, Record, StoreError, Write};

use super::{Enrolment, EnrolmentByState, EnrolmentState};
use crate::cards::terms;
use crate::devices::{self, Device, DeviceSeen, DeviceState, RevokeProblem};
use crate::facilities::Facility;
use crate::members::Member;

/// How long the old device waits for the new one, and how long its own silence is.
const OLD_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// More than wait at once in any area.
const LISTED_MAX: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum RetireProblem {
    #[error("the device has ended, or has spoken since")]
    NotNow,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Devices to end now.
pub fn replaced_and_silent(read: &Read<'_>, now: Timestamp) -> Result<Vec<Id<Device>>, StoreError> {
    let issued = EnrolmentByState::of(EnrolmentState::Issued);
    let page = read.page_by::<EnrolmentByState>(&issued, Order::Descending, None, LISTED_MAX)?;
    let mut silent = Vec::new();
    for one in page.rows.iter().filter(|one| is_late(one, now)) {
        let Some(old) = terms(read, one.card)?.purpose.replaces() else { continue };
        let device: Option<Device> = read.get(&old)?;
        let seen: Option<DeviceSeen> = read.get(&old)?;
        // A new device that was revoked in between replaces nothing.
        let new: Option<Device> = match one.device {
            Some(new) => read.get(&new)?,
            None => None,
        };
        let is_active =
            |device: Option<Device>| device.is_some_and(|one| one.state == DeviceState::Active);
        if is_active(device) && is_active(new) && is_silent(seen.as_ref(), now) {
            silent.push(old);
        }
    }
    Ok(silent)
}

fn is_late(one: &Enrolment, now: Timestamp) -> bool {
    one.issued_at.is_some_and(|at| now.duration_since(at) >= OLD_KEPT)
}

fn is_silent(seen: Option<&DeviceSeen>, now: Timestamp) -> bool {
    seen.is_none_or(|seen| now.duration_since(seen.at) >= OLD_KEPT)
}

pub fn retire_silent(
    write: &mut Write<'_>,
    old: Id<Device>,
    now: Timestamp,
) -> Result<(), RetireProblem> {
    let device: Device = write.get(&old)?.ok_or(RetireProblem::NotNow)?;
    let seen: Option<DeviceSeen> = write.get(&old)?;
    if device.state != DeviceState::Active || !is_silent(seen.as_ref(), now) {
        return Err(RetireProblem::NotNow);
    }
    match devices::retire(write, old, now) {
        Ok(_) => Ok(()),
        Err(RevokeProblem::Unknown) => Err(RetireProblem::NotNow),
        Err(RevokeProblem::Store(error)) => Err(error.into()),
    }
}

/// Somebody began to replace a device that others enrolled: its facility's managers are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaceNews {
    pub facility: Id<Facility>,
    pub device: Id<Device>,
    pub by: Id<Member>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

impl Record for ReplaceNews {
    type Key = (Id<Facility>, Newest, Id<Device>);
    const TABLE: &'static str = "replace_news";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.facility, Newest(self.at), self.device)
    }
}

impl Plain for ReplaceNews {}

/// What a manager has not answered, newest first.
pub fn replace_news(
    read: &Read<'_>,
    facility: Id<Facility>,
) -> Result<Vec<ReplaceNews>, StoreError> {
    const SHOWN_MAX: usize = 50;
    Ok(read.page::<ReplaceNews>(&facility, Order::Ascending, None, SHOWN_MAX)?.rows)
}

/// A manager has read all that is told about a device; answers how many there were.
pub fn forget_replace_news(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    device: Id<Device>,
) -> Result<usize, StoreError> {
    const LOOKED_AT_MAX: usize = 500;
    let page = write.page::<ReplaceNews>(&facility, Order::Ascending, None, LOOKED_AT_MAX)?;
    let of_device: Vec<_> = page.rows.iter().filter(|one| one.device == device).collect();
    for one in &of_device {
        write.delete::<ReplaceNews>(&one.key())?;
    }
    Ok(of_device.len())
}
