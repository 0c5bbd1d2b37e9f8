//! Renewal: a new key and certificate for a device that works, before the old one ends.
//!
//! The proof is the live session of a member of the device's facility; no card and no approval.
//! Device, name, facility and policy stay. What comes after is `devices::Successor`: both
//! certificates are good until the new one is first used.

mod model;
mod tables;
#[cfg(test)]
mod tests;
mod tickets;

pub use model::{Asked, RENEWAL_FROM, Renewal, RenewalProblem, days_left, is_due, mark};
pub use tables::{begin, issue, of_device, prepare};
pub use tickets::{RenewalTicket, any_ticket_open, give_ticket, issue_by_ticket, of_ticket};
