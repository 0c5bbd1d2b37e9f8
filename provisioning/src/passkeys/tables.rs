//! Passkeys and open questions as rows.

use jiff::Timestamp;
use store::{
    House, Housekeeping, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write,
};

use super::codes::RecoveryCodes;
use super::{Ceremony, NoticeKind, Passkey, tell};
use crate::devices::Device;
use crate::members::Member;

impl Record for Passkey {
    type Key = (Id<Member>, Id<Self>);
    const TABLE: &'static str = "passkeys";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[PasskeyByMark::TABLE];

    fn key(&self) -> Self::Key {
        (self.member, self.id)
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<PasskeyByMark>(&self.mark);
    }
}

impl Plain for Passkey {}

/// By the keyed hash of what the hardware knows it by.
pub struct PasskeyByMark;

impl Index for PasskeyByMark {
    type Record = Passkey;
    type Key = [u8; 16];
    const TABLE: &'static str = "passkeys_by_mark";
}

impl Record for Ceremony {
    type Key = [u8; 16];
    const TABLE: &'static str = "passkey_ceremonies";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.of
    }
}

impl Plain for Ceremony {}

impl Housekeeping for Ceremony {}

#[derive(Debug, thiserror::Error)]
pub enum AddProblem {
    #[error("the member has as many as anybody may have")]
    TooMany,
    #[error("this key is known already")]
    Known,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, thiserror::Error)]
pub enum UseProblem {
    #[error("the key is gone")]
    Gone,
    #[error("the key's counter has gone back")]
    CounterBack,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The oldest first.
pub fn of_member(read: &Read<'_>, member: Id<Member>) -> Result<Vec<Passkey>, StoreError> {
    let page = read.page::<Passkey>(&member, Order::Ascending, None, Passkey::OF_MEMBER_MAX)?;
    Ok(page.rows)
}

pub fn has_any(read: &Read<'_>, member: Id<Member>) -> Result<bool, StoreError> {
    Ok(!read.page::<Passkey>(&member, Order::Ascending, None, 1)?.rows.is_empty())
}

/// Answers whether it is the member's first one.
pub fn add(write: &mut Write<'_>, passkey: &Passkey) -> Result<bool, AddProblem> {
    let own = all_of(write, passkey.member)?;
    if own.len() >= Passkey::OF_MEMBER_MAX {
        return Err(AddProblem::TooMany);
    }
    if write.first_by::<PasskeyByMark>(&passkey.mark)?.is_some() {
        return Err(AddProblem::Known);
    }
    write.put(passkey)?;
    Ok(own.is_empty())
}

/// The signature was right; the counter has to be as well.
pub fn note_use(
    write: &mut Write<'_>,
    member: Id<Member>,
    id: Id<Passkey>,
    counter: u32,
    now: Timestamp,
) -> Result<(), UseProblem> {
    let key: Passkey = write.get(&(member, id))?.ok_or(UseProblem::Gone)?;
    if !key.counts_on(counter) {
        return Err(UseProblem::CounterBack);
    }
    Ok(write.put(&Passkey { counter, used_at: Some(now), ..key })?)
}

/// `false` where it was gone already. The last one takes its recovery codes along.
pub fn remove(
    write: &mut Write<'_>,
    member: Id<Member>,
    id: Id<Passkey>,
) -> Result<bool, StoreError> {
    if write.get::<Passkey>(&(member, id))?.is_none() {
        return Ok(false);
    }
    write.delete::<Passkey>(&(member, id))?;
    if all_of(write, member)?.is_empty() {
        write.delete::<RecoveryCodes>(&member)?;
    }
    Ok(true)
}

/// Takes all keys and codes away, and tells both sides; answers how many keys there were.
pub fn reset(
    write: &mut Write<'_>,
    member: Id<Member>,
    by: Option<Id<Member>>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let keys = all_of(write, member)?;
    for key in &keys {
        write.delete::<Passkey>(&key.key())?;
    }
    write.delete::<RecoveryCodes>(&member)?;
    tell(write, member, NoticeKind::Reset { by }, now)?;
    Ok(keys.len())
}

fn all_of(write: &Write<'_>, member: Id<Member>) -> Result<Vec<Passkey>, StoreError> {
    Ok(write.page::<Passkey>(&member, Order::Ascending, None, Passkey::OF_MEMBER_MAX)?.rows)
}

/// A question is gone with the first answer, whatever that is worth.
pub fn take_ceremony(
    house: &mut House<'_, '_>,
    of: [u8; 16],
    device: Id<Device>,
    now: Timestamp,
) -> Result<Option<Ceremony>, StoreError> {
    let found: Option<Ceremony> = house.get(&of)?;
    house.delete::<Ceremony>(&of)?;
    Ok(found.filter(|one| one.is_open(device, now)))
}
