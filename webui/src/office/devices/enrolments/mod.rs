//! Devices on their way in: six digits to compare, and how the last ones went.

mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/enrolments", pages::show_enrolments)
        .post(Access::Office, "/office/enrolments/{enrolment}/approve", pages::post_approve)
        .post(Access::Office, "/office/enrolments/{enrolment}/refuse", pages::post_refuse)
        .post(Access::Office, "/office/enrolments/{enrolment}/cancel", pages::post_cancel)
}
