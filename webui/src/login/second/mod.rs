//! The second step of a log-in, for members who have a passkey: the hardware, or a code from paper.
//!
//! Between the two steps there is no session, only a row that remembers whose password was right
//! at which device; so nothing else opens in between.

mod model;
mod pages;
mod tables;
#[cfg(test)]
mod tests;

pub use model::SecondStep;
pub use pages::begin;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Device, "/login/passkey", pages::show_second)
        .post(Access::Device, "/login/passkey", pages::post_proof)
        .post(Access::Device, "/login/recovery", pages::post_code)
}
