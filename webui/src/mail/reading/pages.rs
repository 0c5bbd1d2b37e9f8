//! One mail beside its list, and its files.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use store::{Id, StoreError};

use super::view::{Seen, StarView};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::files::{self, Shown};
use crate::kit::frame::{Frame, Nav};
use crate::kit::member::SignedIn;
use crate::kit::path::Path;
use crate::mail::acts;
use crate::mail::boxes::Boxes;
use crate::mail::lists::Shelf;
use crate::mail::lists::pages::{Place, shelf_page};
use crate::mail::marks::pages::problem;
use crate::mail::model::{Entry, EntryState, File, Mail, Receipt};
use crate::mail::moment::Typed;
use crate::mail::people::is_favourite;
use crate::mail::tables::{self, conversation};
use crate::pictures::Kind;

/// Reading is what the receipt tells of: looking at a mail opens it.
pub async fn show_mail(
    Path(id): Path<String>,
    asked: SignedIn,
    headers: HeaderMap,
    frame: Frame,
    State(app): State<App>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let id: Id<Mail> = id.parse().map_err(|_| Failure::NotFound)?;
    // A browser that fetches ahead has nobody reading.
    if headers.get("sec-purpose").is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch"))
    {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    letter(&app, &asked, frame, id, &place.named, None).await
}

/// The mail's page; `put_off` is what was typed for a day to come back, where it was no good.
pub async fn letter(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    id: Id<Mail>,
    named: &str,
    put_off: Option<Typed>,
) -> Result<Response, Failure> {
    let boxes = Boxes::of(app, asked)?;
    let owners = boxes.choose(named).ok_or(Failure::NotFound)?;
    let (by, now) = (asked.id(), asked.now());
    let act = asked.act("mail.open").on("mail", id);
    let among = owners.clone();
    let opened = app.store.write(act, move |write| {
        let owner = acts::holder(write, &among, id)?;
        acts::open(write, owner, by, id, now)
    });
    let (mail, entry) = opened.await.map_err(problem)?;
    let receipts = receipts(app, &mail, &entry)?;
    let shelf = Shelf::of_folder(entry.folder);
    let mut page = shelf_page(app, asked, &boxes, entry.owner, shelf, "", Some(id))?;
    let directory = app.directory()?;
    let seen = Seen { asked, boxes: &boxes, directory: &directory };
    let mut view = seen.mail(&mail, &entry, &receipts);
    view.back.clone_from(&page.folder.href);
    view.star = star(app, asked, &boxes, &mail)?;
    view.put_off = put_off;
    let act = asked.act("mail.conversation").on("mail", id);
    let parts = app.store.glance(act, |view| conversation(view, &owners, mail.thread))?;
    if parts.len() > 1 {
        view.parts = parts.iter().map(|(part, entry)| seen.part(part, entry, id)).collect();
    }
    let title = if view.subject.is_empty() { page.folder.name } else { &view.subject }.to_owned();
    page.mail = Some(view);
    frame.unread_changed(app, by)?.show(Nav::Mail, title, &page)
}

/// The star beside the sender; nobody gives one to oneself.
fn star(
    app: &App,
    asked: &SignedIn,
    boxes: &Boxes,
    mail: &Mail,
) -> Result<Option<StarView>, StoreError> {
    let owner = mail.answer_to().owner;
    if boxes.owners().contains(&owner) {
        return Ok(None);
    }
    let on = app.store.read(|read| is_favourite(read, asked.id(), owner))?;
    Ok(Some(StarView { owner, on }))
}

/// Only the sender sees who has opened.
pub fn receipts(app: &App, mail: &Mail, entry: &Entry) -> Result<Vec<Option<Receipt>>, StoreError> {
    match entry.state {
        EntryState::Sent { .. } => app.store.read(|read| tables::receipts(read, mail)),
        EntryState::Unopened | EntryState::Opened | EntryState::Withdrawn => Ok(Vec::new()),
    }
}

pub async fn show_file(
    Path((id, n)): Path<(Id<Mail>, u16)>,
    asked: SignedIn,
    headers: HeaderMap,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let owners = Boxes::of(&app, &asked)?.owners();
    let act = asked.act("mail.file").on("mail", id);
    let found = app.store.view(act, move |view| tables::mail_of(view, &owners, id)).await?;
    let file = file_of(found, n)?;
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
    let owners = Boxes::of(&app, &asked)?.owners();
    let act = asked.act("mail.thumb").on("mail", id);
    let found = app.store.glance(act, |view| tables::mail_of(view, &owners, id))?;
    let file = file_of(found, n)?;
    let thumbnail = file.thumbnail.ok_or(Failure::NotFound)?;
    let shown = Shown { media_type: "image/jpeg", name: &file.name, inline: true };
    files::send(&app, &thumbnail, &headers, &shown)
}

fn file_of(found: Option<(Mail, Entry)>, n: u16) -> Result<File, Failure> {
    let (mail, _) = found.ok_or(Failure::NotFound)?;
    mail.files.into_iter().find(|file| file.n == n).ok_or(Failure::NotFound)
}
