//! How a notice arrives and ends, always as a part of the act that brings or reads the thing.

use jiff::Timestamp;
use provisioning::members::Member;
use store::{Id, Write};

use store::StoreError;

use super::outside;
use crate::kit::bell::{BellRow, What, is_silent};
use crate::kit::live::{Notice, NoticeKind};

/// Something came for a member.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub about: [u8; 16],
    pub what: What,
    /// `None` where the box itself speaks.
    pub from: Option<Id<Member>>,
    pub at: Timestamp,
    pub urgent: bool,
}

impl Arrival {
    const fn kind(&self) -> NoticeKind {
        match self.what {
            What::Mail | What::Reply | What::Withdrawn => NoticeKind::Mail,
            What::Reminder | What::Woken => NoticeKind::Reminder,
            What::Escalation => NoticeKind::Escalation,
            What::Stopped => NoticeKind::Stopped,
        }
    }

    /// Whether somebody who is not at a screen is told: what they did or chose themselves waits.
    const fn goes_outside(&self) -> bool {
        match self.what {
            What::Mail | What::Reply | What::Reminder | What::Escalation => true,
            What::Woken | What::Stopped | What::Withdrawn => false,
        }
    }
}

/// Tells a member: on open pages, at the bell, and over the ways outside.
pub fn arrive(
    write: &mut Write<'_>,
    member: Id<Member>,
    arrival: &Arrival,
) -> Result<(), StoreError> {
    let Arrival { about, what, from, at, urgent } = *arrival;
    write.put(&Notice { member, about, kind: arrival.kind(), from, at })?;
    write.put(&BellRow { member, about, what, urgent, from, at })?;
    if arrival.goes_outside() {
        outside::await_member(write, member, about, urgent, at)?;
    }
    Ok(())
}

/// The member has looked, or need not any more: nothing tells of it from here on.
pub fn end(write: &mut Write<'_>, member: Id<Member>, about: [u8; 16]) -> Result<(), StoreError> {
    write.delete::<Notice>(&(about, member))?;
    write.delete::<BellRow>(&(member, about))?;
    outside::cancel(write, outside::Holder::Member(member), about)?;
    if is_silent(write, member)? {
        outside::close_shown(write, member)?;
    }
    Ok(())
}

/// What a member was told of was taken back: the bell says so, and nothing else does any more.
pub fn note_withdrawn(
    write: &mut Write<'_>,
    member: Id<Member>,
    about: [u8; 16],
    now: Timestamp,
) -> Result<(), StoreError> {
    let told: Option<BellRow> = write.get(&(member, about))?;
    end(write, member, about)?;
    match told {
        Some(row) => write.put(&BellRow { what: What::Withdrawn, urgent: false, at: now, ..row }),
        None => Ok(()),
    }
}

/// Everything that a member has been told counts as looked at. The mails stay unopened.
pub fn end_all(write: &mut Write<'_>, member: Id<Member>) -> Result<usize, StoreError> {
    let mut ended = 0;
    loop {
        let rows = write
            .page::<BellRow>(&member, store::Order::Ascending, None, crate::kit::bell::COUNTED_MAX)?
            .rows;
        if rows.is_empty() {
            return Ok(ended);
        }
        for row in &rows {
            end(write, member, row.about)?;
        }
        ended += rows.len();
    }
}
