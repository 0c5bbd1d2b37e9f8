//! A set-up day: for some hours, cards lead to a device without single approvals.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Clock, Id, Index, Indexer, Newest, Order, Plain, Read, Record, StoreError, Write};

use crate::facilities::Facility;
use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupWindow {
    pub id: Id<Self>,
    /// `None` for all facilities.
    pub facility: Option<Id<Facility>>,
    pub opened_by: Id<Member>,
    #[serde(with = "store::micros")]
    pub from: Timestamp,
    #[serde(with = "store::micros")]
    pub until: Timestamp,
    /// Closed before its end.
    #[serde(with = "store::micros::maybe")]
    pub closed_at: Option<Timestamp>,
}

impl SetupWindow {
    /// A day's work; a forgotten window must not stand open over night.
    pub const HOURS_MAX: i64 = 12;

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.closed_at.is_none() && now < self.until
    }

    fn covers(&self, facility: Id<Facility>) -> bool {
        self.facility.is_none_or(|own| own == facility)
    }
}

impl Record for SetupWindow {
    type Key = Id<Self>;
    const TABLE: &'static str = "setup_windows";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[WindowByEnd::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<WindowByEnd>(&Newest(self.until));
    }
}

impl Plain for SetupWindow {}

/// Those that end last in front, so that the open ones come first.
struct WindowByEnd;

impl Index for WindowByEnd {
    type Record = SetupWindow;
    type Key = Newest;
    const TABLE: &'static str = "setup_windows_by_end";
}

/// One a facility on the day on which a whole area starts. Those that are over stand behind.
const OPEN_MAX: usize = 200;

/// A read brings a day's windows; those of past years are never looked at.
const ROWS_A_READ: usize = 20;

#[derive(Debug, thiserror::Error)]
pub enum WindowProblem {
    #[error("a window lasts from one to {} hours", SetupWindow::HOURS_MAX)]
    Hours,
    #[error("no such facility or window")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn open_window(
    write: &mut Write<'_>,
    clock: &Clock,
    facility: Option<Id<Facility>>,
    hours: i64,
    opened_by: Id<Member>,
) -> Result<SetupWindow, WindowProblem> {
    if !(1..=SetupWindow::HOURS_MAX).contains(&hours) {
        return Err(WindowProblem::Hours);
    }
    if let Some(facility) = facility
        && write.get::<Facility>(&facility)?.is_none()
    {
        return Err(WindowProblem::Unknown);
    }
    let from = clock.now();
    let until = from + SignedDuration::from_hours(hours);
    let window = SetupWindow { id: clock.id(), facility, opened_by, from, until, closed_at: None };
    write.put(&window)?;
    Ok(window)
}

pub fn close_window(
    write: &mut Write<'_>,
    id: Id<SetupWindow>,
    now: Timestamp,
) -> Result<SetupWindow, WindowProblem> {
    let mut window: SetupWindow = write.get(&id)?.ok_or(WindowProblem::Unknown)?;
    if window.is_open(now) {
        window.closed_at = Some(now);
        write.put(&window)?;
    }
    Ok(window)
}

/// Newest first, open or over.
pub fn windows(read: &Read<'_>, rows_max: usize) -> Result<Vec<SetupWindow>, StoreError> {
    Ok(read.page_by::<WindowByEnd>(&(), Order::Ascending, None, rows_max)?.rows)
}

pub fn open_windows(read: &Read<'_>, now: Timestamp) -> Result<Vec<SetupWindow>, StoreError> {
    let mut open: Vec<SetupWindow> = Vec::new();
    let mut after = None;
    while open.len() < OPEN_MAX {
        let order = Order::Ascending;
        let page = read.page_by::<WindowByEnd>(&(), order, after.as_ref(), ROWS_A_READ)?;
        let reached_past = page.rows.iter().any(|window| window.until <= now);
        open.extend(page.rows.into_iter().filter(|window| window.is_open(now)));
        after = page.next;
        if reached_past || after.is_none() {
            break;
        }
    }
    Ok(open)
}

/// The window that lets a facility's card through, inside the act that redeems it.
pub(super) fn window_for(
    write: &Write<'_>,
    facility: Id<Facility>,
    now: Timestamp,
) -> Result<Option<SetupWindow>, StoreError> {
    let page = write.page_by::<WindowByEnd>(&(), Order::Ascending, None, OPEN_MAX)?;
    Ok(page.rows.into_iter().find(|one| one.is_open(now) && one.covers(facility)))
}
