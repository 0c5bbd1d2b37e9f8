//! The own account: password, text size, sessions, last log-ins.

pub mod absence;
pub mod devices;
pub mod pages;
mod passkeys;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .join(devices::routes())
        .join(passkeys::routes())
        .get(Access::Member, "/me", pages::show_me)
        .post(Access::Member, "/me/sessions/{session}/end", pages::post_end_session)
        .get(Access::Session, "/me/password", pages::show_password)
        .post(Access::Session, "/me/password", pages::post_password)
        .post(Access::Device, "/me/size", pages::post_size)
        .join(absence::routes())
}
