//! Being away: senders are told, and a colleague receives what comes meanwhile.

mod model;
pub mod pages;
mod tables;

#[cfg(test)]
mod tests;

pub use model::Absence;
pub use tables::{AbsenceProblem, away, away_at};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/me/absence", pages::show_absence)
        .post(Access::Member, "/me/absence", pages::post_absence)
        .post(Access::Member, "/me/absence/end", pages::post_end)
}
