//! User cards: a signed record and a one-time secret on paper, made for one member.
//!
//! A card is not a certificate. It lets one person turn a machine into a device, once.

mod model;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

pub use model::{Approval, Card, CardNumber, CardSecret, CardState, Printed};
pub use tables::{
    CardByMember, CardByState, CardProblem, any_open, cancel, initial_password_fits, issue,
    of_member, open,
};
