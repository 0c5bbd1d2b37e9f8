//! What an approved machine takes, in the way that its system sets itself up by.

mod packing;
mod pages;
mod renewed;
mod say;
mod script;
#[cfg(test)]
mod tests;

pub use packing::{Titles, label, profile, sealed, stop};
pub use script::{COMMAND, script_file};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Stranger, "/e/take", pages::show_take)
        .post(Access::Stranger, "/e/p12", pages::post_p12)
        .post(Access::Stranger, "/e/profile", pages::post_profile)
        .post(Access::Stranger, "/e/script", pages::post_script)
        .post(Access::Stranger, "/e/certificate", pages::post_certificate)
}
