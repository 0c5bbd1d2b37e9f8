//! Mails and entries as the templates want them.

use jiff::Timestamp;
use serde::Serialize;
use store::Id;

use super::model::{Entry, EntryState, File, Mail, Person, Receipt};
use crate::kit::japanese;
use crate::pictures::Kind;

#[derive(Clone, Serialize)]
pub struct PersonView {
    pub name: String,
    pub job: &'static str,
    pub facility: String,
    pub shared: bool,
}

impl PersonView {
    pub fn of(person: &Person) -> Self {
        Self {
            name: person.name.clone(),
            job: japanese::job(person.job),
            facility: person.facility_name.clone(),
            shared: false,
        }
    }
}

/// One row of a folder.
#[derive(Clone, Serialize)]
pub struct EntryView {
    pub id: Id<Mail>,
    pub href: String,
    pub open: bool,
    pub unread: bool,
    pub name: String,
    pub job: &'static str,
    pub facility: String,
    pub shared: bool,
    pub more: u16,
    pub subject: String,
    pub importance: &'static str,
    pub files: u8,
    pub when: String,
    pub iso: String,
    pub opened: Option<OpenedView>,
}

#[derive(Clone, Copy, Serialize)]
pub struct OpenedView {
    pub done: u16,
    pub of: u16,
}

pub fn entry_view(entry: &Entry, now: Timestamp, shown: Option<Id<Mail>>) -> EntryView {
    let opened = match entry.state {
        EntryState::Unopened | EntryState::Opened => None,
        EntryState::Sent { opened, recipients } => {
            Some(OpenedView { done: opened, of: recipients })
        }
    };
    EntryView {
        id: entry.mail,
        href: format!("/mail/{}", entry.mail),
        open: shown == Some(entry.mail),
        unread: entry.state == EntryState::Unopened,
        name: entry.who.name.clone(),
        job: japanese::job(entry.who.job),
        facility: entry.who.facility_name.clone(),
        shared: false,
        more: entry.more,
        subject: entry.subject.clone(),
        importance: entry.importance.key(),
        files: entry.files,
        when: japanese::short(entry.at, now),
        iso: japanese::iso(entry.at),
        opened,
    }
}

/// An attachment; `base` is the address that its files lie under.
#[derive(Clone, Serialize)]
pub struct FileView {
    pub n: u16,
    pub kind: &'static str,
    pub name: String,
    pub size: String,
    pub href: String,
    pub thumb: Option<String>,
    #[serde(rename = "type")]
    pub media_type: String,
}

pub fn file_view(file: &File, base: &str) -> FileView {
    let href = format!("{base}/files/{}", file.n);
    FileView {
        n: file.n,
        kind: kind_word(&file.media_type),
        name: file.name.clone(),
        size: japanese::size(file.bytes),
        thumb: file.thumbnail.map(|_| format!("{href}/thumb")),
        href,
        media_type: file.media_type.clone(),
    }
}

fn kind_word(media_type: &str) -> &'static str {
    match Kind::of_media_type(media_type) {
        Some(kind) if kind.is_photo() => "image",
        Some(kind) if kind.is_video() => "video",
        Some(Kind::Pdf) => "pdf",
        Some(_) | None => "other",
    }
}

/// What the sender sees of one recipient.
#[derive(Clone, Serialize)]
pub struct ReceiptView {
    #[serde(flatten)]
    pub person: PersonView,
    pub by: Option<String>,
    pub state: &'static str,
    pub when: Option<String>,
}

pub fn receipt_view(person: &Person, receipt: Option<&Receipt>, now: Timestamp) -> ReceiptView {
    let opened_at = receipt.and_then(|receipt| receipt.opened_at);
    let answered_at = receipt.and_then(|receipt| receipt.answered_at);
    let (state, at) = match (opened_at, answered_at) {
        (_, Some(at)) => ("answered", Some(at)),
        (Some(at), None) => ("opened", Some(at)),
        (None, None) => ("unopened", None),
    };
    let when = at.map(|at| japanese::short(at, now));
    ReceiptView { person: PersonView::of(person), by: None, state, when }
}
