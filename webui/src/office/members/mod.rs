//! Members in the office's hands: registered at a facility, changed, locked.

mod codes;
mod form;
mod pages;
#[cfg(test)]
mod tests;

pub use form::{Problems, Refused, Typed, Wanted, judge, may_act_on, parse};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .join(codes::routes())
        .join(form::routes())
        .get(Access::Office, "/office/members", pages::show_members)
        .get(Access::Office, "/office/members/{member}", pages::show_member)
        .post(Access::Office, "/office/members/{member}/lock", pages::post_lock)
        .post(Access::Office, "/office/members/{member}/unlock", pages::post_unlock)
        .post(Access::Office, "/office/members/{member}/forgive", pages::post_forgive)
}
