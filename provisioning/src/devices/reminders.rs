//! Reminders that a device's certificate ends: once a stage, to whom it concerns.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::{Device, DeviceState, devices_ending, ends_at};
use crate::members::Member;

/// The latest one for a member about a device; the next stage takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    pub member: Id<Member>,
    pub device: Id<Device>,
    /// The end that it speaks of: of another certificate, it is about nothing any more.
    #[serde(with = "store::micros")]
    pub ends_at: Timestamp,
    /// The stage: days that were left at most.
    pub days: u8,
    pub told: Told,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    /// The member has read it.
    pub noted: bool,
}

/// Why a member hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Used the device in the last months.
    User,
    /// Manages its facility.
    Manager,
}

/// The last stage of a device, so that each comes once whatever happens to the box in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reminded {
    device: Id<Device>,
    #[serde(with = "store::micros")]
    ends_at: Timestamp,
    days: u8,
    #[serde(with = "store::micros")]
    at: Timestamp,
}

impl Record for Reminder {
    type Key = (Id<Member>, Id<Device>);
    const TABLE: &'static str = "device_reminders";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[ReminderByTime::TABLE];

    fn key(&self) -> Self::Key {
        (self.member, self.device)
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<ReminderByTime>(&self.at);
    }
}

impl Plain for Reminder {}

/// In the order in which they were sent.
pub struct ReminderByTime;

impl Index for ReminderByTime {
    type Record = Reminder;
    type Key = Timestamp;
    const TABLE: &'static str = "device_reminders_by_time";
}

impl Record for Reminded {
    type Key = Id<Device>;
    const TABLE: &'static str = "devices_reminded";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.device
    }
}

impl Plain for Reminded {}

/// Days before the end, the last one first.
const STAGES: [u8; 6] = [1, 3, 7, 14, 30, 60];

/// From here on the facility's manager hears of it as well.
const MANAGER_FROM: u8 = 30;

/// Rows read at a time: one stays for every device that a member ever used or managed.
const OF_PAGE: usize = 100;

/// A device whose next reminder is due.
#[derive(Clone, Debug)]
pub struct Due {
    pub device: Device,
    pub ends_at: Timestamp,
    pub days: u8,
}

impl Due {
    pub const fn is_for_managers(&self) -> bool {
        self.days <= MANAGER_FROM
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ReminderProblem {
    #[error("this reminder was sent, or is about nothing any more")]
    NotDue,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The stage that a certificate has reached; `None` before the first one and after the end.
pub(super) fn stage(ends_at: Timestamp, now: Timestamp) -> Option<u8> {
    let left = ends_at.duration_since(now);
    let reached = |days: &u8| left <= SignedDuration::from_hours(24 * i64::from(*days));
    STAGES.into_iter().find(reached).filter(|_| left.is_positive())
}

/// Of stages that were missed while the box stood still, only the last one is due.
pub fn due_reminders(read: &Read<'_>, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    let first = SignedDuration::from_hours(24 * 60);
    let mut due = Vec::new();
    for (device, ends_at) in devices_ending(read, now, now + first)? {
        let Some(days) = stage(ends_at, now) else { continue };
        let before: Option<Reminded> = read.get(&device.id)?;
        if !is_sent(before.as_ref(), ends_at, days) {
            due.push(Due { device, ends_at, days });
        }
    }
    Ok(due)
}

fn is_sent(before: Option<&Reminded>, ends_at: Timestamp, days: u8) -> bool {
    before.is_some_and(|before| before.ends_at == ends_at && before.days <= days)
}

/// Tells all of them in one act, with the mark that it was done.
pub fn remind(
    write: &mut Write<'_>,
    due: &Due,
    whom: &[(Id<Member>, Told)],
    now: Timestamp,
) -> Result<(), ReminderProblem> {
    let (id, ends_at, days) = (due.device.id, due.ends_at, due.days);
    let device: Option<Device> = write.get(&id)?;
    let is_active = device.is_some_and(|device| device.state == DeviceState::Active);
    if !is_active || is_sent(write.get::<Reminded>(&id)?.as_ref(), ends_at, days) {
        return Err(ReminderProblem::NotDue);
    }
    write.put(&Reminded { device: id, ends_at, days, at: now })?;
    for (member, told) in whom.iter().copied() {
        write.put(&Reminder { member, device: id, ends_at, days, told, at: now, noted: false })?;
    }
    Ok(())
}

/// What a member has to hear of, the soonest end first: neither read nor settled by a renewal.
pub fn reminders_of(
    read: &Read<'_>,
    member: Id<Member>,
    now: Timestamp,
) -> Result<Vec<Reminder>, StoreError> {
    let (mut waiting, mut after) = (Vec::new(), None);
    loop {
        let page = read.page::<Reminder>(&member, Order::Ascending, after.as_ref(), OF_PAGE)?;
        waiting.extend(page.rows.into_iter().filter(|one| !one.noted && one.ends_at > now));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut open = Vec::new();
    for one in waiting {
        let device: Option<Device> = read.get(&one.device)?;
        let is_active = device.is_some_and(|device| device.state == DeviceState::Active);
        if is_active && ends_at(read, one.device)? == Some(one.ends_at) {
            open.push(one);
        }
    }
    open.sort_by_key(|one| one.ends_at);
    Ok(open)
}

/// Those sent after a moment, in their order: for whoever carries them on by other ways.
pub fn reminders_since(
    read: &Read<'_>,
    after: Timestamp,
    rows_max: usize,
) -> Result<Vec<Reminder>, StoreError> {
    const LOOKED_BACK_MAX: usize = 10_000;
    let (order, mut found) = (Order::Descending, Vec::new());
    let mut cursor = None;
    while found.len() < LOOKED_BACK_MAX {
        let page = read.page_by::<ReminderByTime>(&(), order, cursor.as_ref(), rows_max)?;
        let reached_earlier = page.rows.iter().any(|one| one.at <= after);
        found.extend(page.rows.into_iter().filter(|one| one.at > after));
        cursor = page.next;
        if reached_earlier || cursor.is_none() {
            break;
        }
    }
    found.reverse();
    found.truncate(rows_max);
    Ok(found)
}

/// The member has read it; the next stage is told again. `false` where there was nothing to read.
pub fn forget_reminder(
    write: &mut Write<'_>,
    member: Id<Member>,
    device: Id<Device>,
) -> Result<bool, StoreError> {
    let found: Option<Reminder> = write.get(&(member, device))?;
    let Some(found) = found.filter(|one| !one.noted) else { return Ok(false) };
    write.put(&Reminder { noted: true, ..found })?;
    Ok(true)
}
