//! Tickets: a downloaded script's right to have another key of its device certified, once.
//!
//! The script runs outside the browser, without session and certificate. Its ticket stands for the
//! member and the key that were there when it was given, and both are looked at again when it
//! comes. A row is there only while its ticket may still be used, or until the device's next one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::tables::{check, put_certificate};
use super::{Asked, Renewal, RenewalProblem};
use crate::authority::DeviceCertificate;
use crate::devices::Device;
use crate::enrolment::{ScriptTicket, TicketToken};
use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewalTicket {
    /// By time, so that the newest row is the one that stays open longest.
    pub id: Id<Self>,
    pub renewal: Id<Renewal>,
    pub device: Id<Device>,
    pub member: Id<Member>,
    /// The key that spoke when the ticket was given.
    pub spki: [u8; 32],
    /// Blinded, as a session is.
    pub ticket: [u8; 16],
    #[serde(with = "store::micros")]
    pub made_at: Timestamp,
}

impl RenewalTicket {
    pub fn is_open(&self, now: Timestamp) -> bool {
        now.duration_since(self.made_at) <= ScriptTicket::VALID
    }

    /// On whose behalf the script comes.
    pub fn asked(&self) -> Asked {
        Asked { member: self.member, device: self.device, spki: self.spki }
    }
}

impl Record for RenewalTicket {
    type Key = Id<Self>;
    const TABLE: &'static str = "renewal_tickets";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] =
        &[RenewalTicketByToken::TABLE, RenewalTicketByDevice::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<RenewalTicketByToken>(&self.ticket);
        indexer.add::<RenewalTicketByDevice>(&self.device);
    }
}

impl Plain for RenewalTicket {}

struct RenewalTicketByToken;

impl Index for RenewalTicketByToken {
    type Record = RenewalTicket;
    type Key = [u8; 16];
    const TABLE: &'static str = "renewal_tickets_by_token";
}

struct RenewalTicketByDevice;

impl Index for RenewalTicketByDevice {
    type Record = RenewalTicket;
    type Key = Id<Device>;
    const TABLE: &'static str = "renewal_tickets_by_device";
}

/// One ticket a device: the newest. The renewal has to be open and the member's own.
pub fn give_ticket(
    write: &mut Write<'_>,
    clock: &Clock,
    id: Id<Renewal>,
    asked: Asked,
    ticket: &TicketToken,
) -> Result<(), RenewalProblem> {
    let now = clock.now();
    check(write, asked, now)?;
    let renewal: Renewal = write.get(&asked.device)?.ok_or(RenewalProblem::OtherStep)?;
    if renewal.id != id || renewal.member != asked.member || !renewal.is_open(now) {
        return Err(RenewalProblem::OtherStep);
    }
    if let Some(before) = write.first_by::<RenewalTicketByDevice>(&asked.device)? {
        write.delete::<RenewalTicket>(&before.id)?;
    }
    write.put(&RenewalTicket {
        id: clock.id(),
        renewal: id,
        device: asked.device,
        member: asked.member,
        spki: asked.spki,
        ticket: write.blind(&ticket.word()),
        made_at: now,
    })?;
    Ok(())
}

/// What an open ticket stands for.
pub fn of_ticket(
    read: &Read<'_>,
    ticket: &TicketToken,
    now: Timestamp,
) -> Result<Option<RenewalTicket>, StoreError> {
    let found = read.first_by::<RenewalTicketByToken>(&read.blind(&ticket.word()))?;
    Ok(found.filter(|found| found.is_open(now)))
}

/// Uses the ticket up, with the certificate that comes of it. The ticket's time counts here, not
/// that of the page; a file that was taken meanwhile, or a renewal begun anew, ends it.
pub fn issue_by_ticket(
    write: &mut Write<'_>,
    ticket: &TicketToken,
    certificate: &DeviceCertificate,
    now: Timestamp,
) -> Result<Device, RenewalProblem> {
    let blinded = write.blind(&ticket.word());
    let found = write.first_by::<RenewalTicketByToken>(&blinded)?;
    let found = found.filter(|found| found.is_open(now)).ok_or(RenewalProblem::OtherStep)?;
    let device = check(write, found.asked(), now)?;
    let renewal: Renewal = write.get(&found.device)?.ok_or(RenewalProblem::OtherStep)?;
    if renewal.id != found.renewal || renewal.taken.is_some() {
        return Err(RenewalProblem::OtherStep);
    }
    write.delete::<RenewalTicket>(&found.id)?;
    put_certificate(write, renewal, certificate, now)?;
    Ok(device)
}

/// Whether a script may still come: the door for it stays open so long.
pub fn any_ticket_open(read: &Read<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let newest = read.page::<RenewalTicket>(&(), Order::Descending, None, 1)?.rows.pop();
    Ok(newest.is_some_and(|ticket| ticket.is_open(now)))
}
