//! Absences as rows.

use jiff::civil::Date;
use provisioning::members::{Member, Standing};
use store::{Id, Plain, Read, Record, StoreError, Write};

use super::Absence;

impl Record for Absence {
    type Key = Id<Member>;
    const TABLE: &'static str = "absences";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.member
    }
}

impl Plain for Absence {}

#[derive(Debug, thiserror::Error)]
pub enum AbsenceProblem {
    #[error("the days are out of order, over, or too many")]
    Days,
    #[error("the deputy is not a colleague who can receive mail")]
    Deputy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Of a member who is away on this day.
pub fn away(read: &Read<'_>, id: Id<Member>, day: Date) -> Result<Option<Absence>, StoreError> {
    Ok(read.get::<Absence>(&id)?.filter(|absence| absence.covers(day)))
}

/// The same within an act.
pub fn away_at(
    write: &Write<'_>,
    id: Id<Member>,
    day: Date,
) -> Result<Option<Absence>, StoreError> {
    Ok(write.get::<Absence>(&id)?.filter(|absence| absence.covers(day)))
}

pub fn set(
    write: &mut Write<'_>,
    member: &Member,
    absence: &Absence,
    today: Date,
) -> Result<(), AbsenceProblem> {
    if !absence.is_sound(today) {
        return Err(AbsenceProblem::Days);
    }
    if let Some(deputy) = absence.deputy {
        let deputy: Member = write.get(&deputy)?.ok_or(AbsenceProblem::Deputy)?;
        let fits = deputy.facility == member.facility
            && deputy.id != member.id
            && matches!(deputy.standing(today), Standing::Welcome | Standing::Locked);
        if !fits {
            return Err(AbsenceProblem::Deputy);
        }
    }
    Ok(write.put(absence)?)
}
