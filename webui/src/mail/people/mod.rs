//! People close at hand: those with a star, and those written to last.

mod model;
pub mod pages;
mod tables;

#[cfg(test)]
mod tests;

pub use model::{FAVOURITES_MAX, Favourite, RECENT_MAX, Recent};
pub use tables::{FavouriteProblem, favourites, is_favourite, note_recent, recent, set_favourite};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().post(Access::Member, "/me/favourites", pages::post_favourite)
}
