//! Facilities: who takes part in the network.

mod model;
mod tables;
#[cfg(test)]
mod tests;

pub use model::{
    CodeProblem, Facility, FacilityCode, FacilityDetails, FacilityKind, FacilityProblem,
    FacilityState, RoutePolicy,
};
pub use tables::{FacilityByCode, change, list, register, register_as, set_policy, set_state};
