//! Stand-in access: a member at another facility's device for 24 hours, when the own one fails.

mod pages;
#[cfg(test)]
mod tests;

pub use pages::{StandInRow, stand_in_rows};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/members/{member}/stand-in", pages::show_grant)
        .post(Access::Office, "/office/members/{member}/stand-in", pages::post_grant)
        .post(Access::Office, "/office/stand-ins/{stand_in}/end", pages::post_end)
}
