//! The first page: what is new for me, in one look.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/", pages::show_home)
}
