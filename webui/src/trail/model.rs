//! Which rows are asked for, and whether the chain holds.

use store::{Actor, Read, StoreError, TrailFault, TrailOf, TrailRow};

/// As many as two screens hold.
pub const ROWS_A_PAGE: usize = 50;

/// What narrows the list: both at once are the acts of one member on one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Narrowed {
    pub member: Option<[u8; 16]>,
    pub subject: Option<[u8; 16]>,
}

/// One page, newest first, and where the next one starts.
pub fn page(
    read: &Read<'_>,
    narrowed: Narrowed,
    before: Option<u64>,
) -> Result<(Vec<TrailRow>, Option<u64>), StoreError> {
    let mut rows = match (narrowed.member, narrowed.subject) {
        (None, None) => read.trail(before, ROWS_A_PAGE + 1)?,
        (Some(member), None) => read.trail_of(TrailOf::Member(member), before, ROWS_A_PAGE + 1)?,
        (None, Some(subject)) => {
            read.trail_of(TrailOf::Subject(subject), before, ROWS_A_PAGE + 1)?
        }
        (Some(member), Some(subject)) => of_both(read, member, subject, before)?,
    };
    let more = rows.len() > ROWS_A_PAGE;
    rows.truncate(ROWS_A_PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.number);
    Ok((rows, next))
}

/// What was done to one thing is short; the member's rows are picked out of it.
fn of_both(
    read: &Read<'_>,
    member: [u8; 16],
    subject: [u8; 16],
    before: Option<u64>,
) -> Result<Vec<TrailRow>, StoreError> {
    const ROWS_A_READ: usize = 500;
    const READS_MAX: usize = 40;
    let (mut found, mut before) = (Vec::new(), before);
    for _ in 0..READS_MAX {
        let rows = read.trail_of(TrailOf::Subject(subject), before, ROWS_A_READ)?;
        let exhausted = rows.len() < ROWS_A_READ;
        before = rows.last().map(|row| row.number);
        found.extend(rows.into_iter().filter(|row| is_by(row.actor, member)));
        if exhausted || found.len() > ROWS_A_PAGE {
            break;
        }
    }
    Ok(found)
}

fn is_by(actor: Actor, of: [u8; 16]) -> bool {
    match actor {
        Actor::Member { member, .. } => member == of,
        Actor::Stranger { .. } | Actor::Operator | Actor::System => false,
    }
}

/// What following the whole chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    Good { upto: u64 },
    Broken { at: u64 },
}

/// Slow in a long trail: not for an async thread.
pub fn verify(read: &Read<'_>) -> Result<Chain, StoreError> {
    match read.verify_trail() {
        Ok(upto) => Ok(Chain::Good { upto }),
        Err(TrailFault::Missing { number } | TrailFault::Broken { number }) => {
            Ok(Chain::Broken { at: number })
        }
        Err(TrailFault::WrongHead) => Ok(Chain::Broken { at: read.trail_head()?.number }),
        Err(TrailFault::Store(error)) => Err(error),
    }
}
