//! Search over one's own mail and that of one's mailboxes.
//!
//! `pieces` says what of a mail is found and by whom, `follow` keeps the index up with the rows,
//! `model` is a search as it was asked, `tables` finds its rows, `pages` shows them. The index
//! only proposes: what is shown is read from the rows, so that it can never show too much.

mod follow;
mod model;
pub mod pages;
mod pieces;
mod run;
mod snippet;
mod tables;

#[cfg(test)]
mod tests;

pub use follow::catch_up;
pub use model::Search;
pub use run::run;
pub use tables::{Found, find};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/mail/search", pages::show_search)
}
