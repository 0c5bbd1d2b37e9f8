//! The outbox: what was sent and has not left yet. One engine for second thoughts, for sending
//! later, and for what could not leave.

mod acts;
mod pages;
mod run;

#[cfg(test)]
mod tests;

pub use acts::{Leave, Leaving, Sent, due, leave, may_be_chosen, send, take_back};
pub use run::run;

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default().get(Access::Member, "/mail/outbox", pages::show_outbox).post(
        Access::Member,
        "/mail/drafts/{draft}/take-back",
        pages::post_take_back,
    )
}
