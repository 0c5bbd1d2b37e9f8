//! Members as rows.

use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::{Login, Member, MemberDetails, MemberProblem};
use crate::facilities::Facility;

impl Record for Member {
    type Key = Id<Self>;
    const TABLE: &'static str = "members";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[MemberByFacility::TABLE, MemberByLogin::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<MemberByFacility>(&self.facility);
        let word = MemberByLogin::word(self.facility, &self.login);
        indexer.add::<MemberByLogin>(&indexer.blind(&word));
    }
}

impl Plain for Member {}

pub struct MemberByFacility;

impl Index for MemberByFacility {
    type Record = Member;
    type Key = Id<Facility>;
    const TABLE: &'static str = "members_by_facility";
}

/// By the blinded login: logins are often names.
pub struct MemberByLogin;

impl Index for MemberByLogin {
    type Record = Member;
    type Key = [u8; 16];
    const TABLE: &'static str = "members_by_login";
}

impl MemberByLogin {
    pub fn word(facility: Id<Facility>, login: &Login) -> Vec<u8> {
        [facility.bytes().as_slice(), login.as_str().as_bytes()].concat()
    }

    pub fn find(
        read: &Read<'_>,
        facility: Id<Facility>,
        login: &Login,
    ) -> Result<Option<Member>, StoreError> {
        read.first_by::<Self>(&read.blind(&Self::word(facility, login)))
    }
}

/// A secondary medical area has about nine thousand.
const MEMBERS_MAX: usize = 50_000;

/// A large hospital.
const MEMBERS_OF_FACILITY_MAX: usize = 5_000;

pub fn list(read: &Read<'_>) -> Result<Vec<Member>, StoreError> {
    Ok(read.page(&(), Order::Ascending, None, MEMBERS_MAX)?.rows)
}

pub fn of_facility(read: &Read<'_>, facility: Id<Facility>) -> Result<Vec<Member>, StoreError> {
    let page = read.page_by::<MemberByFacility>(
        &facility,
        Order::Ascending,
        None,
        MEMBERS_OF_FACILITY_MAX,
    )?;
    Ok(page.rows)
}

pub fn register(
    write: &mut Write<'_>,
    clock: &Clock,
    facility: Id<Facility>,
    login: Login,
    details: MemberDetails,
) -> Result<Member, MemberProblem> {
    register_as(write, clock, clock.id(), facility, login, details)
}

/// Under an id that the act names already.
pub fn register_as(
    write: &mut Write<'_>,
    clock: &Clock,
    id: Id<Member>,
    facility: Id<Facility>,
    login: Login,
    details: MemberDetails,
) -> Result<Member, MemberProblem> {
    if write.get::<Facility>(&facility)?.is_none() {
        return Err(MemberProblem::NoFacility);
    }
    let member = Member { id, facility, login, details, locked: false, registered_at: clock.now() };
    refuse_taken(write, &member)?;
    write.put(&member)?;
    Ok(member)
}

pub fn change(
    write: &mut Write<'_>,
    id: Id<Member>,
    login: Login,
    details: MemberDetails,
) -> Result<Member, MemberProblem> {
    let mut member: Member = write.get(&id)?.ok_or(MemberProblem::Unknown)?;
    member.login = login;
    member.details = details;
    refuse_taken(write, &member)?;
    write.put(&member)?;
    Ok(member)
}

pub fn set_locked(
    write: &mut Write<'_>,
    id: Id<Member>,
    locked: bool,
) -> Result<Member, MemberProblem> {
    let mut member: Member = write.get(&id)?.ok_or(MemberProblem::Unknown)?;
    member.locked = locked;
    write.put(&member)?;
    Ok(member)
}

fn refuse_taken(write: &Write<'_>, member: &Member) -> Result<(), MemberProblem> {
    let word = write.blind(&MemberByLogin::word(member.facility, &member.login));
    match write.first_by::<MemberByLogin>(&word)? {
        Some(holder) if holder.id != member.id => Err(MemberProblem::LoginTaken),
        Some(_) | None => Ok(()),
    }
}
