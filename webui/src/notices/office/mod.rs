//! What the office sees of notices outside: whether they go out, what was given up, and who may
//! have an address at all. Without a mail server and Web Push there is no such page.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/notices", pages::show_state)
        .post(Access::Office, "/office/notices", pages::post_policy)
        .post(Access::Office, "/office/notices/test", pages::post_test)
        .post(Access::Office, "/office/notices/dead", pages::post_dead)
}
