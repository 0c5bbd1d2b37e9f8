//! Stand-in access: a member at another facility's device for a day, when the own one fails.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Clock, Id, Index, Indexer, Newest, Order, Plain, Read, Record, StoreError, Write};

use super::{Device, DeviceState};
use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    pub id: Id<Self>,
    pub member: Id<Member>,
    pub device: Id<Device>,
    /// Why, in the office's words.
    pub reason: String,
    #[serde(with = "store::micros")]
    pub from: Timestamp,
    #[serde(with = "store::micros")]
    pub until: Timestamp,
    pub granted_by: Id<Member>,
    /// Taken back before its end.
    #[serde(with = "store::micros::maybe")]
    pub ended_at: Option<Timestamp>,
}

impl StandIn {
    /// A day is what a repair or the post takes; longer is a matter for a card.
    pub const VALID: SignedDuration = SignedDuration::from_hours(24);

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.until
    }
}

impl Record for StandIn {
    type Key = Id<Self>;
    const TABLE: &'static str = "stand_ins";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[StandInByMember::TABLE, StandInByEnd::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<StandInByMember>(&(self.member, Newest(self.until)));
        indexer.add::<StandInByEnd>(&Newest(self.until));
    }
}

impl Plain for StandIn {}

struct StandInByMember;

impl Index for StandInByMember {
    type Record = StandIn;
    type Key = (Id<Member>, Newest);
    const TABLE: &'static str = "stand_ins_by_member";
}

/// Those that end last in front, so that the open ones come first.
struct StandInByEnd;

impl Index for StandInByEnd {
    type Record = StandIn;
    type Key = Newest;
    const TABLE: &'static str = "stand_ins_by_end";
}

/// More than one day brings for one member, or for all of them.
const OF_MEMBER_MAX: usize = 20;
const OPEN_MAX: usize = 200;

#[derive(Debug, thiserror::Error)]
pub enum StandInProblem {
    #[error("no such member, device or grant")]
    Unknown,
    #[error("the device is not in use")]
    NotActive,
    #[error("a device of the office opens the desk, so it is nobody else's")]
    OfficeDevice,
    #[error("the member may use this device anyway")]
    OwnFacility,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn grant_stand_in(
    write: &mut Write<'_>,
    clock: &Clock,
    member: Id<Member>,
    device: Id<Device>,
    reason: String,
    granted_by: Id<Member>,
) -> Result<StandIn, StandInProblem> {
    let who: Member = write.get(&member)?.ok_or(StandInProblem::Unknown)?;
    let place: Device = write.get(&device)?.ok_or(StandInProblem::Unknown)?;
    if place.state != DeviceState::Active {
        return Err(StandInProblem::NotActive);
    }
    if place.office {
        return Err(StandInProblem::OfficeDevice);
    }
    if place.facility == who.facility {
        return Err(StandInProblem::OwnFacility);
    }
    let from = clock.now();
    let made = StandIn {
        id: clock.id(),
        member,
        device,
        reason,
        from,
        until: from + StandIn::VALID,
        granted_by,
        ended_at: None,
    };
    write.put(&made)?;
    Ok(made)
}

/// Ending twice keeps the first time.
pub fn end_stand_in(
    write: &mut Write<'_>,
    id: Id<StandIn>,
    now: Timestamp,
) -> Result<StandIn, StandInProblem> {
    let mut ended: StandIn = write.get(&id)?.ok_or(StandInProblem::Unknown)?;
    if ended.ended_at.is_none() {
        ended.ended_at = Some(now);
        write.put(&ended)?;
    }
    Ok(ended)
}

/// The gate's question, where a member's facility is not the device's.
pub fn stand_in(
    read: &Read<'_>,
    member: Id<Member>,
    device: Id<Device>,
    now: Timestamp,
) -> Result<Option<StandIn>, StoreError> {
    let page = read.page_by::<StandInByMember>(&member, Order::Ascending, None, OF_MEMBER_MAX)?;
    Ok(page.rows.into_iter().find(|one| one.device == device && one.is_open(now)))
}

pub fn open_stand_ins(read: &Read<'_>, now: Timestamp) -> Result<Vec<StandIn>, StoreError> {
    let page = read.page_by::<StandInByEnd>(&(), Order::Ascending, None, OPEN_MAX)?;
    Ok(page.rows.into_iter().filter(|one| one.is_open(now)).collect())
}

/// Open ones at some devices: what a facility's manager sees of guests.
pub fn stand_ins_at(
    read: &Read<'_>,
    devices: &[Id<Device>],
    now: Timestamp,
) -> Result<Vec<StandIn>, StoreError> {
    let open = open_stand_ins(read, now)?;
    Ok(open.into_iter().filter(|one| devices.contains(&one.device)).collect())
}
