//! Passkeys at the desk: whether office roles must have one, what happened, and a fresh start for
//! somebody who lost everything.

mod pages;
#[cfg(test)]
mod tests;

pub use pages::{KeyFacts, key_facts};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/passkeys", pages::show_passkeys)
        .post(Access::Office, "/office/passkeys/rule", pages::post_rule)
        .post(Access::Office, "/office/passkeys/{member}/settle", pages::post_settle)
        .post(Access::Office, "/office/members/{member}/passkeys/reset", pages::post_reset)
}
