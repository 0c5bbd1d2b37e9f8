//! What waits to be told outside: it begins with the arrival's act and ends with the reader's.

use jiff::Timestamp;
use provisioning::facilities::Facility;
use provisioning::members::Member;
use store::{Id, Record as _, StoreError, Write};

use super::model::{Holder, To, Waiting, Way, Wish, patience};
use super::tables::{schedule, waiting_of, ways_of};
use crate::notices::Arrival;

/// Lets a member's ways wait for it. Who has none costs one look.
pub fn await_member(
    write: &mut Write<'_>,
    member: Id<Member>,
    about: [u8; 16],
    urgent: bool,
    at: Timestamp,
) -> Result<(), StoreError> {
    await_holder(write, Holder::Member(member), about, urgent, at)
}

/// The address of a facility hears of its mailboxes.
pub fn arrive_at_facility(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    arrival: &Arrival,
) -> Result<(), StoreError> {
    let holder = Holder::Facility(facility);
    await_holder(write, holder, arrival.about, arrival.urgent, arrival.at)
}

fn await_holder(
    write: &mut Write<'_>,
    holder: Holder,
    about: [u8; 16],
    urgent: bool,
    at: Timestamp,
) -> Result<(), StoreError> {
    let wish = if urgent { Wish::TellUrgently } else { Wish::Tell };
    for mut way in ways_of(write, holder)? {
        if way.stopped.is_some() {
            continue;
        }
        let waiting = Waiting { way: way.id, about, wish, at, claimed: None };
        write.put(&waiting)?;
        // A notification that is on its way out stands again.
        write.delete::<Waiting>(&(way.id, CLOSING))?;
        // Whoever sends, or waits after a failure, looks for more by itself.
        if way.due.is_some() && (way.attempt.is_some() || way.failures > 0) {
            continue;
        }
        let first = match wish {
            Wish::Tell => at.saturating_add(patience(way.to.kind())).unwrap_or(at),
            Wish::TellUrgently | Wish::Close => at,
        };
        if way.due.is_none_or(|due| first < due) {
            schedule(write, &mut way, Some(first))?;
            write.put(&way)?;
        }
    }
    Ok(())
}

/// It was read, so nothing tells of it any more.
pub fn cancel(write: &mut Write<'_>, holder: Holder, about: [u8; 16]) -> Result<(), StoreError> {
    for way in ways_of(write, holder)? {
        write.delete::<Waiting>(&(way.id, about))?;
    }
    Ok(())
}

/// The same, where only the ways outside are meant.
pub fn cancel_outside(
    write: &mut Write<'_>,
    member: Id<Member>,
    about: [u8; 16],
) -> Result<(), StoreError> {
    cancel(write, Holder::Member(member), about)
}

pub fn end_at_facility(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    about: [u8; 16],
) -> Result<(), StoreError> {
    cancel(write, Holder::Facility(facility), about)
}

/// No thing has this id.
const CLOSING: [u8; 16] = [0; 16];

/// Nothing is open any more: what devices still show goes. Apple's service takes back the right
/// to push from whoever pushes without showing, so its devices keep theirs until they are touched.
pub fn close_shown(write: &mut Write<'_>, member: Id<Member>) -> Result<(), StoreError> {
    for mut way in ways_of(write, Holder::Member(member))? {
        let To::Push(subscription) = &way.to else { continue };
        // One that is on its way will be shown in a moment.
        let shown = way.shown || way.attempt.is_some();
        if !shown || subscription.must_show() {
            continue;
        }
        // The store's clock is not at hand; the worker looks at once in any case.
        let at = way.told_at.unwrap_or(way.since);
        let waiting = Waiting { way: way.id, about: CLOSING, wish: Wish::Close, at, claimed: None };
        write.put(&waiting)?;
        if way.due.is_none() || (way.attempt.is_none() && way.failures == 0) {
            schedule(write, &mut way, Some(at))?;
            write.put(&way)?;
        }
    }
    Ok(())
}

/// A way ends, with everything that waits for it.
pub fn forget(write: &mut Write<'_>, mut way: Way) -> Result<(), StoreError> {
    loop {
        let rows = waiting_of(write, way.id)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            write.delete::<Waiting>(&row.key())?;
        }
    }
    schedule(write, &mut way, None)?;
    write.delete::<Way>(&way.id)
}
