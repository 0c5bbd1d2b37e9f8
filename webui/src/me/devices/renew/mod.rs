//! Renewal in session: a new certificate for the device in hand, from sixty days before the end.
//!
//! The device's live connection and a log-in of its own facility are the proof. `deliver.rs` is
//! the one place that knows how a certificate reaches each kind of machine.

mod deliver;
mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/me/devices/renew", pages::show_renew)
        .post(Access::Member, "/me/devices/renew", pages::post_renew)
        .post(Access::Member, "/me/devices/renew/file", pages::post_file)
        .post(Access::Member, "/me/devices/renew/script", pages::post_script)
}
