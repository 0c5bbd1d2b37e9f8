//! Facilities as rows.

use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::{Facility, FacilityCode, FacilityDetails, FacilityProblem, FacilityState, RoutePolicy};

impl Record for Facility {
    type Key = Id<Self>;
    const TABLE: &'static str = "facilities";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[FacilityByCode::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<FacilityByCode>(&FacilityByCode::key(&self.code));
    }
}

impl Plain for Facility {}

pub struct FacilityByCode;

impl Index for FacilityByCode {
    type Record = Facility;
    type Key = [u8; FacilityCode::LENGTH];
    const TABLE: &'static str = "facilities_by_code";
}

impl FacilityByCode {
    pub fn key(code: &FacilityCode) -> [u8; FacilityCode::LENGTH] {
        let mut key = [0; FacilityCode::LENGTH];
        for (to, from) in key.iter_mut().zip(code.as_str().bytes()) {
            *to = from;
        }
        key
    }
}

/// A network has a few hundred; ten times that is a network of networks.
const FACILITIES_MAX: usize = 5_000;

pub fn list(read: &Read<'_>) -> Result<Vec<Facility>, StoreError> {
    Ok(read.page(&(), Order::Ascending, None, FACILITIES_MAX)?.rows)
}

pub fn register(
    write: &mut Write<'_>,
    clock: &Clock,
    code: FacilityCode,
    details: FacilityDetails,
) -> Result<Facility, FacilityProblem> {
    register_as(write, clock, clock.id(), code, details)
}

/// Under an id that the act names already.
pub fn register_as(
    write: &mut Write<'_>,
    clock: &Clock,
    id: Id<Facility>,
    code: FacilityCode,
    details: FacilityDetails,
) -> Result<Facility, FacilityProblem> {
    if write.first_by::<FacilityByCode>(&FacilityByCode::key(&code))?.is_some() {
        return Err(FacilityProblem::CodeTaken);
    }
    let facility = Facility {
        id,
        code,
        details,
        state: FacilityState::Active,
        policy: RoutePolicy::Either,
        registered_at: clock.now(),
    };
    write.put(&facility)?;
    Ok(facility)
}

pub fn change(
    write: &mut Write<'_>,
    id: Id<Facility>,
    code: FacilityCode,
    details: FacilityDetails,
) -> Result<Facility, FacilityProblem> {
    let mut facility: Facility = write.get(&id)?.ok_or(FacilityProblem::Unknown)?;
    let holder = write.first_by::<FacilityByCode>(&FacilityByCode::key(&code))?;
    if holder.is_some_and(|holder| holder.id != id) {
        return Err(FacilityProblem::CodeTaken);
    }
    facility.code = code;
    facility.details = details;
    write.put(&facility)?;
    Ok(facility)
}

pub fn set_state(
    write: &mut Write<'_>,
    id: Id<Facility>,
    state: FacilityState,
) -> Result<Facility, FacilityProblem> {
    let mut facility: Facility = write.get(&id)?.ok_or(FacilityProblem::Unknown)?;
    facility.state = state;
    write.put(&facility)?;
    Ok(facility)
}

/// Devices that came another way are cut by whoever asked for this, after the act is durable.
pub fn set_policy(
    write: &mut Write<'_>,
    id: Id<Facility>,
    policy: RoutePolicy,
) -> Result<Facility, FacilityProblem> {
    let mut facility: Facility = write.get(&id)?.ok_or(FacilityProblem::Unknown)?;
    facility.policy = policy;
    write.put(&facility)?;
    Ok(facility)
}
