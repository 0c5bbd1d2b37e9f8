//! Notices: what came, told once in each way, until it was looked at.
//!
//! `acts` is called by the acts that bring and read things, so that a notice arrives and ends in
//! their transactions. The bell's page lists what is open; `outside` tells whoever is not at a
//! screen, by plain e-mail (`outside/letter`) or Web Push (`push`), never with a word about
//! anybody; `settings` is where people choose, `office` where the office watches.

mod acts;
mod chores;
mod lists;
mod office;
pub mod outside;
mod pages;
pub mod push;
mod settings;

#[cfg(test)]
mod tests;

pub use chores::FILL;

pub use acts::{Arrival, arrive, end, note_withdrawn};
pub use outside::{arrive_at_facility, cancel_outside, end_at_facility};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/notices", pages::show_notices)
        .post(Access::Member, "/notices/read", pages::post_read)
        .join(settings::routes())
        .join(push::routes())
        .join(office::routes())
}
