//! Urgent mails that lie unopened: their readers are reminded, and then somebody else at the
//! facility, its second contact, is told to go and say so.

mod job;
mod model;
pub mod pages;
mod tables;

#[cfg(test)]
mod tests;

pub use job::CHASE;
pub use model::{Chase, Escalation, Step};
pub use tables::{end_for_reader, open_of, watch};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/mail/{mail}/urgent", pages::show_urgent).post(
        Access::Member,
        "/mail/{mail}/urgent",
        pages::post_seen,
    )
}
