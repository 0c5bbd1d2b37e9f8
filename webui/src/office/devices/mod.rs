//! Devices: the list, the end of one, those on their way in, and those whose time ends.

mod ending;
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
        .join(ending::routes())
        .join(enrolments::routes())
}
