//! The enrolment host: a card's holder turns the machine in hand into a device.
//!
//! A dozen doors and nothing of the product behind them; closed while no card is outstanding.
//! `pages` goes from the card to the approval, `handing` from there to the certificate: a script
//! for Windows, a profile for Apple's machines, a file for all others. `tunnel` adds the other way
//! in, and `guides` has the words.

mod common;
pub mod guides;
pub mod handing;
mod limits;
mod pages;
pub mod recognise;
#[cfg(test)]
mod tests;
mod tunnel;
pub mod windows;

pub use common::site;
pub use handing::{COMMAND, Titles, label, profile, script_file, sealed};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Stranger, "/", pages::show_root)
        .get(Access::Stranger, "/e", pages::show_start)
        .post(Access::Stranger, "/e", pages::post_card)
        .get(Access::Stranger, "/e/wait", pages::show_wait)
        .get(Access::Stranger, "/e/status", pages::show_status)
        .join(handing::routes())
        .join(tunnel::routes())
}
