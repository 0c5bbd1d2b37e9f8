//! Stock-takes and answers as rows, and how far the facilities have come.

use std::collections::BTreeMap;

use jiff::Timestamp;
use store::{Clock, Id, Order, Plain, Read, Record, StoreError, Write};

use super::{StockAnswer, StockProblem, StockTake, There};
use crate::devices::{self, Device, DeviceState};
use crate::facilities::Facility;
use crate::members::Member;

impl Record for StockTake {
    type Key = Id<Self>;
    const TABLE: &'static str = "stock_takes";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Plain for StockTake {}

impl Record for StockAnswer {
    type Key = (Id<StockTake>, Id<Device>);
    const TABLE: &'static str = "stock_answers";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.take, self.device)
    }
}

impl Plain for StockAnswer {}

/// A device that is asked about, with what was said of it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub device: Device,
    pub answer: Option<StockAnswer>,
}

/// How far one facility has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub devices: usize,
    pub answered: usize,
    pub missing: usize,
    pub unsure: usize,
}

impl Progress {
    fn count(&mut self, answer: Option<&StockAnswer>) {
        self.devices += 1;
        let Some(answer) = answer else { return };
        self.answered += 1;
        match answer.there {
            There::Here => {}
            There::Missing => self.missing += 1,
            There::Unsure => self.unsure += 1,
        }
    }
}

/// The one that is going on: ids grow with time, so that only the newest can be.
pub fn current(read: &Read<'_>) -> Result<Option<StockTake>, StoreError> {
    let newest = read.page::<StockTake>(&(), Order::Descending, None, 1)?.rows.pop();
    Ok(newest.filter(|take| take.closed_at.is_none()))
}

/// Those that are over, newest first.
pub fn finished(read: &Read<'_>, rows_max: usize) -> Result<Vec<StockTake>, StoreError> {
    let page = read.page::<StockTake>(&(), Order::Descending, None, rows_max)?;
    Ok(page.rows.into_iter().filter(|take| take.closed_at.is_some()).collect())
}

fn current_within(write: &Write<'_>) -> Result<Option<StockTake>, StoreError> {
    let newest = write.page::<StockTake>(&(), Order::Descending, None, 1)?.rows.pop();
    Ok(newest.filter(|take| take.closed_at.is_none()))
}

pub fn start(
    write: &mut Write<'_>,
    clock: &Clock,
    started_by: Id<Member>,
) -> Result<StockTake, StockProblem> {
    if current_within(write)?.is_some() {
        return Err(StockProblem::GoingOn);
    }
    let take = StockTake { id: clock.id(), started_by, started_at: clock.now(), closed_at: None };
    write.put(&take)?;
    Ok(take)
}

pub fn close(write: &mut Write<'_>, now: Timestamp) -> Result<StockTake, StockProblem> {
    let take = current_within(write)?.ok_or(StockProblem::NotGoingOn)?;
    let take = StockTake { closed_at: Some(now), ..take };
    write.put(&take)?;
    Ok(take)
}

/// `facility` is whose devices the answering person may speak of.
pub fn answer(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    device: Id<Device>,
    there: There,
    by: Id<Member>,
    now: Timestamp,
) -> Result<(), StockProblem> {
    let take = current_within(write)?.ok_or(StockProblem::NotGoingOn)?;
    let device: Device = write.get(&device)?.ok_or(StockProblem::Unknown)?;
    if device.facility != facility || !is_asked(&take, &device) {
        return Err(StockProblem::Unknown);
    }
    write.put(&StockAnswer { take: take.id, device: device.id, there, by, at: now })?;
    Ok(())
}

/// Devices in use when it began; what was enrolled since is known to be there, and what ended
/// since needs no answer any more.
fn is_asked(take: &StockTake, device: &Device) -> bool {
    device.state == DeviceState::Active && device.enrolled_at <= take.started_at
}

fn with_answer(
    read: &Read<'_>,
    take: &StockTake,
    devices: Vec<Device>,
) -> Result<Vec<Asked>, StoreError> {
    let asked = devices.into_iter().filter(|device| is_asked(take, device));
    let row = |device: Device| {
        let answer = read.get::<StockAnswer>(&(take.id, device.id))?;
        Ok(Asked { device, answer })
    };
    asked.map(row).collect()
}

/// A facility's devices: those without an answer first.
pub fn asked_of(
    read: &Read<'_>,
    take: &StockTake,
    facility: Id<Facility>,
) -> Result<Vec<Asked>, StoreError> {
    let mut asked = with_answer(read, take, devices::of_facility(read, facility)?)?;
    asked.sort_by_key(|one| one.answer.is_some());
    Ok(asked)
}

/// How many devices of a facility nobody has answered for.
pub fn left_of(
    read: &Read<'_>,
    take: &StockTake,
    facility: Id<Facility>,
) -> Result<usize, StoreError> {
    let asked = with_answer(read, take, devices::of_facility(read, facility)?)?;
    Ok(asked.iter().filter(|one| one.answer.is_none()).count())
}

/// All facilities that have devices to answer for.
pub fn progress(
    read: &Read<'_>,
    take: &StockTake,
) -> Result<BTreeMap<Id<Facility>, Progress>, StoreError> {
    let mut of: BTreeMap<Id<Facility>, Progress> = BTreeMap::new();
    for one in with_answer(read, take, devices::list(read)?)? {
        of.entry(one.device.facility).or_default().count(one.answer.as_ref());
    }
    Ok(of)
}
