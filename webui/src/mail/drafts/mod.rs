//! Drafts: what is being written. One row with a version; sending consumes it in the same act.

mod attach;
mod files;
mod model;
mod pages;
mod tables;
#[cfg(test)]
mod tests;

pub use attach::attachment;
pub use model::{Draft, DraftKind};
pub use pages::{discarded_rows, draft_row};
pub use tables::{DraftByOwner, DraftProblem, deliver, of_owner, send, start};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/mail/drafts", pages::show_drafts)
        .post(Access::Member, "/mail/drafts", pages::post_new)
        .post(Access::Member, "/mail/{mail}/reply", pages::post_reply)
        .get(Access::Member, "/mail/drafts/{draft}", pages::show_draft)
        .post(Access::Member, "/mail/drafts/{draft}", pages::post_draft)
        .get(Access::Member, "/mail/drafts/{draft}/recipients", pages::show_recipients)
        .get(Access::Member, "/mail/drafts/{draft}/confirm", pages::show_confirm)
        .post(Access::Member, "/mail/drafts/{draft}/send", pages::post_send)
        .post(Access::Member, "/mail/drafts/{draft}/discard", pages::post_discard)
        .post(Access::Member, "/mail/drafts/{draft}/files", files::pages::post_files)
        .put(Access::Member, "/mail/drafts/{draft}/files", files::pages::put_file)
        .get(Access::Member, "/mail/drafts/{draft}/files/{n}", files::pages::show_file)
        .get(Access::Member, "/mail/drafts/{draft}/files/{n}/thumb", files::pages::show_thumb)
}
