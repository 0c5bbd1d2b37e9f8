//! Taking a list in: one act, checked anew within it.

use provisioning::facilities::{self, FacilityProblem};
use provisioning::members::{self, MemberProblem};
use provisioning::sheets::{Sheet, SheetProblem};
use store::{Clock, StoreError, Write};

use super::check::{Asker, Register, Step, check};
use super::model::Kind;
use super::progress::{Stage, Tell};

/// What became of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub kind: Kind,
    pub new: usize,
    pub changed: usize,
    pub unchanged: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    #[error("the list holds mistakes")]
    Wrong,
    #[error("the register is no longer what was shown")]
    Changed,
    #[error(transparent)]
    Facility(#[from] FacilityProblem),
    #[error(transparent)]
    Member(#[from] MemberProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All of a list or nothing of it. `state` is what was shown; without one, what is true now.
pub fn take(
    write: &mut Write<'_>,
    clock: &Clock,
    sheet: &Result<Sheet, SheetProblem>,
    asker: &Asker,
    state: Option<&str>,
    tell: &Tell,
) -> Result<Taken, NotTaken> {
    let checked = check(sheet, &Register::within(write)?, asker, tell);
    if state.is_some_and(|state| state != checked.state()) {
        return Err(NotTaken::Changed);
    }
    if checked.is_wrong() {
        return Err(NotTaken::Wrong);
    }
    let taken = Taken {
        kind: checked.kind,
        new: checked.new.len(),
        changed: checked.changed.len(),
        unchanged: checked.unchanged,
    };
    let of = checked.steps.len();
    for (done, step) in checked.steps.into_iter().enumerate() {
        tell.at(Stage::Taking, done, of);
        match step {
            Step::Facility { before: Some(id), wanted } => {
                facilities::change(write, id, wanted.code, wanted.details)?;
            }
            Step::Facility { before: None, wanted } => {
                facilities::register(write, clock, wanted.code, wanted.details)?;
            }
            Step::Member { before: Some(id), wanted, .. } => {
                members::change(write, id, wanted.login, wanted.details)?;
            }
            Step::Member { before: None, facility, wanted } => {
                members::register(write, clock, facility, wanted.login, wanted.details)?;
            }
        }
    }
    tell.at(Stage::Taking, of, of);
    Ok(taken)
}
