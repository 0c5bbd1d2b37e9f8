//! Taking in hand what is due, and saying what became of it.

use jiff::{SignedDuration, Timestamp};
use provisioning::devices::{Device, DeviceState};
use provisioning::facilities::{Facility, FacilityState};
use provisioning::members::{Member, Standing};
use store::{Clock, Id, Order, Record as _, StoreError, Write};

use super::acts::forget;
use super::model::{
    Attempt, Dead, FAILURES_MAX, Holder, LEASE, OutsidePolicy, Peace, Reason, Stopped, To, Trouble,
    Waiting, Way, WayKind, Wish, back_off,
};
use super::tables::{note_health, schedule, waiting_of};
use crate::kit::japanese::today;
use crate::kit::quiet::{facility_quiet_until, member_quiet_until};
use crate::kit::session::{Session, SessionByMember};

/// What a worker is to send.
#[derive(Clone, Debug)]
pub struct Task {
    pub way: Way,
    pub attempt: [u8; 16],
    pub wish: Wish,
    /// The same for the same things, so that a server may know a repetition.
    pub mark: [u8; 16],
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Told,
    /// Worth another try.
    Later(Reason),
    /// This place will never take anything.
    Never(Reason),
    /// There is no such place any more.
    Gone,
}

/// Takes a way in hand, if it is due, nobody else has it and it may be told now.
pub fn claim(
    write: &mut Write<'_>,
    clock: &Clock,
    id: Id<Way>,
    bundle: SignedDuration,
) -> Result<Option<Task>, StoreError> {
    let now = clock.now();
    let Some(mut way) = write.get::<Way>(&id)? else { return Ok(None) };
    if way.due.is_none_or(|due| due > now) {
        return Ok(None);
    }
    if way.attempt.take().is_some() {
        // Its worker died: what it had in hand is told by this one.
        release(write, way.id)?;
    }
    if !may_be_told(write, &way, now)? {
        return forget(write, way).map(|()| None);
    }
    let peace = peace(write, &way, now, bundle)?;
    let kind = way.to.kind();
    let (ripe, unripe): (Vec<_>, Vec<_>) =
        waiting_of(write, id)?.into_iter().partition(|one| one.ripe_at(kind, peace) <= now);
    let Some(wish) = loudest(&ripe) else {
        // The pause after a failure is over: from here on arrivals wake the way again.
        way.failures = 0;
        let next = unripe.iter().map(|one| one.ripe_at(kind, peace)).min();
        schedule(write, &mut way, next)?;
        write.put(&way)?;
        return Ok(None);
    };
    let attempt = clock.random();
    let mut names = way.id.bytes().to_vec();
    for mut one in ripe {
        names.extend(one.about);
        one.claimed = Some(attempt);
        write.put(&one)?;
    }
    let until = now.saturating_add(LEASE).unwrap_or(now);
    way.attempt = Some(Attempt { number: attempt, until });
    schedule(write, &mut way, Some(until))?;
    write.put(&way)?;
    let mark = write.blind(&names);
    Ok(Some(Task { way, attempt, wish, mark }))
}

/// One telling stands for all that is ripe: as loud as the loudest.
fn loudest(ripe: &[Waiting]) -> Option<Wish> {
    let has = |wish: Wish| ripe.iter().any(|one| one.wish == wish);
    [Wish::TellUrgently, Wish::Tell, Wish::Close].into_iter().find(|wish| has(*wish))
}

fn release(write: &mut Write<'_>, way: Id<Way>) -> Result<(), StoreError> {
    for mut one in waiting_of(write, way)?.into_iter().filter(|one| one.claimed.is_some()) {
        one.claimed = None;
        write.put(&one)?;
    }
    Ok(())
}

/// Whether there still is somebody to be told here.
fn may_be_told(write: &Write<'_>, way: &Way, now: Timestamp) -> Result<bool, StoreError> {
    let facility = match way.holder {
        Holder::Member(id) => {
            let Some(member) = write.get::<Member>(&id)? else { return Ok(false) };
            if !matches!(member.standing(today(now)), Standing::Welcome | Standing::Locked) {
                return Ok(false);
            }
            member.facility
        }
        Holder::Facility(id) => id,
    };
    let facility: Option<Facility> = write.get(&facility)?;
    if facility.is_none_or(|facility| facility.state != FacilityState::Active) {
        return Ok(false);
    }
    match &way.to {
        To::Mail(_) => {
            let policy: OutsidePolicy = write.get(&())?.unwrap_or_default();
            Ok(match way.holder {
                Holder::Member(_) => policy.members,
                Holder::Facility(_) => policy.facilities,
            })
        }
        To::Push(subscription) => {
            let device: Option<Device> = write.get(&subscription.device)?;
            Ok(device.is_some_and(|device| device.state == DeviceState::Active))
        }
    }
}

