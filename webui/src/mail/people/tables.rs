//! Stars and the last recipients as rows.

use provisioning::mailboxes::Mailbox;
use provisioning::members::Member;
use store::{Housekeeping, Id, Order, Plain, Read, Record, StoreError, Write};

use super::model::{FAVOURITES_MAX, Favourite, Recent};
use crate::mail::model::Owner;

impl Record for Favourite {
    type Key = (Id<Member>, Id<Owner>);
    const TABLE: &'static str = "favourites";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.member, self.owner)
    }
}

impl Plain for Favourite {}

impl Record for Recent {
    type Key = Id<Member>;
    const TABLE: &'static str = "recent_recipients";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.member
    }
}

impl Plain for Recent {}
impl Housekeeping for Recent {}

#[derive(Debug, thiserror::Error)]
pub enum FavouriteProblem {
    #[error("nobody has this id")]
    Unknown,
    #[error("the member has as many stars as one may give")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn favourites(read: &Read<'_>, member: Id<Member>) -> Result<Vec<Id<Owner>>, StoreError> {
    let rows = read.page::<Favourite>(&member, Order::Ascending, None, FAVOURITES_MAX)?.rows;
    Ok(rows.into_iter().map(|row| row.owner).collect())
}

pub fn is_favourite(
    read: &Read<'_>,
    member: Id<Member>,
    owner: Id<Owner>,
) -> Result<bool, StoreError> {
    Ok(read.get::<Favourite>(&(member, owner))?.is_some())
}

pub fn set_favourite(
    write: &mut Write<'_>,
    member: Id<Member>,
    owner: Id<Owner>,
    starred: bool,
) -> Result<(), FavouriteProblem> {
    let row = Favourite { member, owner };
    if !starred {
        return Ok(write.delete::<Favourite>(&row.key())?);
    }
    let exists = write.get::<Member>(&Id::from_bytes(owner.bytes()))?.is_some()
        || write.get::<Mailbox>(&Id::from_bytes(owner.bytes()))?.is_some();
    if !exists {
        return Err(FavouriteProblem::Unknown);
    }
    let had: Vec<Favourite> = write.page(&member, Order::Ascending, None, FAVOURITES_MAX)?.rows;
    if had.len() >= FAVOURITES_MAX && !had.contains(&row) {
        return Err(FavouriteProblem::TooMany);
    }
    Ok(write.put(&row)?)
}

/// The last first.
pub fn recent(read: &Read<'_>, member: Id<Member>) -> Result<Vec<Id<Owner>>, StoreError> {
    Ok(read.get::<Recent>(&member)?.map(|recent| recent.owners).unwrap_or_default())
}

/// Within the act that sends; whoever writes to the same people again writes no row.
pub fn note_recent(
    write: &mut Write<'_>,
    member: Id<Member>,
    written_to: &[Id<Owner>],
) -> Result<(), StoreError> {
    let before: Option<Recent> = write.get(&member)?;
    match before.unwrap_or(Recent::nobody(member)).after(written_to) {
        Some(after) => write.put(&after),
        None => Ok(()),
    }
}
