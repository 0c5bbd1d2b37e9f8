//! The shelves of a box: its folders, what is starred, what is being written or about to leave.

mod many;
pub mod pages;
mod shelf;

pub use shelf::{Bar, BoxView, Shelf, ShelfView};

#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/mail/inbox", pages::show_inbox)
        .get(Access::Member, "/mail/starred", pages::show_starred)
        .get(Access::Member, "/mail/later", pages::show_later)
        .get(Access::Member, "/mail/done", pages::show_done)
        .get(Access::Member, "/mail/sent", pages::show_sent)
        .get(Access::Member, "/mail/bin", pages::show_bin)
        .post(Access::Member, "/mail/many", many::post_many)
}
