//! The form of a member, and who may give which roles.

mod model;
mod pages;
#[cfg(test)]
mod tests;

pub use model::{Problems, Refused, RolesProblem, Typed, Wanted, judge, may_act_on, parse};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/facilities/{facility}/members/new", pages::show_new)
        .post(Access::Office, "/office/facilities/{facility}/members", pages::post_new)
        .get(Access::Office, "/office/members/{member}/edit", pages::show_edit)
        .post(Access::Office, "/office/members/{member}", pages::post_edit)
}
