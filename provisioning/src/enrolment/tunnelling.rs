//! The key for the tunnel, from the same card as the certificate.

use jiff::Timestamp;
use store::{Id, StoreError, Write};

use super::{Enrolment, EnrolmentProblem, EnrolmentState};
use crate::devices::Device;
use crate::facilities::Facility;
use crate::tunnel::{PeerState, may_pass, peer_within};

/// Whoever mislays a file makes another one, some times.
const KEYS_MAX: usize = 5;

/// The device that an enrolment may still give a key for the tunnel: while its steps are read, and
/// until one of its keys was used. After that, the device's own pages make the next one.
pub fn device_for_key(
    write: &Write<'_>,
    id: Id<Enrolment>,
    now: Timestamp,
) -> Result<Id<Device>, EnrolmentProblem> {
    let enrolment: Enrolment = write.get(&id)?.ok_or(EnrolmentProblem::Unknown)?;
    match enrolment.state {
        EnrolmentState::Issued | EnrolmentState::FirstSeen => {}
        EnrolmentState::WaitingApproval | EnrolmentState::Approved | EnrolmentState::Refused => {
            return Err(EnrolmentProblem::OtherStep);
        }
    }
    let (Some(device), Some(issued_at)) = (enrolment.device, enrolment.issued_at) else {
        return Err(EnrolmentProblem::OtherStep);
    };
    if now.duration_since(issued_at) > Enrolment::SESSION_VALID {
        return Err(EnrolmentProblem::Expired);
    }
    if !is_allowed(write, &enrolment)? {
        return Err(EnrolmentProblem::OtherStep);
    }
    let made = peer_within(write, device)?;
    let used = |state: &PeerState| matches!(state, PeerState::InUse { .. });
    if made.len() >= KEYS_MAX || made.iter().any(|peer| used(&peer.state)) {
        return Err(EnrolmentProblem::OtherStep);
    }
    Ok(device)
}

fn is_allowed(write: &Write<'_>, enrolment: &Enrolment) -> Result<bool, StoreError> {
    let facility: Option<Facility> = write.get(&enrolment.facility)?;
    Ok(facility.is_some_and(|facility| may_pass(facility.policy)))
}
