//! The trail as auditors read it: who did what, when, from where; reading it is an act as well.

mod japanese;
mod model;
mod pages;
mod say;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Auditor, "/trail", pages::show_trail)
}
