//! Members: the people who log in, each at one facility.

mod job;
mod model;
mod tables;
#[cfg(test)]
mod tests;

pub use job::Job;
pub use model::{
    Login, LoginProblem, Member, MemberDetails, MemberProblem, PersonName, Role, Roles, Standing,
    today,
};
pub use tables::{
    MemberByFacility, MemberByLogin, change, list, of_facility, register, register_as, set_locked,
};
