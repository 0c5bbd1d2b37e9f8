//! Drafts: what is being written. One row with a version; sending consumes it in the same act.

mod model;
mod tables;

mod attach;
mod picks;
mod views;

mod pages;

mod compose;
mod files;
mod insert;
mod sending;
mod uploads;

#[cfg(test)]
mod tests;

pub use attach::{attachment, clean_name};
pub use model::{Draft, DraftGroup, DraftKind, DraftState};
pub use pages::{discarded_rows, draft_row};
pub use picks::{FoundView, found_people};
pub use sending::pages::problem as say_problem;
pub use tables::{
    DraftByOwner, DraftProblem, blobs_of, forget_groups, keep_blobs, of_owner, own_for_change,
    reads, start,
};
pub use views::{Errors, owner_view};

pub use uploads::{JOB as UPLOADS_JOB, Upload, begin as begin_upload};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Member, "/mail/drafts", pages::show_drafts)
        .post(Access::Member, "/mail/drafts", pages::post_new)
        .post(Access::Member, "/mail/{mail}/reply", pages::post_reply)
        .get(Access::Member, "/mail/drafts/{draft}", compose::pages::show_draft)
        .post(Access::Member, "/mail/drafts/{draft}", compose::pages::post_draft)
        .get(Access::Member, "/mail/drafts/{draft}/recipients", compose::pages::show_recipients)
        .get(Access::Member, "/mail/drafts/{draft}/words", insert::pages::show_words)
        .get(Access::Member, "/mail/drafts/{draft}/confirm", sending::pages::show_confirm)
        .post(Access::Member, "/mail/drafts/{draft}/send", sending::pages::post_send)
        .post(Access::Member, "/mail/drafts/{draft}/discard", sending::pages::post_discard)
        .post(Access::Member, "/mail/drafts/{draft}/files", files::pages::post_files)
        .put(Access::Member, "/mail/drafts/{draft}/files", files::pages::put_file)
        .get(Access::Member, "/mail/drafts/{draft}/files/{n}", files::pages::show_file)
        .get(Access::Member, "/mail/drafts/{draft}/files/{n}/thumb", files::pages::show_thumb)
        .post(Access::Member, "/mail/drafts/{draft}/uploads", uploads::pages::post_upload)
        .get(Access::Member, "/mail/drafts/{draft}/uploads/{upload}", uploads::pages::show_upload)
        .put(Access::Member, "/mail/drafts/{draft}/uploads/{upload}", uploads::pages::put_rest)
        .post(
            Access::Member,
            "/mail/drafts/{draft}/uploads/{upload}/stop",
            uploads::pages::post_stop,
        )
}
