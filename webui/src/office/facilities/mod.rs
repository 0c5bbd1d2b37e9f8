//! Facilities in the office's hands: registered, changed, stopped and taken up again.

mod model;
mod pages;
mod route;
mod say;
#[cfg(test)]
mod tests;

pub use model::{Problems, Typed, Wanted, is_doubtful, parse};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/facilities", pages::show_facilities)
        .get(Access::Office, "/office/facilities/new", pages::show_new)
        .post(Access::Office, "/office/facilities", pages::post_new)
        .get(Access::Office, "/office/facilities/{facility}", pages::show_facility)
        .get(Access::Office, "/office/facilities/{facility}/edit", pages::show_edit)
        .post(Access::Office, "/office/facilities/{facility}", pages::post_edit)
        .post(Access::Office, "/office/facilities/{facility}/suspend", pages::post_suspend)
        .post(Access::Office, "/office/facilities/{facility}/resume", pages::post_resume)
        .join(route::routes())
}
