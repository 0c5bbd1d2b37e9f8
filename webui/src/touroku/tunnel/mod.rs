//! The second half of an enrolment: the key for the tunnel, from the same card.

mod pages;
#[cfg(test)]
mod tests;

pub use pages::{Offer, offer};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Stranger, "/e/tunnel", pages::show_tunnel).post(
        Access::Stranger,
        "/e/tunnel",
        pages::post_tunnel,
    )
}
