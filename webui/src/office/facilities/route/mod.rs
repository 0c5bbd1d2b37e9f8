//! Which ways in a facility's devices take, and what they show inside of the tunnel.

mod pages;
#[cfg(test)]
mod tests;

pub use pages::{RouteView, route_view};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().post(Access::Office, "/office/facilities/{facility}/route", pages::post_route)
}
