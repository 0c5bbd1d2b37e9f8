//! Mails for elsewhere: one as an `.eml` that every mail program opens, several in a zip. Files
//! are read while the answer is sent, so an export of gigabytes takes no more memory than a page.

mod eml;
mod zip;

pub mod pages;

#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/mail/{mail}/eml", pages::show_eml).post(
        Access::Member,
        "/mail/export",
        pages::post_export,
    )
}
