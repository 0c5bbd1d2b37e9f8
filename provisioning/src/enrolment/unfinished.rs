//! Enrolments that stopped half-way: whom the office telephones.

use jiff::{SignedDuration, Timestamp};
use store::{Id, Order, Read, StoreError, Write};

use super::{Enrolment, EnrolmentByState, EnrolmentProblem, EnrolmentState};
use crate::cards::{self, Card, CardNumber};
use crate::devices::{Device, DeviceState};
use crate::members::Member;

/// Where it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The card was not used yet.
    Unused,
    /// The digits were not compared in time.
    NotApproved,
    /// Approved, and the certificate was not taken in time.
    NotTaken,
    /// Taken, and the device never spoke.
    NotSeen,
}

#[derive(Clone, Debug)]
pub struct Unfinished {
    pub step: Step,
    pub member: Id<Member>,
    pub device_name: Option<String>,
    pub since: Timestamp,
    /// When the card ends, where it was not used.
    pub ends_at: Option<Timestamp>,
    /// What the office ends to be done with it.
    pub ends: Option<Ends>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Card(CardNumber),
    Enrolment(Id<Enrolment>),
    Device(Id<Device>),
}

/// A day is more than anybody needs who has begun.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Who has not come back in a month will ask for another card.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// More than a set-up day brings at once.
const LISTED_MAX: usize = 500;

/// Those nearest to their end first, then cards by the day on which they expire.
pub fn unfinished(read: &Read<'_>, now: Timestamp) -> Result<Vec<Unfinished>, StoreError> {
    let mut found = Vec::new();
    for enrolment in in_state(read, EnrolmentState::Issued)? {
        if never_seen(read, &enrolment, now)? {
            found.push(stopped(Step::NotSeen, &enrolment));
        }
    }
    for (state, step) in [
        (EnrolmentState::Approved, Step::NotTaken),
        (EnrolmentState::WaitingApproval, Step::NotApproved),
    ] {
        for enrolment in in_state(read, state)? {
            if gone_by(read, &enrolment, now)? {
                found.push(stopped(step, &enrolment));
            }
        }
    }
    let cards = cards::open(read, now)?.into_iter();
    let unused = cards.filter(|card| now.duration_since(card.issued_at) > PATIENCE);
    found.extend(unused.map(|card| unused_card(&card)));
    Ok(found)
}

fn in_state(read: &Read<'_>, state: EnrolmentState) -> Result<Vec<Enrolment>, StoreError> {
    let state = EnrolmentByState::of(state);
    Ok(read.page_by::<EnrolmentByState>(&state, Order::Ascending, None, LISTED_MAX)?.rows)
}

/// A device that was revoked in between is waited for no longer.
fn never_seen(read: &Read<'_>, one: &Enrolment, now: Timestamp) -> Result<bool, StoreError> {
    let (Some(device), Some(issued_at)) = (one.device, one.issued_at) else { return Ok(false) };
    if now.duration_since(issued_at) <= PATIENCE {
        return Ok(false);
    }
    let device: Option<Device> = read.get(&device)?;
    Ok(device.is_some_and(|device| device.state == DeviceState::Active))
}

/// Too late, and no newer card or code of the member has taken its place.
fn gone_by(read: &Read<'_>, one: &Enrolment, now: Timestamp) -> Result<bool, StoreError> {
    if !one.is_expired(now) || now.duration_since(one.redeemed_at) > FORGOTTEN_AFTER {
        return Ok(false);
    }
    let newest = cards::of_member(read, one.member)?.into_iter().next();
    Ok(newest.is_none_or(|card| card.issued_at <= one.redeemed_at))
}

fn stopped(step: Step, enrolment: &Enrolment) -> Unfinished {
    let since = match step {
        Step::NotSeen => enrolment.issued_at,
        Step::NotTaken => enrolment.approved_at,
        Step::NotApproved | Step::Unused => None,
    };
    let ends = match step {
        Step::NotSeen => enrolment.device.map(Ends::Device),
        Step::NotTaken | Step::NotApproved => Some(Ends::Enrolment(enrolment.id)),
        Step::Unused => None,
    };
    Unfinished {
        step,
        member: enrolment.member,
        device_name: Some(enrolment.device_name.clone()),
        since: since.unwrap_or(enrolment.redeemed_at),
        ends_at: None,
        ends,
    }
}

fn unused_card(card: &Card) -> Unfinished {
    Unfinished {
        step: Step::Unused,
        member: card.member,
        device_name: None,
        since: card.issued_at,
        ends_at: Some(card.expires_at),
        ends: Some(Ends::Card(card.number)),
    }
}

/// Ends one that never came to a certificate.
pub fn cancel(write: &mut Write<'_>, id: Id<Enrolment>) -> Result<Enrolment, EnrolmentProblem> {
    let mut one: Enrolment = write.get(&id)?.ok_or(EnrolmentProblem::Unknown)?;
    match one.state {
        EnrolmentState::WaitingApproval | EnrolmentState::Approved => {}
        EnrolmentState::Issued | EnrolmentState::FirstSeen | EnrolmentState::Refused => {
            return Err(EnrolmentProblem::OtherStep);
        }
    }
    one.state = EnrolmentState::Refused;
    write.put(&one)?;
    Ok(one)
}
