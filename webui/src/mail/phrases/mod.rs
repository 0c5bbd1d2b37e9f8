//! Set phrases: a member's own, a facility's and the network's, put into a letter with the names
//! of the day filled in.

mod model;
pub mod pages;
mod say;
mod tables;

#[cfg(test)]
mod tests;

pub use model::{Phrase, PhraseDetails};
pub use say::{Filling, PLACEHOLDERS, fill, left_in};
pub use tables::{PhraseProblem, found, in_sight, seen};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/me/phrases", pages::show_own)
        .post(Access::Member, "/me/phrases", pages::post_own)
        .get(Access::Manager, "/facility/phrases", pages::show_facility)
        .post(Access::Manager, "/facility/phrases", pages::post_facility)
        .get(Access::Office, "/office/phrases", pages::show_network)
        .post(Access::Office, "/office/phrases", pages::post_network)
}
