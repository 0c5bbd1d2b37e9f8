//! The first page: what is new for me, in one look; and its place on a tablet's home screen.

mod pages;
mod screen;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/", pages::show_home).get(
        Access::Device,
        "/app.webmanifest",
        screen::show_manifest,
    )
}
