//! Devices whose certificates end soon or have ended, and paper for those that cannot renew
//! themselves: codes for many of them in one press.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Office, "/office/devices/ending", pages::show_ending).post(
        Access::Office,
        "/office/devices/ending",
        pages::post_codes,
    )
}
