//! Devices: the list, the end of one, and those on their way in.

mod enrolments;
mod pages;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/devices", pages::show_devices)
        .get(Access::Office, "/office/devices/{device}/revoke", pages::show_revoke)
        .post(Access::Office, "/office/devices/{device}/revoke", pages::post_revoke)
        .join(enrolments::routes())
}
