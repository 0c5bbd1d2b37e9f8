//! Mail: letters between members, with receipts that say who opened them and when.
//!
//! `model` and `tables` hold the letters, `drafts` what is being written, `pages` what is read.

pub mod model;
pub mod tables;

mod views;

pub mod drafts;
mod pages;

#[cfg(test)]
mod tests;

pub use views::{EntryView, entry_view};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/mail/inbox", pages::show_inbox)
        .get(Access::Member, "/mail/sent", pages::show_sent)
        .get(Access::Member, "/mail/bin", pages::show_bin)
        .get(Access::Member, "/mail/{mail}", pages::show_mail)
        .get(Access::Member, "/mail/{mail}/print", pages::show_print)
        .get(Access::Member, "/mail/{mail}/files/{n}", pages::show_file)
        .get(Access::Member, "/mail/{mail}/files/{n}/thumb", pages::show_thumb)
        .post(Access::Member, "/mail/{mail}/bin", pages::post_bin)
        .post(Access::Member, "/mail/{mail}/restore", pages::post_restore)
        .join(drafts::routes())
}
