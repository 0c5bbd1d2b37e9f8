//! Mailboxes: where letters to a facility arrive, for several of its members to deal with.

mod model;
mod tables;

#[cfg(test)]
mod tests;

pub use model::{Mailbox, MailboxDetails, MailboxProblem, SecondContact};
pub use tables::{
    MailboxByFacility, change, found, list, of_facility, second_contact, set_second_contact,
};