fn peace(
    write: &Write<'_>,
    way: &Way,
    now: Timestamp,
    bundle: SignedDuration,
) -> Result<Peace, StoreError> {
    let quiet_until = match way.holder {
        Holder::Member(id) => match write.get::<Member>(&id)? {
            Some(member) => member_quiet_until(write, &member, now)?,
            None => None,
        },
        Holder::Facility(id) => facility_quiet_until(write, id, now)?,
    };
    let bundled_until = match (way.to.kind(), way.told_at) {
        (WayKind::Mail, Some(told)) if !was_seen(write, way.holder, told)? => {
            told.checked_add(bundle).ok()
        }
        // A push replaces the one before it.
        (WayKind::Mail | WayKind::Push, _) => None,
    };
    Ok(Peace { quiet_until, bundled_until })
}

/// Whether a member was at a screen since this moment.
fn was_seen(write: &Write<'_>, holder: Holder, since: Timestamp) -> Result<bool, StoreError> {
    /// One's newest sessions.
    const SESSIONS_LOOKED_AT: usize = 20;
    let Holder::Member(id) = holder else { return Ok(false) };
    let order = Order::Ascending;
    let page = write.page_by::<SessionByMember>(&id, order, None, SESSIONS_LOOKED_AT)?;
    Ok(page.rows.iter().any(|session: &Session| session.touched > since))
}

/// Says what became of an attempt. One that lost its lease says nothing any more.
pub fn finish(
    write: &mut Write<'_>,
    clock: &Clock,
    task: &Task,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let now = clock.now();
    let kind = task.way.to.kind();
    note_health(write, kind, |health| match outcome {
        Outcome::Told => health.good_at = Some(now),
        Outcome::Later(reason) | Outcome::Never(reason) => {
            health.trouble = Some(Trouble { at: now, reason });
        }
        Outcome::Gone => {}
    })?;
    let Some(mut way) = write.get::<Way>(&task.way.id)? else { return Ok(()) };
    if way.attempt.is_none_or(|attempt| attempt.number != task.attempt) {
        return Ok(());
    }
    way.attempt = None;
    let waiting = waiting_of(write, way.id)?;
    let (claimed, fresh): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|one| one.claimed == Some(task.attempt));
    let next = fresh.iter().map(|one| one.at).min();
    match outcome {
        Outcome::Gone => return forget(write, way),
        Outcome::Told => {
            drop_all(write, &claimed)?;
            // Also what more waited than one telling looks at.
            let next = waiting_of(write, way.id)?.iter().map(|one| one.at).min();
            way.failures = 0;
            way.shown = task.wish != Wish::Close;
            if way.shown {
                way.told_at = Some(now);
            }
            schedule(write, &mut way, next)?;
        }
        Outcome::Later(reason) if way.failures.saturating_add(1) >= FAILURES_MAX => {
            bury(write, clock, &way, &claimed, reason)?;
            way.failures = 0;
            schedule(write, &mut way, next)?;
        }
        Outcome::Later(_) => {
            way.failures = way.failures.saturating_add(1);
            release(write, way.id)?;
            let at = now.saturating_add(back_off(way.failures)).unwrap_or(now);
            // Without anything left to tell there is nothing to come back for.
            let left = !claimed.is_empty() || next.is_some();
            if !left {
                way.failures = 0;
            }
            schedule(write, &mut way, left.then_some(at))?;
        }
        Outcome::Never(reason) => {
            bury(write, clock, &way, &claimed, reason)?;
            drop_all(write, &fresh)?;
            way.stopped = Some(Stopped { at: now, reason });
            schedule(write, &mut way, None)?;
        }
    }
    write.put(&way)
}

fn drop_all(write: &mut Write<'_>, rows: &[Waiting]) -> Result<(), StoreError> {
    rows.iter().try_for_each(|one| write.delete::<Waiting>(&one.key()))
}

/// Given up for this way; the bell goes on, and the office sees it.
fn bury(
    write: &mut Write<'_>,
    clock: &Clock,
    way: &Way,
    claimed: &[Waiting],
    reason: Reason,
) -> Result<(), StoreError> {
    drop_all(write, claimed)?;
    if claimed.iter().all(|one| one.wish == Wish::Close) {
        return Ok(());
    }
    write.put(&Dead {
        id: clock.id(),
        holder: way.holder,
        mail: way.to.kind() == WayKind::Mail,
        notices: u16::try_from(claimed.len()).unwrap_or(u16::MAX),
        tries: way.failures.saturating_add(1),
        reason,
        at: clock.now(),
    })
}
