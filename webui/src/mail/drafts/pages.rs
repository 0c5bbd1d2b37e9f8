//! The drafts' list, and how a draft begins: blank, as an answer, or passed on.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::directory::Directory;
use serde::Deserialize;
use store::{Id, StoreError};

use super::model::{Draft, DraftKind, DraftState};
use super::tables;
use super::views::owner_view;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::boxes::Boxes;
use crate::mail::lists::Shelf;
use crate::mail::lists::pages::{ListPage, bar};
use crate::mail::model::{BODY_CHARS_MAX, EntryState, Mail, Owner, SUBJECT_CHARS_MAX};
use crate::mail::tables::mail_of;
use crate::mail::views::EntryView;

const WRITING: u8 = DraftState::Writing.number();
const DISCARDED: u8 = DraftState::Discarded.number();

#[derive(Default, Deserialize)]
pub struct Thrown {
    /// A draft that was thrown away a moment ago.
    #[serde(default)]
    undo: String,
}

pub async fn show_drafts(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(thrown): Query<Thrown>,
) -> Result<Response, Failure> {
    let drafts = app.store.glance(asked.act("draft.list"), |view| {
        let mut drafts = tables::of_owner(view, asked.id(), DraftState::STOPPED)?;
        drafts.extend(tables::of_owner(view, asked.id(), WRITING)?);
        Ok::<_, StoreError>(drafts)
    })?;
    let directory = app.directory()?;
    let rows = drafts.iter().map(|draft| draft_row(draft, &directory, &asked)).collect();
    let mut page = ListPage::of_rows(bar(&app, &asked, Shelf::Drafts)?, rows);
    let thrown: Option<Id<Draft>> = thrown.undo.parse().ok();
    page.undo = thrown.map(|id| format!("/mail/drafts/{id}/take-back"));
    frame.show(Nav::Mail, "下書き", &page)
}

/// What was thrown away, for the top of the bin.
pub fn discarded_rows(app: &App, asked: &SignedIn) -> Result<Vec<EntryView>, StoreError> {
    let drafts = app
        .store
        .glance(asked.act("draft.list"), |view| tables::of_owner(view, asked.id(), DISCARDED))?;
    let directory = app.directory()?;
    Ok(drafts.iter().map(|draft| draft_row(draft, &directory, asked)).collect())
}

pub fn draft_row(draft: &Draft, directory: &Directory, asked: &SignedIn) -> EntryView {
    let who = draft.recipients.first().and_then(|first| owner_view(directory, *first));
    let until = match draft.state {
        DraftState::Outgoing { leaves_at, .. } => Some(japanese::short(leaves_at, asked.now())),
        DraftState::Writing | DraftState::Discarded | DraftState::Stopped { .. } => None,
    };
    let subject = if draft.subject.is_empty() { "（件名なし）" } else { &draft.subject };
    let others = draft.recipients.len().saturating_sub(1);
    EntryView {
        id: Id::from_bytes(draft.id.bytes()),
        href: format!("/mail/drafts/{}", draft.id),
        open: false,
        unread: false,
        name: who.as_ref().map_or_else(|| "宛先なし".to_owned(), |who| who.name.clone()),
        job: who.as_ref().map_or("", |who| who.job),
        shared: who.as_ref().is_some_and(|who| who.shared),
        facility: who.map_or_else(String::new, |who| who.facility),
        more: u16::try_from(others).unwrap_or(u16::MAX),
        subject: subject.to_owned(),
        importance: draft.importance.key(),
        files: u8::try_from(draft.files.len()).unwrap_or(u8::MAX),
        when: japanese::short(draft.saved_at, asked.now()),
        iso: japanese::iso(draft.saved_at),
        opened: None,
        answer: draft.answer.key(),
        starred: false,
        answered: false,
        reminded: false,
        withdrawn: false,
        charge: None,
        until,
        stopped: matches!(draft.state, DraftState::Stopped { .. }),
        take_back: matches!(draft.state, DraftState::Outgoing { .. })
            .then(|| format!("/mail/drafts/{}/take-back", draft.id)),
    }
}

/// A blank draft, perhaps with a recipient from the directory's page.
pub async fn post_new(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let to = fields.all("to").filter_map(|to| to.parse().ok()).collect();
    let draft = blank(&app, &asked, DraftKind::New, to);
    start(&app, &asked, draft).await
}

pub async fn post_reply(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let boxes = Boxes::of(&app, &asked)?;
    let owners = boxes.choose(fields.text("box")).ok_or(Failure::NotFound)?;
    let act = asked.act("mail.read").on("mail", id);
    let found = app.store.glance(act, |view| mail_of(view, &owners, id))?;
    let (mail, entry) = found.ok_or(Failure::NotFound)?;
    if entry.state == EntryState::Withdrawn {
        return Err(Failure::NotFound);
    }
    let everybody = || {
        let others = mail.recipients.iter().map(|one| one.person.owner);
        let all = std::iter::once(mail.answer_to().owner).chain(others);
        let mut all: Vec<_> = all.filter(|one| *one != boxes.own && *one != entry.owner).collect();
        let mut seen = std::collections::HashSet::new();
        all.retain(|one| seen.insert(*one));
        all
    };
    let (kind, recipients) = match fields.text("how") {
        "all" => (DraftKind::Reply(id), everybody()),
        "forward" => (DraftKind::Forward(id), Vec::new()),
        _ => (DraftKind::Reply(id), vec![mail.answer_to().owner]),
    };
    let mut draft = blank(&app, &asked, kind, recipients);
    draft.via = boxes.mailbox(entry.owner).map(|found| found.mailbox.id);
    match kind {
        DraftKind::Forward(_) => {
            draft.subject = prefixed("Fw: ", &mail.subject);
            draft.body = forwarded(&mail);
            draft.next_file = mail.files.iter().map(|file| file.n).max().map_or(0, |n| n + 1);
            draft.files = mail.files;
        }
        DraftKind::Reply(_) | DraftKind::New => draft.subject = prefixed("Re: ", &mail.subject),
    }
    start(&app, &asked, draft).await
}

fn prefixed(prefix: &str, subject: &str) -> String {
    let whole =
        if subject.starts_with(prefix) { subject.to_owned() } else { format!("{prefix}{subject}") };
    whole.chars().take(SUBJECT_CHARS_MAX).collect()
}

fn forwarded(mail: &Mail) -> String {
    let (sender, job) = (&mail.sender, mail.sender.job.map_or("", japanese::job));
    let head = format!(
        "\n\n――― 転送するメール ―――\n差出人：{} {job}（{}）\n日時：{}\n件名：{}\n\n",
        sender.name,
        sender.facility_name,
        japanese::long(mail.sent_at),
        mail.subject
    );
    let whole = head + &mail.body;
    whole.chars().take(BODY_CHARS_MAX).collect()
}

fn blank(app: &App, asked: &SignedIn, kind: DraftKind, recipients: Vec<Id<Owner>>) -> Draft {
    let blank = Draft::blank(app.store.clock().id(), asked.id(), asked.now());
    Draft { kind, recipients, ..blank }
}

async fn start(app: &App, asked: &SignedIn, draft: Draft) -> Result<Response, Failure> {
    let to = format!("/mail/drafts/{}", draft.id);
    let act = asked.act("draft.start").on("draft", draft.id);
    app.store.write(act, move |write| tables::start(write, &draft)).await?;
    Ok(Redirect::to(&to).into_response())
}
