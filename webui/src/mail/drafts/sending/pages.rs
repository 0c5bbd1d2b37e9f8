//! The last look before a mail leaves, and the act that sends it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::directory::Entry as DirectoryEntry;
use serde::Serialize;
use store::Id;

use super::super::compose::pages::read_own;
use super::super::model::Draft;
use super::super::tables::{self, DraftProblem};
use super::super::views::{DraftView, file_views, person};
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::views::PersonView;

#[derive(Serialize)]
struct ConfirmPage {
    draft: DraftView,
    recipients: Vec<Checked>,
    facilities: usize,
    warnings: Vec<&'static str>,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "mail/drafts/confirm.html";
}

#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    person: PersonView,
    twins: Vec<PersonView>,
}

pub async fn show_confirm(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let draft = read_own(&app, &asked, id)?;
    if !draft.missing().nothing() {
        return Ok(Redirect::to(&format!("/mail/drafts/{id}")).into_response());
    }
    let directory = app.directory()?;
    let entries: Vec<_> =
        draft.recipients.iter().filter_map(|member| directory.member(*member)).collect();
    let mut facilities: Vec<_> = entries.iter().map(|entry| entry.facility.id).collect();
    facilities.sort_unstable();
    facilities.dedup();
    let check = |entry: &&Arc<DirectoryEntry>| Checked {
        person: person(entry),
        twins: directory.namesakes(entry, app.today()).iter().map(|twin| person(twin)).collect(),
    };
    let page = ConfirmPage {
        recipients: entries.iter().map(check).collect(),
        facilities: facilities.len(),
        warnings: Vec::new(),
        draft: DraftView {
            id,
            version: draft.version,
            subject: draft.subject.clone(),
            importance: draft.importance.key(),
            body: draft.body.clone(),
            saved: None,
            recipients: Vec::new(),
            files: file_views(&draft),
            kind: "new",
            quote: None,
        },
    };
    frame.show(Nav::Mail, "送信の確認", &page)
}

pub async fn post_send(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let version = number(fields.text("version")).unwrap_or_default();
    let (owner, clock) = (asked.id(), app.store.clock().clone());
    let act = asked.act("mail.send").on("draft", id);
    let sent = app
        .store
        .write(act, move |write| tables::send(write, &clock, owner, id, version))
        .await
        .map_err(problem)?;
    let said = format!("{}人に送信しました", sent.recipients.len());
    Ok(redirect_saying("/mail/sent", &said))
}

pub async fn post_discard(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (owner, now) = (asked.id(), asked.now());
    let act = asked.act("draft.discard").on("draft", id);
    app.store
        .write(act, move |write| tables::discard(write, owner, id, now))
        .await
        .map_err(problem)?;
    Ok(redirect_saying("/mail/drafts", "下書きを破棄しました。ごみ箱から開き直せます"))
}

pub fn problem(problem: DraftProblem) -> Failure {
    let said = |why: &str, next: &'static str| {
        Failure::from(Said {
            status: StatusCode::CONFLICT,
            what: "送信できませんでした",
            why: why.to_owned(),
            next,
            link: Some(("/mail/drafts".to_owned(), "下書きへ戻る")),
        })
    };
    match problem {
        DraftProblem::Unknown => Failure::NotFound,
        DraftProblem::SavedElsewhere => said(
            "確認したあとに、別の画面でこの下書きが変更されています。",
            "下書きを開き、内容を確かめてから、もう一度送信してください。",
        ),
        DraftProblem::TooLong(_) | DraftProblem::Incomplete => said(
            "宛先・件名・本文のいずれかが足りないか、長すぎます。",
            "下書きを開き、内容を確かめてください。",
        ),
        DraftProblem::TooManyFiles => said(
            "添付ファイルは20件までです。",
            "いくつかの添付をやめるか、メールを分けてください。",
        ),
        DraftProblem::GoneRecipient(_) => said(
            "宛先の中に、退職・異動などで受け取れない職員がいます。",
            "宛先を確かめて、もう一度送信してください。",
        ),
        DraftProblem::Store(error) => error.into(),
    }
}
