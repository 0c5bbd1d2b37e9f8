//! A member's devices: one more, another in the place of this one, a new certificate in time, and
//! the end of a lost one.

mod chores;
mod pages;
mod renew;
#[cfg(test)]
mod tests;

pub use chores::CHORES;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/me/devices", pages::show_devices)
        .post(Access::Member, "/me/devices/code", pages::post_code)
        .post(Access::Member, "/me/devices/enrolments/{own}/approve", pages::post_approve)
        .post(Access::Member, "/me/devices/enrolments/{own}/refuse", pages::post_refuse)
        .get(Access::Member, "/me/devices/{mine}/lost", pages::show_lost)
        .post(Access::Member, "/me/devices/{mine}/lost", pages::post_lost)
        .post(Access::Member, "/me/devices/{mine}/known", pages::post_known)
        .post(Access::Member, "/me/devices/{mine}/unknown", pages::post_unknown)
        .post(Access::Member, "/me/devices/{mine}/reminded", pages::post_reminded)
        .join(renew::routes())
}
