//! Mails and entries as the templates want them.

use jiff::Timestamp;
use provisioning::directory::Directory;
use serde::Serialize;
use store::Id;

use super::model::{
    Entry, EntryState, File, Mail, Mark, Person, Receipt, Recipient, RecipientNote,
};
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
            job: person.job.map_or("", japanese::job),
            facility: person.facility_name.clone(),
            shared: person.is_mailbox(),
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
    pub answer: &'static str,
    pub starred: bool,
    pub answered: bool,
    pub reminded: bool,
    pub withdrawn: bool,
    pub charge: Option<String>,
    /// When it comes back, or when it leaves.
    pub until: Option<String>,
    /// A draft that could not leave.
    pub stopped: bool,
    /// Where an outgoing draft is taken back.
    pub take_back: Option<String>,
}

#[derive(Clone, Copy, Serialize)]
pub struct OpenedView {
    pub done: u16,
    pub of: u16,
}

pub fn entry_view(entry: &Entry, now: Timestamp, shown: Option<Id<Mail>>) -> EntryView {
    let opened = match entry.state {
        EntryState::Unopened | EntryState::Opened | EntryState::Withdrawn => None,
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
        job: entry.who.job.map_or("", japanese::job),
        facility: entry.who.facility_name.clone(),
        shared: entry.who.is_mailbox(),
        more: entry.more,
        subject: entry.subject.clone(),
        importance: entry.importance.key(),
        files: entry.files,
        when: japanese::short(entry.at, now),
        iso: japanese::iso(entry.at),
        opened,
        answer: entry.answer.key(),
        starred: entry.marks.starred,
        answered: entry.marks.answered,
        reminded: entry.marks.reminded,
        withdrawn: entry.state == EntryState::Withdrawn,
        charge: entry.marks.charge.as_ref().map(|charge| charge.name.clone()),
        until: entry.marks.wakes_at.map(|at| japanese::short(at, now)),
        stopped: false,
        take_back: None,
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
    /// Who opened it or deals with it, in a mailbox.
    pub by: Option<String>,
    pub state: &'static str,
    pub when: Option<String>,
    pub reminded: Option<String>,
    /// When the facility's second contact was told.
    pub told: Option<String>,
    pub note: Option<NoteView>,
}

#[derive(Clone, Serialize)]
pub struct NoteView {
    pub kind: &'static str,
    pub text: String,
}

pub fn receipt_view(
    recipient: &Recipient,
    receipt: Option<&Receipt>,
    directory: &Directory,
    now: Timestamp,
) -> ReceiptView {
    let (state, mark) = receipt.map_or(("unopened", None), furthest);
    let withdrawn_at = receipt.and_then(|receipt| receipt.withdrawn_at);
    let (state, at) = match withdrawn_at {
        Some(at) => ("withdrawn", Some(at)),
        None => (state, mark.map(|mark| mark.at)),
    };
    let by = mark.filter(|_| recipient.person.is_mailbox());
    let by = by.and_then(|mark| directory.member(mark.by));
    let reminded_at = receipt.and_then(|receipt| receipt.reminded_at);
    ReceiptView {
        person: PersonView::of(&recipient.person),
        by: by.map(|entry| entry.member.details.name.full()),
        state,
        when: at.map(|at| japanese::short(at, now)),
        reminded: reminded_at.map(|at| japanese::short(at, now)),
        told: receipt.and_then(|receipt| receipt.told_at).map(|at| japanese::short(at, now)),
        note: note_view(&recipient.note, now),
    }
}

/// How far a mail has come at one recipient.
fn furthest(receipt: &Receipt) -> (&'static str, Option<Mark>) {
    let steps = [
        ("dealt", receipt.done),
        ("answered", receipt.answered),
        ("taken", receipt.taken),
        ("opened", receipt.opened),
    ];
    let reached = steps.into_iter().find(|(_, mark)| mark.is_some());
    reached.unwrap_or(("unopened", None))
}

fn note_view(note: &RecipientNote, now: Timestamp) -> Option<NoteView> {
    match note {
        RecipientNote::Nothing => None,
        RecipientNote::Absent { until } => Some(NoteView {
            kind: "absent",
            text: japanese::short_day(*until, japanese::today(now)),
        }),
        RecipientNote::StandsInFor(name) => {
            Some(NoteView { kind: "stands_in", text: name.clone() })
        }
    }
}
