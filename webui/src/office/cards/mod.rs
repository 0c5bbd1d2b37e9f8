//! User cards: for whom to make them, the paper that shows their secrets once, and their end.

mod model;
mod pages;
mod print;
#[cfg(test)]
mod tests;

pub use model::{CARDS_AT_ONCE_MAX, ChoiceProblem, Paper, chosen};
pub use print::show_print;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/cards", pages::show_cards)
        .post(Access::Office, "/office/cards", pages::post_cards)
        .post(Access::Office, "/office/cards/{number}/cancel", pages::post_cancel)
}
