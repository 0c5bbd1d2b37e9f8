//! Accounts that nobody uses, and those whose time ends: what an audit asks for.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Office, "/office/unused", pages::show_unused)
}
