//! A set-up day: for some hours devices come in without single approvals.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/setup", pages::show_setup)
        .post(Access::Office, "/office/setup", pages::post_setup)
        .post(Access::Office, "/office/setup/{window}/close", pages::post_close)
}
