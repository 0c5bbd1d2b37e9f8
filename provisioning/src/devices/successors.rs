//! A renewed certificate beside the one in use: good until it is first used, which ends the
//! others, and for thirty days at most.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::tables::certificates_within;
use super::{Certificate, CertificateState, Device, DeviceState};

/// Kept beside the certificate's own row, so that first certificates need none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    pub spki: [u8; 32],
    pub device: Id<Device>,
    #[serde(with = "store::micros")]
    pub issued_at: Timestamp,
    /// `None` while it waits.
    #[serde(with = "store::micros::maybe")]
    pub used_at: Option<Timestamp>,
}

impl Successor {
    /// How long a new certificate may wait beside the one in use. Unused after that, it ends and
    /// not the one that works: nobody is shut out because a file was mislaid, and the key in that
    /// file opens nothing.
    pub const SIDE_BY_SIDE: SignedDuration = SignedDuration::from_hours(30 * 24);

    pub fn is_over(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now.duration_since(self.issued_at) >= Self::SIDE_BY_SIDE
    }

    pub const fn is_waiting(&self) -> bool {
        self.used_at.is_none()
    }
}

impl Record for Successor {
    type Key = [u8; 32];
    const TABLE: &'static str = "successors";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[SuccessorByState::TABLE];

    fn key(&self) -> Self::Key {
        self.spki
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        let state = u8::from(self.used_at.is_some());
        indexer.add::<SuccessorByState>(&(state, self.issued_at));
    }
}

impl Plain for Successor {}

/// Those that wait first, the oldest in front.
struct SuccessorByState;

impl Index for SuccessorByState {
    type Record = Successor;
    type Key = (u8, Timestamp);
    const TABLE: &'static str = "successors_by_state";
}

const WAITING: u8 = 0;

#[derive(Debug, thiserror::Error)]
pub enum SuccessionProblem {
    /// It was used or ended before: there is nothing to do, and nothing to write down.
    #[error("no such certificate waits")]
    NotWaiting,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first use of a renewed certificate ends all others of its device. Answers their keys: what
/// is open with them is the caller's to cut, after the act is durable.
pub fn first_used(
    write: &mut Write<'_>,
    spki: [u8; 32],
    now: Timestamp,
) -> Result<Vec<[u8; 32]>, SuccessionProblem> {
    let found = waiting_within(write, &spki)?.ok_or(SuccessionProblem::NotWaiting)?;
    let device: Option<Device> = write.get(&found.device)?;
    let is_active = device.is_some_and(|device| device.state == DeviceState::Active);
    if !is_active || found.is_over(now) {
        return Err(SuccessionProblem::NotWaiting);
    }
    write.put(&Successor { used_at: Some(now), ..found.clone() })?;
    let mut ended = Vec::new();
    for other in certificates_within(write, found.device)? {
        if other.spki != spki && other.state == CertificateState::Active {
            ended.push(other.spki);
            write.put(&Certificate { state: CertificateState::Revoked { at: now }, ..other })?;
        }
    }
    Ok(ended)
}

/// Ends a renewed certificate that nobody used.
pub fn lapse(
    write: &mut Write<'_>,
    spki: [u8; 32],
    now: Timestamp,
) -> Result<Id<Device>, SuccessionProblem> {
    let found = waiting_within(write, &spki)?.ok_or(SuccessionProblem::NotWaiting)?;
    if let Some(certificate) = write.get::<Certificate>(&spki)?
        && certificate.state == CertificateState::Active
    {
        let state = CertificateState::Revoked { at: now };
        write.put(&Certificate { state, ..certificate })?;
    }
    write.delete::<Successor>(&spki)?;
    Ok(found.device)
}

fn waiting_within(write: &Write<'_>, spki: &[u8; 32]) -> Result<Option<Successor>, StoreError> {
    Ok(write.get::<Successor>(spki)?.filter(Successor::is_waiting))
}

/// The renewed certificate of a device that waits for its first use.
pub fn waiting_successor(
    read: &Read<'_>,
    device: Id<Device>,
    now: Timestamp,
) -> Result<Option<Successor>, StoreError> {
    for certificate in super::certificates_of(read, device)? {
        if certificate.state != CertificateState::Active {
            continue;
        }
        let found: Option<Successor> = read.get(&certificate.spki)?;
        if let Some(found) = found.filter(|one| one.is_waiting() && !one.is_over(now)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Those whose thirty days are over, the oldest first.
pub fn overdue_successors(
    read: &Read<'_>,
    now: Timestamp,
    rows_max: usize,
) -> Result<Vec<Successor>, StoreError> {
    let page = read.page_by::<SuccessorByState>(&WAITING, Order::Ascending, None, rows_max)?;
    Ok(page.rows.into_iter().take_while(|one| one.is_over(now)).collect())
}
