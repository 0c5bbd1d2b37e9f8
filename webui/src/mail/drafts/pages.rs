//! Writing a mail: from a blank draft over the confirmation to the act that sends it.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::directory::{Directory, Entry as DirectoryEntry};
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Id, StoreError};

use super::model::{Draft, DraftKind, Missing, Text, TooLong};
use super::tables::{self, DraftProblem, Edit};
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::live::Unread;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::mail::model::{File, Importance, Mail};
use crate::mail::pages::{self as lists, ListPage};
use crate::mail::tables::mail_of;
use crate::mail::views::{EntryView, FileView, PersonView, file_view};

/// More would not be read; the next letter narrows it.
const FOUND_MAX: usize = 20;

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
    whole.chars().take(crate::mail::model::SUBJECT_CHARS_MAX).collect()
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
    whole.chars().take(crate::mail::model::BODY_CHARS_MAX).collect()
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

#[derive(Serialize)]
struct DraftView {
    id: Id<Draft>,
    version: u64,
    subject: String,
    importance: &'static str,
    body: String,
    saved: Option<String>,
    recipients: Vec<RecipientView>,
    files: Vec<FileView>,
    kind: &'static str,
    quote: Option<Quote>,
}

#[derive(Serialize)]
struct RecipientView {
    id: Id<Member>,
    #[serde(flatten)]
    person: PersonView,
    twin: bool,
}

#[derive(Serialize)]
struct Quote {
    who: String,
    when: String,
    body: String,
}

#[derive(Default, Serialize)]
struct Errors {
    form: Option<&'static str>,
    recipients: Option<&'static str>,
    subject: Option<&'static str>,
    body: Option<&'static str>,
    files: Option<&'static str>,
}

#[derive(Serialize)]
struct Limits {
    file: &'static str,
    total: &'static str,
}

#[derive(Serialize)]
struct SearchView {
    q: String,
    done: bool,
    results: Vec<FoundView>,
    more: bool,
}

#[derive(Serialize)]
struct FoundView {
    id: Id<Member>,
    #[serde(flatten)]
    person: PersonView,
    kana: String,
    chosen: bool,
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
    show_compose(&app, &asked, frame, &draft, "", Errors::default())
}

fn read_own(app: &App, asked: &SignedIn, id: Id<Draft>) -> Result<Draft, Failure> {
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
            let act = asked.act("mail.read").on("mail", id);
            app.store.glance(act, |view| mail_of(view, asked.id(), id))?
        }
        None => None,
    };
    let view = DraftView {
        id: draft.id,
        version: draft.version,
        subject: draft.subject.clone(),
        importance: draft.importance.key(),
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
            who: format!("{} {}", mail.sender.name, japanese::job(mail.sender.job)),
            when: japanese::long(mail.sent_at),
            body: mail.body,
        }),
    };
    let search = search(app, &directory, draft, q);
    let limits = Limits { file: "2GB", total: "20件" };
    frame.show(Nav::Mail, "メールを書く", &ComposePage { draft: view, search, errors, limits })
}

fn recipients(app: &App, directory: &Directory, draft: &Draft) -> Vec<RecipientView> {
    let entries = draft.recipients.iter().filter_map(|member| directory.member(*member));
    let view = |entry: &std::sync::Arc<DirectoryEntry>| RecipientView {
        id: entry.member.id,
        person: person(entry),
        twin: !directory.namesakes(entry, app.today()).is_empty(),
    };
    entries.map(view).collect()
}

fn file_views(draft: &Draft) -> Vec<FileView> {
    let base = format!("/mail/drafts/{}", draft.id);
    draft.files.iter().map(|file: &File| file_view(file, &base)).collect()
}

fn search(app: &App, directory: &Directory, draft: &Draft, q: &str) -> SearchView {
    let mut found = directory.search(q, app.today(), FOUND_MAX + 1);
    found.retain(|entry| entry.member.id != draft.owner);
    let more = found.len() > FOUND_MAX;
    let view = |entry: &std::sync::Arc<DirectoryEntry>| FoundView {
        id: entry.member.id,
        person: person(entry),
        kana: entry.member.details.name.kana(),
        chosen: draft.recipients.contains(&entry.member.id),
    };
    SearchView {
        q: q.to_owned(),
        done: !q.trim().is_empty(),
        results: found.iter().take(FOUND_MAX).map(view).collect(),
        more,
    }
}

fn person(entry: &DirectoryEntry) -> PersonView {
    PersonView {
        name: entry.member.details.name.full(),
        job: japanese::job(entry.member.details.job),
        facility: entry.facility.details.name.clone(),
        shared: false,
    }
}

pub fn read_text(fields: &Fields) -> Text {
    Text {
        subject: fields.text("subject").to_owned(),
        body: fields.long("body"),
        importance: Importance::of_key(fields.text("importance")),
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
        add: fields.id("add"),
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
        | DraftProblem::GoneRecipient(_)
        | DraftProblem::Store(_) => return Err(problem(why)),
    };
    let kept = read_own(app, asked, id)?;
    let shown =
        Draft { subject: typed.subject, body: typed.body, importance: typed.importance, ..kept };
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
    let check = |entry: &&std::sync::Arc<DirectoryEntry>| Checked {
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
