//! What waits to be sent, and taking it back.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use store::Id;

use super::acts;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav};
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::drafts::{self, Draft, DraftState, draft_row, say_problem};
use crate::mail::lists::Shelf;
use crate::mail::lists::pages::{ListPage, bar};

pub async fn show_outbox(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let outgoing = app.store.glance(asked.act("draft.list"), |view| {
        drafts::of_owner(view, asked.id(), DraftState::OUTGOING)
    })?;
    let directory = app.directory()?;
    let rows = outgoing.iter().map(|draft| draft_row(draft, &directory, &asked)).collect();
    let page = ListPage::of_rows(bar(&app, &asked, Shelf::Outbox)?, rows);
    frame.show(Nav::Mail, "送信待ち", &page)
}

/// Back to writing: the text is as it was.
pub async fn post_take_back(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let owner = asked.id();
    let act = asked.act("mail.take_back").on("draft", id);
    let taken = app.store.write(act, move |write| acts::take_back(write, owner, id)).await;
    let draft = taken.map_err(say_problem)?;
    debug_assert!(!matches!(draft.state, DraftState::Outgoing { .. }));
    Ok(Redirect::to(&format!("/mail/drafts/{id}")).into_response())
}
