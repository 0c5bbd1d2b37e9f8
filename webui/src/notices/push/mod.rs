//! Web Push: a browser that is not open shows that something came, and no word more.
//!
//! `seal` encrypts for one browser (RFC 8291), `keys` proves to the push service who pushes (RFC
//! 8292), `service` knows which services may be spoken to. The service worker shows and closes;
//! it caches nothing.

mod keys;
mod model;
mod pages;
mod seal;
mod service;
mod tables;

#[cfg(test)]
mod tests;

pub use keys::{ensure, public_key};
pub use model::{may_be_sent_to, read_subscription};
pub use service::send;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Device, "/sw.js", pages::show_worker)
        .post(Access::Member, "/me/notices/push", pages::post_subscription)
        .post(Access::Member, "/me/notices/push/end", pages::post_end)
}
