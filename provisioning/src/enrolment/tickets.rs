//! Tickets: a downloaded script's right to have its device's key certified, once.
//!
//! The script runs outside the browser and holds no cookie. Its ticket names one approved
//! enrolment and no more; a newer download makes the one before worthless.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::tables::issue;
use super::{Enrolment, EnrolmentByState, EnrolmentProblem, EnrolmentState};
use crate::authority::DeviceCertificate;
use crate::devices::Device;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptTicket {
    pub enrolment: Id<Enrolment>,
    /// Blinded, as a session is.
    pub ticket: [u8; 16],
    #[serde(with = "store::micros")]
    pub made_at: Timestamp,
    #[serde(with = "store::micros::maybe")]
    pub used_at: Option<Timestamp>,
}

impl ScriptTicket {
    /// A clerk may have to find out how to start a downloaded file.
    pub const VALID: SignedDuration = SignedDuration::from_mins(30);

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now.duration_since(self.made_at) <= Self::VALID
    }
}

impl Record for ScriptTicket {
    type Key = Id<Enrolment>;
    const TABLE: &'static str = "script_tickets";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[TicketByToken::TABLE];

    fn key(&self) -> Self::Key {
        self.enrolment
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<TicketByToken>(&self.ticket);
    }
}

impl Plain for ScriptTicket {}

struct TicketByToken;

impl Index for TicketByToken {
    type Record = ScriptTicket;
    type Key = [u8; 16];
    const TABLE: &'static str = "script_tickets_by_token";
}

/// 128 random bits, as they stand in the script.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TicketToken([u8; 16]);

impl TicketToken {
    pub fn random(clock: &Clock) -> Self {
        Self(clock.random())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    pub fn text(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    pub(crate) fn word(&self) -> Vec<u8> {
        [b"script ticket\0".as_slice(), &self.0].concat()
    }
}

/// One ticket an enrolment: the newest.
pub fn give_ticket(
    write: &mut Write<'_>,
    id: Id<Enrolment>,
    ticket: &TicketToken,
    now: Timestamp,
) -> Result<(), EnrolmentProblem> {
    let enrolment: Enrolment = write.get(&id)?.ok_or(EnrolmentProblem::Unknown)?;
    if enrolment.state != EnrolmentState::Approved {
        return Err(EnrolmentProblem::OtherStep);
    }
    let before: Option<ScriptTicket> = write.get(&id)?;
    if enrolment.is_expired(now) && !before.is_some_and(|before| before.is_open(now)) {
        return Err(EnrolmentProblem::Expired);
    }
    let ticket = write.blind(&ticket.word());
    write.put(&ScriptTicket { enrolment: id, ticket, made_at: now, used_at: None })?;
    Ok(())
}

/// What an open ticket is for.
pub fn enrolment_of_ticket(
    read: &Read<'_>,
    ticket: &TicketToken,
    now: Timestamp,
) -> Result<Option<Enrolment>, StoreError> {
    let found = read.first_by::<TicketByToken>(&read.blind(&ticket.word()))?;
    match found.filter(|found| found.is_open(now)) {
        Some(found) => read.get(&found.enrolment),
        None => Ok(None),
    }
}

/// Uses the ticket up, with the device that comes of it. The ticket's time counts here, not that
/// of the download page.
pub fn complete_by_ticket(
    write: &mut Write<'_>,
    ticket: &TicketToken,
    device: Id<Device>,
    certificate: &DeviceCertificate,
    now: Timestamp,
) -> Result<Device, EnrolmentProblem> {
    let blinded = write.blind(&ticket.word());
    let found = write.first_by::<TicketByToken>(&blinded)?;
    let mut found = found.ok_or(EnrolmentProblem::Unknown)?;
    if found.used_at.is_some() {
        return Err(EnrolmentProblem::OtherStep);
    }
    if !found.is_open(now) {
        return Err(EnrolmentProblem::Expired);
    }
    found.used_at = Some(now);
    write.put(&found)?;
    let enrolment = write.get(&found.enrolment)?.ok_or(EnrolmentProblem::Unknown)?;
    issue(write, enrolment, device, certificate, now)
}

/// Whether the script of this enrolment may still come.
pub fn has_open_ticket(
    read: &Read<'_>,
    id: Id<Enrolment>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(read.get::<ScriptTicket>(&id)?.is_some_and(|ticket| ticket.is_open(now)))
}

/// More than wait for their scripts at once on a set-up day.
const LOOKED_AT_MAX: usize = 50;

pub(super) fn any_open(read: &Read<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let approved = EnrolmentByState::of(EnrolmentState::Approved);
    let order = Order::Ascending;
    let page = read.page_by::<EnrolmentByState>(&approved, order, None, LOOKED_AT_MAX)?;
    for enrolment in page.rows {
        if has_open_ticket(read, enrolment.id, now)? {
            return Ok(true);
        }
    }
    Ok(false)
}
