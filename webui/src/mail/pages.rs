//! Reading mail: the folders, one mail, its files, the bin.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::{Cursor, Id, StoreError};

use super::drafts;
use super::model::{Entry, EntryState, Folder, Mail, Receipt};
use super::tables::{self, MailProblem};
use super::views::{
    EntryView, FileView, PersonView, ReceiptView, entry_view, file_view, receipt_view,
};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::files::{self, Shown};
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::live::Unread;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::pictures::Kind;

/// As many as two screens hold.
pub const ROWS_A_PAGE: usize = 50;

#[derive(Default, Deserialize)]
pub struct Place {
    #[serde(default)]
    after: String,
}

#[derive(Serialize)]
pub struct ListPage {
    pub folder: FolderView,
    pub folders: Vec<FolderView>,
    pub rows: Vec<EntryView>,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub range: Option<String>,
    pub mail: Option<MailView>,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "mail/list.html";
}

impl ListPage {
    pub fn of_drafts(folders: Vec<FolderView>, rows: Vec<EntryView>) -> Self {
        let folder = folders.iter().find(|one| one.key == "drafts").cloned().unwrap_or(INBOX);
        Self { folder, folders, rows, newer: None, older: None, range: None, mail: None }
    }
}

#[derive(Clone, Serialize)]
pub struct FolderView {
    key: &'static str,
    name: &'static str,
    href: &'static str,
    count: i64,
    fresh: bool,
}

#[derive(Serialize)]
pub struct MailView {
    id: Id<Mail>,
    subject: String,
    importance: &'static str,
    from: PersonView,
    to: Vec<PersonView>,
    when: String,
    iso: String,
    body: String,
    files: Vec<FileView>,
    receipts: Option<Vec<ReceiptView>>,
    receipts_done: usize,
    can: Can,
    back: String,
}

#[derive(Serialize)]
struct Can {
    reply: bool,
    reply_all: bool,
    forward: bool,
    bin: bool,
    restore: bool,
}

pub async fn show_inbox(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_folder(&app, &asked, frame, Folder::Inbox, &place)
}

pub async fn show_sent(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_folder(&app, &asked, frame, Folder::Sent, &place)
}

pub async fn show_bin(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    show_folder(&app, &asked, frame, Folder::Bin, &place)
}

fn show_folder(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    folder: Folder,
    place: &Place,
) -> Result<Response, Failure> {
    let mut page = folder_page(app, asked, folder, place, None)?;
    if folder == Folder::Bin && place.after.is_empty() {
        let discarded = drafts::discarded_rows(app, asked)?;
        page.rows.splice(0..0, discarded);
    }
    let title = page.folder.name;
    frame.show(Nav::Mail, title, &page)
}

fn folder_page(
    app: &App,
    asked: &SignedIn,
    folder: Folder,
    place: &Place,
    shown: Option<Id<Mail>>,
) -> Result<ListPage, StoreError> {
    let after: Option<Cursor> = place.after.parse().ok();
    let act = asked.act("mail.list");
    let (found, folders) = app.store.glance(act, |view| {
        let found = tables::entries(view, asked.id(), folder, after.as_ref(), ROWS_A_PAGE)?;
        let unread = view.counter::<Unread>(&asked.id())?;
        let writing = drafts::of_owner(view, asked.id(), false)?.len();
        Ok::<_, StoreError>((found, folders(unread, writing)))
    })?;
    let rows = found.rows.iter().map(|entry| entry_view(entry, asked.now(), shown)).collect();
    let current = folders.iter().find(|one| one.key == key(folder)).cloned();
    let folder = current.unwrap_or(INBOX);
    Ok(ListPage {
        newer: (!place.after.is_empty()).then(|| folder.href.to_owned()),
        older: found.next.map(|next| format!("{}?after={next}", folder.href)),
        range: None,
        folder,
        folders,
        rows,
        mail: None,
    })
}

const INBOX: FolderView =
    FolderView { key: "inbox", name: "受信箱", href: "/mail/inbox", count: 0, fresh: true };

pub fn folders(unread: i64, writing: usize) -> Vec<FolderView> {
    let folder = |key, name, href, count| FolderView { key, name, href, count, fresh: false };
    let writing = i64::try_from(writing).unwrap_or(i64::MAX);
    vec![
        FolderView { count: unread, ..INBOX },
        folder("sent", "送信済", "/mail/sent", 0),
        folder("drafts", "下書き", "/mail/drafts", writing),
        folder("bin", "ごみ箱", "/mail/bin", 0),
    ]
}

const fn key(folder: Folder) -> &'static str {
    match folder {
        Folder::Inbox => "inbox",
        Folder::Sent => "sent",
        Folder::Bin => "bin",
    }
}

