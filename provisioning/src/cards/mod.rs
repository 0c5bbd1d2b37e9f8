//! User cards: a signed record and a one-time secret, on paper or as a code on a screen, made
//! for one member and one purpose.
//!
//! A card is not a certificate. It lets one person turn a machine into a device, once.

mod model;
mod tables;
mod terms;
#[cfg(test)]
pub(crate) mod tests;

pub use model::{Approval, Card, CardNumber, CardSecret, CardState, Made, Printed, Wanted};
pub use tables::{
    CardByMember, CardByState, CardProblem, any_open, cancel, initial_password_fits, issue, make,
    of_member, open,
};
pub(crate) use terms::terms_within;
pub use terms::{Purpose, Shown, Terms, terms};
