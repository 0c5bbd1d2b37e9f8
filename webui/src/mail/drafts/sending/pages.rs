//! The last look before a mail leaves, and the act that sends it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::directory::Directory;
use serde::Serialize;
use store::{Id, StoreError};

use super::super::compose::pages::read_own;
use super::super::insert::pages::own_words;
use super::super::model::{Draft, DraftState};
use super::super::tables::{self, DraftProblem};
use super::super::views::{self, DraftView, GroupNote, file_views, group_notes, owner_view};
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::model::Owner;
use crate::mail::moment::{self, Typed};
use crate::mail::outbox::{self, Leave};
use crate::mail::phrases::left_in;
use crate::mail::views::PersonView;
use crate::me::absence::away;

#[derive(Serialize)]
struct ConfirmPage {
    draft: DraftView,
    recipients: Vec<Checked>,
    facilities: usize,
    warnings: Vec<String>,
    via: Option<PersonView>,
    undo_seconds: i64,
    /// When it leaves, where it is on its way.
    leaves: Option<String>,
    leaves_iso: Option<String>,
    /// What was typed for a moment to leave, where it was no good.
    later: Option<Typed>,
}

impl Page for ConfirmPage {
    const TEMPLATE: &'static str = "mail/drafts/confirm.html";
}

#[derive(Serialize)]
struct Checked {
    #[serde(flatten)]
    person: PersonView,
    /// The group that brought this recipient.
    group: Option<String>,
    twins: Vec<PersonView>,
    away: Option<AwayView>,
}

#[derive(Serialize)]
struct AwayView {
    until: String,
    deputy: Option<PersonView>,
}

fn away_view(
    app: &App,
    directory: &Directory,
    owner: Id<Owner>,
) -> Result<Option<AwayView>, StoreError> {
    let absence = app.store.read(|read| away(read, Id::from_bytes(owner.bytes()), app.today()))?;
    Ok(absence.map(|absence| AwayView {
        until: japanese::short_day(absence.until, app.today()),
        deputy: absence.deputy.and_then(|one| owner_view(directory, Owner::member(one))),
    }))
}

fn checked(
    app: &App,
    directory: &Directory,
    groups: &[GroupNote],
    owner: Id<Owner>,
) -> Result<Option<Checked>, StoreError> {
    let Some(person) = owner_view(directory, owner) else { return Ok(None) };
    let member = directory.member(Id::from_bytes(owner.bytes()));
    let twins = member.map(|entry| directory.namesakes(entry, app.today())).unwrap_or_default();
    let twins = twins.iter().map(|twin| views::person(twin)).collect();
    let group = groups.iter().find(|group| group.has(owner)).map(|group| group.name.clone());
    Ok(Some(Checked { person, group, twins, away: away_view(app, directory, owner)? }))
}

/// What one would be sorry for after sending.
fn warnings(draft: &Draft) -> Vec<String> {
    let own = own_words(&draft.body);
    let mut found = Vec::new();
    if draft.files.is_empty() && ATTACHED.iter().any(|word| own.contains(word)) {
        found.push("本文に「添付」とありますが、ファイルが付いていません。".to_owned());
    }
    if let Some(mark) = left_in(&own) {
        found.push(format!("本文に {mark} が残っています。書き換えてから送ってください。"));
    }
    found
}

/// Words that promise a file.
const ATTACHED: [&str; 3] = ["添付", "別添", "ファイルを付け"];

pub async fn show_confirm(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    confirm(&app, &asked, frame, id, None)
}

