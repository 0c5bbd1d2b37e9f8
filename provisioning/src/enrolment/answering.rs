//! Who beside the office may compare the six digits: a facility's manager, or the member at the
//! working device that shows the code.

use jiff::Timestamp;
use store::{Id, Read, StoreError, Write};

use super::{Enrolment, EnrolmentProblem, waiting};
use crate::cards::{self, Purpose, Shown, terms_within};
use crate::devices::Device;
use crate::facilities::Facility;
use crate::members::Member;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eyes {
    /// A manager, for devices of the own facility.
    Facility(Id<Facility>),
    /// The member, at the device on which the code was shown.
    OwnDevice { member: Id<Member>, device: Id<Device> },
}

/// Asked in the act that approves or refuses. Others' enrolments do not exist for these eyes.
pub fn check_eyes(
    write: &Write<'_>,
    id: Id<Enrolment>,
    eyes: Eyes,
) -> Result<Enrolment, EnrolmentProblem> {
    let one: Enrolment = write.get(&id)?.ok_or(EnrolmentProblem::Unknown)?;
    let may = match eyes {
        Eyes::Facility(facility) => one.facility == facility,
        Eyes::OwnDevice { member, device } => {
            let terms = terms_within(write, one.card)?;
            one.member == member && is_own(terms.purpose, terms.shown, device)
        }
    };
    if may { Ok(one) } else { Err(EnrolmentProblem::Unknown) }
}

fn is_own(purpose: Purpose, shown: Shown, device: Id<Device>) -> bool {
    purpose.makes_device() && !purpose.makes_password() && shown == Shown::OwnDevice(device)
}

/// Those that wait for these eyes, newest first.
pub fn waiting_for(
    read: &Read<'_>,
    eyes: Eyes,
    now: Timestamp,
) -> Result<Vec<Enrolment>, StoreError> {
    let mut found = Vec::new();
    for one in waiting(read, now)? {
        let may = match eyes {
            Eyes::Facility(facility) => one.facility == facility,
            Eyes::OwnDevice { member, device } => {
                let terms = cards::terms(read, one.card)?;
                one.member == member && is_own(terms.purpose, terms.shown, device)
            }
        };
        if may {
            found.push(one);
        }
    }
    Ok(found)
}
