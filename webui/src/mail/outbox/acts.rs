//! Into the outbox, back out of it, and away.

use jiff::Timestamp;
use provisioning::members::Member;
use store::{Clock, Id, StoreError, Write};

use super::{Leave, Leaving, Sent};
use crate::kit::bell::What;
use crate::mail::delivery;
use crate::mail::drafts::{Draft, DraftProblem, DraftState, own_for_change, reads};
use crate::mail::model::{Mail, Owner};
use crate::notices::{self, Arrival};

/// Sends what the writer has seen: a draft that another window saved since is not sent. Whoever
/// cannot receive is found now, not when the mail leaves.
pub fn send(
    write: &mut Write<'_>,
    clock: &Clock,
    owner: Id<Member>,
    id: Id<Draft>,
    version: u64,
    leave: Leave,
) -> Result<Sent, DraftProblem> {
    let mut draft = own_for_change(write, owner, id)?;
    if draft.version != version {
        return Err(DraftProblem::SavedElsewhere);
    }
    if let DraftState::Outgoing { .. } = draft.state {
        return Err(DraftProblem::Leaving);
    }
    if !draft.missing().nothing() {
        return Err(DraftProblem::Incomplete);
    }
    let now = clock.now();
    let (leaves_at, chosen) = match leave {
        Leave::Soon { undo } if undo.is_zero() => {
            let mail = delivery::send(write, clock, draft)?;
            return Ok(Sent::Left { recipients: mail.recipients.len() });
        }
        Leave::Soon { undo } => (now.saturating_add(undo).unwrap_or(now), false),
        Leave::At { at } => (at, true),
    };
    if let Some(via) = draft.via
        && !reads(write, owner, via)?
    {
        return Err(DraftProblem::WrongSender);
    }
    let via = draft.via.map(Owner::mailbox);
    for one in via.iter().chain(&draft.recipients) {
        delivery::person(write, *one, now)?;
    }
    draft.state = DraftState::Outgoing { leaves_at, chosen };
    draft.version += 1;
    write.put(&draft)?;
    write.put(&Leaving { at: leaves_at, draft: id })?;
    Ok(Sent::Waits { leaves_at, chosen })
}

/// Second thoughts: the draft is one again.
pub fn take_back(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Draft>,
) -> Result<Draft, DraftProblem> {
    let mut draft = own_for_change(write, owner, id)?;
    match draft.state {
        DraftState::Outgoing { leaves_at, .. } => {
            write.delete::<Leaving>(&(leaves_at, id))?;
        }
        DraftState::Stopped { .. } => {
            notices::end(write, owner, id.bytes())?;
        }
        DraftState::Writing => return Ok(draft),
        // Thrown away by mistake.
        DraftState::Discarded => {}
    }
    draft.state = DraftState::Writing;
    draft.version += 1;
    write.put(&draft)?;
    Ok(draft)
}

/// Its moment has come. `None` where somebody took it back meanwhile, or it cannot leave: then
/// its writer hears of it and it lies among the drafts.
pub fn leave(
    write: &mut Write<'_>,
    clock: &Clock,
    id: Id<Draft>,
) -> Result<Option<Mail>, StoreError> {
    let Some(mut draft) = write.get::<Draft>(&id)? else { return Ok(None) };
    let now = clock.now();
    match draft.state {
        DraftState::Outgoing { leaves_at, .. } if leaves_at <= now => {
            write.delete::<Leaving>(&(leaves_at, id))?;
        }
        DraftState::Outgoing { .. }
        | DraftState::Writing
        | DraftState::Discarded
        | DraftState::Stopped { .. } => return Ok(None),
    }
    let gone = match first_gone(write, &draft, now)? {
        None => match delivery::send(write, clock, draft.clone()) {
            Ok(mail) => return Ok(Some(mail)),
            Err(DraftProblem::Store(error)) => return Err(error),
            Err(DraftProblem::GoneRecipient(gone)) => gone,
            Err(_) => Owner::member(draft.owner),
        },
        Some(gone) => gone,
    };
    draft.state = DraftState::Stopped { gone };
    let (member, about) = (draft.owner, draft.id.bytes());
    write.put(&draft)?;
    let arrival = Arrival { about, what: What::Stopped, from: None, at: now, urgent: false };
    notices::arrive(write, member, &arrival)?;
    Ok(None)
}

/// Found before anything is written: an act that changed half of it must not succeed.
fn first_gone(
    write: &Write<'_>,
    draft: &Draft,
    now: Timestamp,
) -> Result<Option<Id<Owner>>, StoreError> {
    if let Some(via) = draft.via
        && !reads(write, draft.owner, via)?
    {
        return Ok(Some(Owner::mailbox(via)));
    }
    let via = draft.via.map(Owner::mailbox);
    let all = std::iter::once(Owner::member(draft.owner)).chain(via);
    for owner in all.chain(draft.recipients.iter().copied()) {
        match delivery::person(write, owner, now) {
            Ok(_) => {}
            Err(DraftProblem::Store(error)) => return Err(error),
            Err(_) => return Ok(Some(owner)),
        }
    }
    Ok(None)
}
