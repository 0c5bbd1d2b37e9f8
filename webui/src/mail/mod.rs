//! Mail: letters between members and facilities' mailboxes, with receipts that say who opened
//! them and when.
//!
//! `model` and `tables` hold the letters, `delivery` brings them, `acts` is whatever happens to
//! them then. `lists` shows folders, `reading` one mail, `marks` what one does to it; `drafts` is
//! what is being written and `outbox` what is about to leave. `people`, `groups` and `phrases` are
//! what a writer has at hand; `keepers` says whose they are.

pub mod acts;
pub mod boxes;
pub mod chase;
pub mod delivery;
pub mod model;
mod moment;
pub mod reminding;
pub mod tables;

mod views;

pub mod groups;
pub mod keepers;
pub mod people;
pub mod phrases;

pub mod drafts;
mod lists;
mod marks;
pub mod outbox;
mod reading;

mod chores;

mod letter;

mod export;
pub mod search;
mod viewer;

#[cfg(test)]
pub(crate) mod tests;

pub use chores::{PURGE, WAKE};
pub use views::{EntryView, entry_view};

use crate::kit::routes::Routes;

pub fn routes() -> Routes {
    let parts = [
        lists::routes(),
        reading::routes(),
        marks::routes(),
        drafts::routes(),
        people::routes(),
        groups::routes(),
        phrases::routes(),
        outbox::routes(),
        chase::routes(),
        export::routes(),
        viewer::routes(),
        search::routes(),
    ];
    parts.into_iter().fold(Routes::default(), Routes::join)
}
