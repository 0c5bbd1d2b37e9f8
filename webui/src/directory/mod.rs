//! Finding people and facilities, and writing to them in one press.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/directory", pages::show_directory)
}
