//! The page on which a mail is written: every step saves what was typed.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use store::Id;

use super::super::insert::pages::{appended, words};
use super::super::model::{Draft, DraftState, Sender, Text};
use super::super::picks::SearchView;
use super::super::sending::pages::problem;
use super::super::tables::{self, DraftProblem, Edit};
use super::super::views::Errors;
use super::say;
use super::view::{ComposePage, at_hand};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::model::{AnswerWish, Importance, Owner};
use crate::mail::people;

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
}

pub async fn show_draft(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let draft = read_own(&app, &asked, id)?;
    if let DraftState::Outgoing { .. } = draft.state {
        return Ok(Redirect::to(&format!("/mail/drafts/{id}/confirm")).into_response());
    }
    show_compose(&app, &asked, frame, &draft, "", Errors::default())
}

pub fn read_own(app: &App, asked: &SignedIn, id: Id<Draft>) -> Result<Draft, Failure> {
    let act = asked.act("draft.read").on("draft", id);
    app.store.glance(act, |view| tables::own(view, asked.id(), id)).map_err(problem)
}

fn show_compose(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    draft: &Draft,
    q: &str,
    errors: Errors,
) -> Result<Response, Failure> {
    frame.show(Nav::Mail, "メールを書く", &ComposePage::of(app, asked, draft, q, errors)?)
}

pub fn read_text(fields: &Fields) -> Text {
    Text {
        subject: fields.text("subject").to_owned(),
        body: fields.long("body"),
        importance: Importance::of_key(fields.text("importance")),
        answer: AnswerWish::of_key(fields.text("answer")),
    }
}

/// A form with one sender does not ask for it.
pub fn read_sender(fields: &Fields) -> Sender {
    match (fields.has("sender"), fields.id("sender")) {
        (false, _) => Sender::AsItIs,
        (true, Some(mailbox)) => Sender::Mailbox(mailbox),
        (true, None) => Sender::Own,
    }
}

/// Every step of the form saves what was typed, whatever else it does.
pub async fn post_draft(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    headers: HeaderMap,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut typed = read_text(&fields);
    if fields.has("insert") {
        let draft = read_own(&app, &asked, id)?;
        if let Some(words) = words(&app, &asked, &draft, fields.text("insert"))? {
            typed.body = appended(&typed.body, &words);
        }
    }
    let edit = Edit {
        version: number(fields.text("version")).unwrap_or_default(),
        text: typed.clone(),
        add: fields.all("add").filter_map(|one| one.parse().ok()).collect(),
        remove: fields.id("remove"),
        remove_file: number(fields.text("remove_file")),
        groups: fields.all("group").filter_map(|one| one.parse().ok()).collect(),
        sender: read_sender(&fields),
    };
    let (owner, now) = (asked.id(), asked.now());
    let act = asked.act("draft.save").on("draft", id);
    let saved = app.store.write(act, move |write| tables::save(write, owner, id, edit, now)).await;
    let script = headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json");
    let draft = match saved {
        Ok(draft) => draft,
        Err(problem) if !script => return type_again(&app, &asked, frame, id, typed, problem),
        Err(DraftProblem::SavedElsewhere) => return Ok(saved_elsewhere()),
        Err(other) => return Err(problem(other)),
    };
    if script {
        let saved = japanese::clock(&japanese::local(draft.saved_at));
        let answer = serde_json::json!({ "version": draft.version, "saved": saved });
        return Ok(axum::Json(answer).into_response());
    }
    go_on(&app, &asked, frame, &draft, &fields).await
}

/// Where the button leads, once everything typed is safe.
async fn go_on(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    draft: &Draft,
    fields: &Fields,
) -> Result<Response, Failure> {
    let stars = [("star", true), ("unstar", false)];
    if let Some((name, on)) = stars.into_iter().find(|(name, _)| fields.has(name)) {
        let owner: Id<Owner> = fields.id(name).ok_or(Failure::NotFound)?;
        people::pages::give(app, asked, owner, on).await?;
        return show_compose(app, asked, frame, draft, fields.text("q"), Errors::default());
    }
    match fields.text("step") {
        "confirm" => go_to_confirm(app, asked, frame, draft),
        "search" => show_compose(app, asked, frame, draft, fields.text("q"), Errors::default()),
        _ => {
            let place = if fields.has("insert") { "#body" } else { "" };
            Ok(Redirect::to(&format!("/mail/drafts/{}{place}", draft.id)).into_response())
        }
    }
}

fn saved_elsewhere() -> Response {
    let message = "この下書きは別の画面で保存されています。この画面の内容は保存していません。";
    (StatusCode::CONFLICT, axum::Json(serde_json::json!({ "message": message }))).into_response()
}

/// The page again with what was typed, and why it was not saved.
fn type_again(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    id: Id<Draft>,
    typed: Text,
    why: DraftProblem,
) -> Result<Response, Failure> {
    let errors = say::errors(why).map_err(problem)?;
    let kept = read_own(app, asked, id)?;
    let shown = Draft {
        subject: typed.subject,
        body: typed.body,
        importance: typed.importance,
        answer: typed.answer,
        ..kept
    };
    let page = show_compose(app, asked, frame, &shown, "", errors)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn go_to_confirm(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    draft: &Draft,
) -> Result<Response, Failure> {
    let missing = draft.missing();
    if missing.nothing() {
        return Ok(Redirect::to(&format!("/mail/drafts/{}/confirm", draft.id)).into_response());
    }
    let page = show_compose(app, asked, frame, draft, "", say::missing(&missing))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Words typed into the search field, as a part of the page.
pub async fn show_recipients(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    frame: Frame,
    Query(query): Query<Asked>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let draft = read_own(&app, &asked, id)?;
    frame.show_part(&RecipientsPart { search: at_hand(&app, &asked, &draft, &query.q)? })
}

#[derive(Serialize)]
struct RecipientsPart {
    search: SearchView,
}

impl Page for RecipientsPart {
    const TEMPLATE: &'static str = "mail/drafts/recipients.html";
}
