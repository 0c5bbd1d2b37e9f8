//! "This device is connected": the first page that a new device sees, before anybody logs in.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Device, "/connected", pages::show_connected)
}
