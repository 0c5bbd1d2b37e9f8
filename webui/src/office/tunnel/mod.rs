//! How the gateway is: whether it runs, who is inside, what it refuses, and what to do about it.

mod japanese;
mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Office, "/office/tunnel", pages::show_tunnel)
}
