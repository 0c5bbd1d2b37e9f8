//! The outbox: what was sent and has not left yet. One engine for second thoughts, for sending
//! later, and for what could not leave.

mod acts;
mod model;
mod pages;
mod run;
mod tables;

#[cfg(test)]
mod tests;

pub use acts::{leave, send, take_back};
pub use model::{Leave, Leaving, Sent, may_be_chosen};
pub use run::run;
pub use tables::due;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/mail/outbox", pages::show_outbox).post(
        Access::Member,
        "/mail/drafts/{draft}/take-back",
        pages::post_take_back,
    )
}
