//! The drafts' list, and how a draft begins: blank, as an answer, or passed on.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::directory::Directory;
use provisioning::members::Member;
use store::{Id, StoreError};

use super::model::{Draft, DraftKind};
use super::tables;
use super::views::person;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::live::Unread;
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::model::{BODY_CHARS_MAX, Importance, Mail, SUBJECT_CHARS_MAX};
use crate::mail::pages::{self as lists, ListPage};
use crate::mail::tables::mail_of;
use crate::mail::views::EntryView;

pub async fn show_drafts(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (drafts, unread) = app.store.glance(asked.act("draft.list"), |view| {
        let drafts = tables::of_owner(view, asked.id(), false)?;
        Ok::<_, StoreError>((drafts, view.counter::<Unread>(&asked.id())?))
    })?;
    let folders = lists::folders(unread, drafts.len());
    let directory = app.directory()?;
    let rows = drafts.iter().map(|draft| draft_row(draft, &directory, &asked)).collect();
    let page = ListPage::of_drafts(folders, rows);
    frame.show(Nav::Mail, "下書き", &page)
}

/// What was thrown away, for the top of the bin.
pub fn discarded_rows(app: &App, asked: &SignedIn) -> Result<Vec<EntryView>, StoreError> {
    let drafts = app
        .store
        .glance(asked.act("draft.list"), |view| tables::of_owner(view, asked.id(), true))?;
    let directory = app.directory()?;
    Ok(drafts.iter().map(|draft| draft_row(draft, &directory, asked)).collect())
}

pub fn draft_row(draft: &Draft, directory: &Directory, asked: &SignedIn) -> EntryView {
    let first = draft.recipients.first().and_then(|member| directory.member(*member));
    let who = first.map(|entry| person(entry));
    let subject = if draft.subject.is_empty() { "（件名なし）" } else { &draft.subject };
    let others = draft.recipients.len().saturating_sub(1);
    EntryView {
        id: Id::from_bytes(draft.id.bytes()),
        href: format!("/mail/drafts/{}", draft.id),
        open: false,
        unread: false,
        name: who.as_ref().map_or_else(|| "宛先なし".to_owned(), |who| who.name.clone()),
        job: who.as_ref().map_or("", |who| who.job),
        facility: who.map_or_else(String::new, |who| who.facility),
        shared: false,
        more: u16::try_from(others).unwrap_or(u16::MAX),
        subject: subject.to_owned(),
        importance: draft.importance.key(),
        files: u8::try_from(draft.files.len()).unwrap_or(u8::MAX),
        when: japanese::short(draft.saved_at, asked.now()),
        iso: japanese::iso(draft.saved_at),
        opened: None,
    }
}

/// A blank draft, perhaps with a recipient from the directory's page.
pub async fn post_new(
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let to: Option<Id<Member>> = fields.id("to");
    let draft = blank(&app, &asked, DraftKind::New, to.into_iter().collect());
    start(&app, &asked, draft).await
}

pub async fn post_reply(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let act = asked.act("mail.read").on("mail", id);
    let found = app.store.glance(act, |view| mail_of(view, asked.id(), id))?;
    let (mail, _) = found.ok_or(Failure::NotFound)?;
    let everybody = || {
        let all = std::iter::once(&mail.sender).chain(&mail.recipients).map(|one| one.member);
        let mut all: Vec<_> = all.filter(|one| *one != asked.id()).collect();
        let mut seen = std::collections::HashSet::new();
        all.retain(|one| seen.insert(*one));
        all
    };
    let (kind, recipients) = match fields.text("how") {
        "all" => (DraftKind::Reply(id), everybody()),
        "forward" => (DraftKind::Forward(id), Vec::new()),
        _ => (DraftKind::Reply(id), vec![mail.sender.member]),
    };
    let mut draft = blank(&app, &asked, kind, recipients);
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
    let (sender, job) = (&mail.sender, japanese::job(mail.sender.job));
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

fn blank(app: &App, asked: &SignedIn, kind: DraftKind, recipients: Vec<Id<Member>>) -> Draft {
    Draft {
        id: app.store.clock().id(),
        owner: asked.id(),
        version: 1,
        kind,
        recipients,
        subject: String::new(),
        body: String::new(),
        importance: Importance::Normal,
        files: Vec::new(),
        next_file: 0,
        saved_at: asked.now(),
        discarded: false,
    }
}

async fn start(app: &App, asked: &SignedIn, draft: Draft) -> Result<Response, Failure> {
    let to = format!("/mail/drafts/{}", draft.id);
    let act = asked.act("draft.start").on("draft", draft.id);
    app.store.write(act, move |write| tables::start(write, &draft)).await?;
    Ok(Redirect::to(&to).into_response())
}
