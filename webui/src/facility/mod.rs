//! The own facility in its manager's hands: who comes in, which devices there are, and a loss.
//!
//! Nothing here reaches another facility; theirs do not exist for a manager.

mod mailboxes;
mod pages;
pub mod stock;
#[cfg(test)]
mod tests;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Manager, "/facility", pages::show_facility)
        .post(Access::Manager, "/facility/enrolments/{ours}/approve", pages::post_approve)
        .post(Access::Manager, "/facility/enrolments/{ours}/refuse", pages::post_refuse)
        .get(Access::Manager, "/facility/devices/{spare}/lost", pages::show_lost)
        .post(Access::Manager, "/facility/devices/{spare}/lost", pages::post_lost)
        .post(Access::Manager, "/facility/devices/{replaced}/noted", pages::post_noted)
        .join(mailboxes::routes())
        .join(stock::routes())
}
