//! What the office has to look at: a key in two places, a device that nobody knows, a loss.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Id, Index, Indexer, Newest, Order, Plain, Read, Record, StoreError, Write};

use super::Device;
use crate::members::Member;

/// One a device and kind; it opens again when the same thing happens after it was settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    pub device: Id<Device>,
    pub kind: AlarmKind,
    #[serde(with = "store::micros")]
    pub raised_at: Timestamp,
    #[serde(with = "store::micros")]
    pub last_at: Timestamp,
    pub times: u32,
    pub settled: Option<Settled>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlarmKind {
    /// The device's key was used from two addresses at once.
    TwoPlaces { addresses: [String; 2] },
    /// The member in whose name it was enrolled does not know it; it is revoked already.
    Denied { by: Id<Member> },
    /// Reported lost or stolen by somebody outside the office; it is revoked already.
    Lost { by: Id<Member> },
    /// A certificate of another device was shown inside of this device's tunnel.
    ForeignCertificate { of: Id<Device> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub by: Id<Member>,
    pub how: Settling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settling {
    /// Looked at; the next time is told again.
    LookedAt,
    /// A site with two lines: these two addresses are not told again.
    Known,
}

impl AlarmKind {
    const fn number(&self) -> u8 {
        match self {
            Self::TwoPlaces { .. } => 0,
            Self::Denied { .. } => 1,
            Self::Lost { .. } => 2,
            Self::ForeignCertificate { .. } => 3,
        }
    }

    /// The same two places, whichever was first.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::TwoPlaces { addresses: [a, b] }, Self::TwoPlaces { addresses: [c, d] }) => {
                (a == c && b == d) || (a == d && b == c)
            }
            (
                Self::TwoPlaces { .. }
                | Self::Denied { .. }
                | Self::Lost { .. }
                | Self::ForeignCertificate { .. },
                _,
            ) => false,
        }
    }
}

impl Record for Alarm {
    type Key = (Id<Device>, u8);
    const TABLE: &'static str = "device_alarms";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[AlarmByState::TABLE];

    fn key(&self) -> Self::Key {
        (self.device, self.kind.number())
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        let state = u8::from(self.settled.is_some());
        indexer.add::<AlarmByState>(&(state, Newest(self.last_at)));
    }
}

impl Plain for Alarm {}

/// Open ones first, newest in front.
pub struct AlarmByState;

impl Index for AlarmByState {
    type Record = Alarm;
    type Key = (u8, Newest);
    const TABLE: &'static str = "device_alarms_by_state";
}

const OPEN: u8 = 0;

/// More than a clerk looks at in a day; the rest comes when these are settled.
const ALARMS_LISTED_MAX: usize = 100;

/// Kinds of alarms that one device can have.
const ALARMS_OF_DEVICE_MAX: usize = 8;

/// `false` where the office knows it already.
pub fn raise(
    write: &mut Write<'_>,
    device: Id<Device>,
    kind: AlarmKind,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let before: Option<Alarm> = write.get(&(device, kind.number()))?;
    let known = |before: &Alarm| {
        let told = before.settled.as_ref().is_some_and(|one| one.how == Settling::Known);
        told && before.kind.is_same(&kind)
    };
    if before.as_ref().is_some_and(known) {
        return Ok(false);
    }
    let open = before.filter(|before| before.settled.is_none());
    let (raised_at, times) = open.map_or((now, 0), |open| (open.raised_at, open.times));
    let times = times.saturating_add(1);
    write.put(&Alarm { device, kind, raised_at, last_at: now, times, settled: None })?;
    Ok(true)
}

/// Settles every open alarm of a device; answers how many there were.
pub fn settle(
    write: &mut Write<'_>,
    device: Id<Device>,
    how: Settling,
    by: Id<Member>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let page = write.page::<Alarm>(&device, Order::Ascending, None, ALARMS_OF_DEVICE_MAX)?;
    let open: Vec<Alarm> = page.rows.into_iter().filter(|one| one.settled.is_none()).collect();
    for alarm in &open {
        write.put(&Alarm { settled: Some(Settled { at: now, by, how }), ..alarm.clone() })?;
    }
    Ok(open.len())
}

pub fn open_alarms(read: &Read<'_>) -> Result<Vec<Alarm>, StoreError> {
    Ok(read.page_by::<AlarmByState>(&OPEN, Order::Ascending, None, ALARMS_LISTED_MAX)?.rows)
}

pub fn open_alarms_of(read: &Read<'_>, device: Id<Device>) -> Result<Vec<Alarm>, StoreError> {
    let page = read.page::<Alarm>(&device, Order::Ascending, None, ALARMS_OF_DEVICE_MAX)?;
    Ok(page.rows.into_iter().filter(|alarm| alarm.settled.is_none()).collect())
}
