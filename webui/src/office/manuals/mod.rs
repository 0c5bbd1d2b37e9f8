//! Manuals on paper, one for each kind of machine: the office sends them with the cards.
//!
//! The words and pictures are those of the enrolment's own pages (`touroku/guides`).

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Office, "/office/manuals", pages::show_index).get(
        Access::Office,
        "/office/manuals/{guide}",
        pages::show_manual,
    )
}
