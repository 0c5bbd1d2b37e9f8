//! The enrolment host: a card's holder turns the machine in hand into a device.
//!
//! Six doors and nothing of the product behind them; closed while no card is outstanding.

mod limits;
mod pages;
pub mod recognise;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Stranger, "/", pages::show_root)
        .get(Access::Stranger, "/e", pages::show_start)
        .post(Access::Stranger, "/e", pages::post_card)
        .get(Access::Stranger, "/e/wait", pages::show_wait)
        .get(Access::Stranger, "/e/status", pages::show_status)
        .get(Access::Stranger, "/e/take", pages::show_take)
        .post(Access::Stranger, "/e/p12", pages::post_p12)
        .post(Access::Stranger, "/e/certificate", pages::post_certificate)
}
