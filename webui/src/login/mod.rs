//! Logging in and out: three fields, the same answer to every wrong one, and the idle lock.

mod fresh;
mod pages;
mod prove;
mod second;
#[cfg(test)]
mod tests;

pub use fresh::{Ask, fresh_or_ask};
pub use pages::{is_login, local_path};
pub use prove::{Again, account_key, hash_off_thread, prove_again, second_key};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Device, "/login", pages::show_login)
        .post(Access::Device, "/login", pages::post_login)
        .get(Access::Session, "/lock", pages::show_lock)
        .post(Access::Session, "/lock", pages::post_lock)
        .post(Access::Session, "/logout", pages::post_logout)
        .join(second::routes())
}
