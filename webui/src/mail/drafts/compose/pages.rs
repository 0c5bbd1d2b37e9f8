//! The page on which a mail is written: every step saves what was typed.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use store::Id;

use super::super::model::{Draft, DraftKind, DraftState, Missing, Text, TooLong};
use super::super::sending::pages::problem;
use super::super::tables::{self, DraftProblem, Edit};
use super::super::views::{
    DraftView, Errors, Limits, Quote, SearchView, file_views, recipients, search,
};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::boxes::Boxes;
use crate::mail::model::{AnswerWish, Importance};
use crate::mail::tables::mail_of;

#[derive(Serialize)]
struct ComposePage {
    draft: DraftView,
    search: SearchView,
    errors: Errors,
    limits: Limits,
}

impl Page for ComposePage {
    const TEMPLATE: &'static str = "mail/drafts/compose.html";
}

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
    let directory = app.directory()?;
    let source = match draft.kind.source() {
        Some(id) => {
            let owners = Boxes::of(app, asked)?.owners();
            let act = asked.act("mail.read").on("mail", id);
            app.store.glance(act, |view| mail_of(view, &owners, id))?
        }
        None => None,
    };
    let view = DraftView {
        id: draft.id,
        version: draft.version,
        subject: draft.subject.clone(),
        importance: draft.importance.key(),
        answer: draft.answer.key(),
        body: draft.body.clone(),
        saved: (draft.version > 1).then(|| japanese::clock(&japanese::local(draft.saved_at))),
        recipients: recipients(app, &directory, draft),
        files: file_views(draft),
        kind: match draft.kind {
            DraftKind::New => "new",
            DraftKind::Reply(_) => "reply",
            DraftKind::Forward(_) => "forward",
        },
        quote: source.map(|(mail, _)| Quote {
            who: format!("{} {}", mail.sender.name, mail.sender.job.map_or("", japanese::job)),
            when: japanese::long(mail.sent_at),
            body: mail.body,
        }),
    };
    let search = search(app, &directory, draft, q);
    let limits = Limits { file: "2GB", total: "20件" };
    frame.show(Nav::Mail, "メールを書く", &ComposePage { draft: view, search, errors, limits })
}

pub fn read_text(fields: &Fields) -> Text {
    Text {
        subject: fields.text("subject").to_owned(),
        body: fields.long("body"),
        importance: Importance::of_key(fields.text("importance")),
        answer: AnswerWish::of_key(fields.text("answer")),
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
    let edit = Edit {
        version: number(fields.text("version")).unwrap_or_default(),
        text: read_text(&fields),
        add: fields.all("add").filter_map(|one| one.parse().ok()).collect(),
        remove: fields.id("remove"),
        remove_file: number(fields.text("remove_file")),
    };
    let typed = edit.text.clone();
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
    match fields.text("step") {
        "confirm" => go_to_confirm(&app, &asked, frame, &draft),
        "search" => {
            let q = fields.text("q");
            show_compose(&app, &asked, frame, &draft, q, Errors::default())
        }
        _ => Ok(Redirect::to(&format!("/mail/drafts/{id}")).into_response()),
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
    let errors = match &why {
        DraftProblem::SavedElsewhere => Errors {
            form: Some(
                "この下書きは別の画面で保存されています。いまの内容で上書きするときは、\
                 もう一度「保存」または「確認へ進む」を押してください。",
            ),
            ..Errors::default()
        },
        DraftProblem::TooLong(TooLong::Subject) => Errors {
            subject: Some("件名は100文字以内で入力してください"),
            ..Errors::default()
        },
        DraftProblem::TooLong(TooLong::Body) => Errors {
            body: Some("本文は10,000文字以内で入力してください"),
            ..Errors::default()
        },
        DraftProblem::TooLong(TooLong::Recipients) => {
            Errors { recipients: Some("宛先は100人までです"), ..Errors::default() }
        }
        DraftProblem::Unknown
        | DraftProblem::TooManyFiles
        | DraftProblem::Incomplete
        | DraftProblem::Leaving
        | DraftProblem::WrongMoment
        | DraftProblem::GoneRecipient(_)
        | DraftProblem::Store(_) => return Err(problem(why)),
    };
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
    let page = show_compose(app, asked, frame, draft, "", say_missing(&missing))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn say_missing(missing: &Missing) -> Errors {
    Errors {
        recipients: missing.recipients.then_some("宛先を1人以上選んでください"),
        subject: missing.subject.then_some("件名を入力してください"),
        body: missing.body.then_some("本文を入力してください"),
        ..Errors::default()
    }
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
    let directory = app.directory()?;
    frame.show_part(&RecipientsPart { search: search(&app, &directory, &draft, &query.q) })
}

#[derive(Serialize)]
struct RecipientsPart {
    search: SearchView,
}

impl Page for RecipientsPart {
    const TEMPLATE: &'static str = "mail/drafts/recipients.html";
}
