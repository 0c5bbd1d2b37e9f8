//! The own passkeys: registered with the password in hand, listed, removed; and the codes on paper.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/me/passkeys", pages::show_passkeys)
        .post(Access::Member, "/me/passkeys/start", pages::post_start)
        .get(Access::Member, "/me/passkeys/new", pages::show_new)
        .post(Access::Member, "/me/passkeys", pages::post_passkey)
        .post(Access::Member, "/me/passkeys/codes", pages::post_codes)
        .post(Access::Member, "/me/passkeys/seen", pages::post_seen)
        .post(Access::Member, "/me/passkeys/{passkey}/remove", pages::post_remove)
}
