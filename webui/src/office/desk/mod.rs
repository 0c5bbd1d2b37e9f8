//! The desk: what waits, what stopped half-way, and the ways on.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Office, "/office", pages::show_desk)
}