fn confirm(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    id: Id<Draft>,
    later: Option<Typed>,
) -> Result<Response, Failure> {
    let draft = read_own(app, asked, id)?;
    if !draft.missing().nothing() {
        return Ok(Redirect::to(&format!("/mail/drafts/{id}")).into_response());
    }
    let leaves_at = match draft.state {
        DraftState::Outgoing { leaves_at, .. } => Some(leaves_at),
        DraftState::Writing | DraftState::Discarded | DraftState::Stopped { .. } => None,
    };
    let directory = app.directory()?;
    let act = asked.act("draft.read").on("draft", id);
    let groups = app.store.glance(act, |view| tables::groups_of(view, id))?;
    let groups = group_notes(groups, &directory, &draft);
    let mut recipients = Vec::new();
    for one in &draft.recipients {
        recipients.extend(checked(app, &directory, &groups, *one)?);
    }
    let mut facilities: Vec<_> = recipients.iter().map(|one| &one.person.facility).collect();
    facilities.sort_unstable();
    facilities.dedup();
    let page = ConfirmPage {
        facilities: facilities.len(),
        recipients,
        warnings: warnings(&draft),
        via: draft.via.and_then(|via| owner_view(&directory, Owner::mailbox(via))),
        undo_seconds: app.rules.undo.as_secs(),
        leaves: leaves_at.map(japanese::long),
        leaves_iso: leaves_at.map(japanese::iso),
        later,
        draft: DraftView {
            id,
            version: draft.version,
            subject: draft.subject.clone(),
            importance: draft.importance.key(),
            answer: draft.answer.key(),
            body: draft.body.clone(),
            saved: None,
            recipients: Vec::new(),
            files: file_views(&draft),
            kind: "new",
            quote: None,
            groups,
            senders: Vec::new(),
        },
    };
    let title = if page.leaves.is_some() { "送信待ち" } else { "送信の確認" };
    frame.show(Nav::Mail, title, &page)
}

pub async fn post_send(
    Path(id): Path<Id<Draft>>,
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let version = number(fields.text("version")).unwrap_or_default();
    let (owner, clock) = (asked.id(), app.store.clock().clone());
    let leave = match read_leave(&app, &asked, &fields) {
        Ok(leave) => leave,
        Err(typed) => {
            let page = confirm(&app, &asked, frame, id, Some(typed))?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let act = asked.act("mail.send").on("draft", id);
    let sent = app
        .store
        .write(act, move |write| outbox::send(write, &clock, owner, id, version, leave))
        .await
        .map_err(problem)?;
    let said = match sent {
        outbox::Sent::Left { recipients } => {
            return Ok(redirect_saying(
                "/mail/sent",
                &format!("{recipients}件の宛先に送信しました"),
            ));
        }
        outbox::Sent::Waits { leaves_at, chosen: true } => {
            format!("{} に送信します。それまでは取り消せます", japanese::long(leaves_at))
        }
        outbox::Sent::Waits { .. } => {
            format!("送信します。{}秒以内なら取り消せます", app.rules.undo.as_secs())
        }
    };
    app.outbox.wake();
    Ok(redirect_saying(&format!("/mail/drafts/{id}/confirm"), &said))
}

/// At once, or at a day and time that the form names.
fn read_leave(app: &App, asked: &SignedIn, fields: &Fields) -> Result<Leave, Typed> {
    if fields.text("when") != "later" {
        return Ok(Leave::Soon { undo: app.rules.undo });
    }
    moment::read(fields, asked.now()).map(|at| Leave::At { at })
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
    let to = format!("/mail/drafts?undo={id}");
    Ok(redirect_saying(&to, "下書きを破棄しました。ごみ箱から開き直せます"))
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
        DraftProblem::Leaving => said(
            "このメールは送信待ちか、すでに送信されています。",
            "直すときは「送信待ち」で送信を取り消してください。",
        ),
        DraftProblem::TooManyFiles => said(
            "添付ファイルは20件までです。",
            "いくつかの添付をやめるか、メールを分けてください。",
        ),
        DraftProblem::WrongSender => said(
            "差出人に選んだメールボックスの担当から外れています。",
            "下書きを開き、差出人を選び直してから、もう一度送信してください。",
        ),
        DraftProblem::GoneGroup | DraftProblem::GroupTooLarge { .. } => said(
            "選んだ宛先グループは使えなくなったか、宛先が多すぎます。",
            "下書きを開き、宛先を確かめてください。",
        ),
        DraftProblem::GoneRecipient(_) => said(
            "宛先の中に、退職・異動などで受け取れない職員がいます。",
            "宛先を確かめて、もう一度送信してください。",
        ),
        DraftProblem::Store(error) => error.into(),
    }
}
