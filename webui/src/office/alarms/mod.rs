//! What a device gave reason to look at, and the clerk's answer.

mod pages;
#[cfg(test)]
mod tests;

pub use pages::{AlarmRow, alarm_rows};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().post(Access::Office, "/office/alarms/{device}/settle", pages::post_settle)
}
