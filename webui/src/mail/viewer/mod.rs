//! Looking at the files of a mail one after the other: pictures, films, and PDFs in the
//! browser's own viewer.

pub mod pages;

#[cfg(test)]
pub mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/mail/{mail}/files/{n}/view", pages::show_view)
}