/// Reading is what the receipt tells of: looking at a mail opens it.
pub async fn show_mail(
    Path(id): Path<String>,
    asked: SignedIn,
    headers: HeaderMap,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let id: Id<Mail> = id.parse().map_err(|_| Failure::NotFound)?;
    // A browser that fetches ahead has nobody reading.
    if headers.get("sec-purpose").is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch"))
    {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    let (owner, now) = (asked.id(), asked.now());
    let act = asked.act("mail.open").on("mail", id);
    let opened = app.store.write(act, move |write| tables::open(write, owner, id, now));
    let (mail, entry) = opened.await.map_err(not_found)?;
    let receipts = receipts(&app, &mail, &entry)?;
    let mut page = folder_page(&app, &asked, entry.folder, &Place::default(), Some(id))?;
    let view = mail_view(&asked, &mail, &entry, &receipts, page.folder.href);
    let title = mail.subject.clone();
    page.mail = Some(view);
    frame.unread_changed(&app, owner)?.show(Nav::Mail, title, &page)
}

/// Only the sender sees who has opened.
fn receipts(app: &App, mail: &Mail, entry: &Entry) -> Result<Vec<Option<Receipt>>, StoreError> {
    match entry.state {
        EntryState::Sent { .. } => app.store.read(|read| tables::receipts(read, mail)),
        EntryState::Unopened | EntryState::Opened => Ok(Vec::new()),
    }
}

fn mail_view(
    asked: &SignedIn,
    mail: &Mail,
    entry: &Entry,
    receipts: &[Option<Receipt>],
    back: &str,
) -> MailView {
    let base = format!("/mail/{}", mail.id);
    let is_sender = matches!(entry.state, EntryState::Sent { .. });
    let rows = is_sender.then(|| {
        let rows = mail.recipients.iter().zip(receipts);
        rows.map(|(person, receipt)| receipt_view(person, receipt.as_ref(), asked.now())).collect()
    });
    let done = rows.iter().flatten().filter(|row: &&ReceiptView| row.state != "unopened").count();
    let binned = entry.folder == Folder::Bin;
    MailView {
        id: mail.id,
        subject: mail.subject.clone(),
        importance: mail.importance.key(),
        from: PersonView::of(&mail.sender),
        to: mail.recipients.iter().map(PersonView::of).collect(),
        when: japanese::long(mail.sent_at),
        iso: japanese::iso(mail.sent_at),
        body: mail.body.clone(),
        files: mail.files.iter().map(|file| file_view(file, &base)).collect(),
        receipts: rows,
        receipts_done: done,
        can: Can {
            reply: !is_sender && !binned,
            reply_all: mail.recipients.len() > 1 && !binned,
            forward: !binned,
            bin: !binned,
            restore: binned,
        },
        back: back.to_owned(),
    }
}

#[derive(Serialize)]
struct PrintPage {
    mail: MailView,
    print: Print,
}

impl Page for PrintPage {
    const TEMPLATE: &'static str = "mail/print.html";
}

#[derive(Serialize)]
struct Print {
    network: String,
    at: String,
    by: String,
    facility: String,
}

pub async fn show_print(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let act = asked.act("mail.print").on("mail", id);
    let found = app.store.view(act, |view| tables::mail_of(view, asked.id(), id)).await?;
    let (mail, entry) = found.ok_or(Failure::NotFound)?;
    let receipts = receipts(&app, &mail, &entry)?;
    let page = PrintPage {
        mail: mail_view(&asked, &mail, &entry, &receipts, "/mail/inbox"),
        print: Print {
            network: app.network.name.clone(),
            at: japanese::long(asked.now()),
            by: asked.member().details.name.full(),
            facility: asked.facility().details.name.clone(),
        },
    };
    Ok(Html(app.templates.render(&page)?).into_response())
}

pub async fn show_file(
    Path((id, n)): Path<(Id<Mail>, u16)>,
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let act = asked.act("mail.file").on("mail", id);
    let found = app.store.view(act, |view| tables::mail_of(view, asked.id(), id)).await?;
    let (mail, _) = found.ok_or(Failure::NotFound)?;
    let file = mail.files.iter().find(|file| file.n == n).ok_or(Failure::NotFound)?;
    let inline = Kind::of_media_type(&file.media_type).is_some_and(Kind::shown_inline);
    let shown = Shown { media_type: &file.media_type, name: &file.name, inline };
    files::send(&app, &file.blob, &headers, &shown)
}

pub async fn show_thumb(
    Path((id, n)): Path<(Id<Mail>, u16)>,
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let act = asked.act("mail.thumb").on("mail", id);
    let found = app.store.glance(act, |view| tables::mail_of(view, asked.id(), id))?;
    let (mail, _) = found.ok_or(Failure::NotFound)?;
    let file = mail.files.iter().find(|file| file.n == n).ok_or(Failure::NotFound)?;
    let thumbnail = file.thumbnail.ok_or(Failure::NotFound)?;
    let shown = Shown { media_type: "image/jpeg", name: &file.name, inline: true };
    files::send(&app, &thumbnail, &headers, &shown)
}

pub async fn post_bin(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (owner, act) = (asked.id(), asked.act("mail.bin").on("mail", id));
    app.store
        .write(act, move |write| tables::move_to_bin(write, owner, id))
        .await
        .map_err(not_found)?;
    Ok(redirect_saying("/mail/inbox", "メールをごみ箱へ移しました。ごみ箱から元に戻せます"))
}

pub async fn post_restore(
    Path(id): Path<Id<Mail>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (owner, act) = (asked.id(), asked.act("mail.restore").on("mail", id));
    let folder = app
        .store
        .write(act, move |write| tables::restore(write, owner, id))
        .await
        .map_err(not_found)?;
    let (to, said) = match folder {
        Folder::Inbox | Folder::Bin => ("/mail/inbox", "メールを受信箱に戻しました"),
        Folder::Sent => ("/mail/sent", "メールを送信済に戻しました"),
    };
    Ok(redirect_saying(to, said))
}

fn not_found(problem: MailProblem) -> Failure {
    match problem {
        MailProblem::Unknown => Failure::NotFound,
        MailProblem::Store(error) => error.into(),
    }
}
