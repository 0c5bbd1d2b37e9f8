//! From the card to a working device: the figure that the product is judged by.
//!
//! What somebody's eyes take is shown apart: a card redeemed at lunchtime waits for the office.

use jiff::SignedDuration;
use store::{Order, Read, StoreError};

use super::{Enrolment, EnrolmentByState, EnrolmentState};

/// What the office can still remember.
const MEASURED_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    pub devices: usize,
    /// From the card to the first contact, without the wait for approval.
    pub working: Spread,
    /// From the card to the approval.
    pub waiting: Spread,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub median: SignedDuration,
    pub slowest: SignedDuration,
}

impl Spread {
    /// Of an even number of times the later one of the middle: no figure looks better than it is.
    fn of(mut times: Vec<SignedDuration>) -> Option<Self> {
        times.sort_unstable();
        let median = *times.get(times.len() / 2)?;
        Some(Self { median, slowest: *times.last()? })
    }
}

/// Of the devices that were seen last; `None` before the first one.
pub fn timing(read: &Read<'_>) -> Result<Option<Timing>, StoreError> {
    let seen = EnrolmentByState::of(EnrolmentState::FirstSeen);
    let rows = read.page_by::<EnrolmentByState>(&seen, Order::Ascending, None, MEASURED_MAX)?.rows;
    Ok(of(&rows))
}

fn of(rows: &[Enrolment]) -> Option<Timing> {
    let waiting: Vec<_> = rows.iter().map(Enrolment::waited).collect();
    let took = rows.iter().map(|one| one.took().unwrap_or_default());
    let working = took.zip(&waiting).map(|(took, waited)| took.saturating_sub(*waited));
    Some(Timing {
        devices: rows.len(),
        working: Spread::of(working.collect())?,
        waiting: Spread::of(waiting)?,
    })
}

impl Enrolment {
    /// What passed before somebody approved.
    pub fn waited(&self) -> SignedDuration {
        self.approved_at.map_or(SignedDuration::ZERO, |at| at.duration_since(self.redeemed_at))
    }
}
