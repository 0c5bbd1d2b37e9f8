//! Drafts as the templates want them.

use std::sync::Arc;

use provisioning::directory::{Directory, Entry as DirectoryEntry, MailboxEntry};
use serde::Serialize;
use store::Id;

use super::model::Draft;
use crate::kit::app::App;
use crate::kit::japanese;
use crate::mail::model::{File, Owner};
use crate::mail::views::{FileView, PersonView, file_view};

/// More would not be read; the next letter narrows it.
const FOUND_MAX: usize = 20;

#[derive(Serialize)]
pub struct DraftView {
    pub id: Id<Draft>,
    pub version: u64,
    pub subject: String,
    pub importance: &'static str,
    pub answer: &'static str,
    pub body: String,
    pub saved: Option<String>,
    pub recipients: Vec<RecipientView>,
    pub files: Vec<FileView>,
    pub kind: &'static str,
    pub quote: Option<Quote>,
}

#[derive(Serialize)]
pub struct RecipientView {
    pub id: Id<Owner>,
    #[serde(flatten)]
    pub person: PersonView,
    pub twin: bool,
}

#[derive(Serialize)]
pub struct Quote {
    pub who: String,
    pub when: String,
    pub body: String,
}

#[derive(Default, Serialize)]
pub struct Errors {
    pub form: Option<&'static str>,
    pub recipients: Option<&'static str>,
    pub subject: Option<&'static str>,
    pub body: Option<&'static str>,
    pub files: Option<&'static str>,
}

#[derive(Serialize)]
pub struct Limits {
    pub file: &'static str,
    pub total: &'static str,
}

#[derive(Serialize)]
pub struct SearchView {
    pub q: String,
    pub done: bool,
    pub results: Vec<FoundView>,
    pub more: bool,
}

#[derive(Serialize)]
pub struct FoundView {
    pub id: Id<Owner>,
    #[serde(flatten)]
    pub person: PersonView,
    pub kana: String,
    pub chosen: bool,
}

pub fn recipients(app: &App, directory: &Directory, draft: &Draft) -> Vec<RecipientView> {
    let view = |owner: &Id<Owner>| {
        if let Some(entry) = directory.member(Id::from_bytes(owner.bytes())) {
            let twin = !directory.namesakes(entry, app.today()).is_empty();
            return Some(RecipientView { id: *owner, person: person(entry), twin });
        }
        let entry = directory.mailbox(Id::from_bytes(owner.bytes()))?;
        Some(RecipientView { id: *owner, person: mailbox(entry), twin: false })
    };
    draft.recipients.iter().filter_map(view).collect()
}

pub fn file_views(draft: &Draft) -> Vec<FileView> {
    let base = format!("/mail/drafts/{}", draft.id);
    draft.files.iter().map(|file: &File| file_view(file, &base)).collect()
}

pub fn search(app: &App, directory: &Directory, draft: &Draft, q: &str) -> SearchView {
    let mut found = directory.search(q, app.today(), FOUND_MAX + 1);
    found.retain(|entry| entry.member.id != draft.owner);
    let more = found.len() > FOUND_MAX;
    let view = |entry: &Arc<DirectoryEntry>| FoundView {
        id: Owner::member(entry.member.id),
        person: person(entry),
        kana: entry.member.details.name.kana(),
        chosen: draft.recipients.contains(&Owner::member(entry.member.id)),
    };
    let box_view = |entry: &Arc<MailboxEntry>| FoundView {
        id: Owner::mailbox(entry.mailbox.id),
        person: mailbox(entry),
        kana: entry.mailbox.kana.clone(),
        chosen: draft.recipients.contains(&Owner::mailbox(entry.mailbox.id)),
    };
    let boxes = directory.search_mailboxes(q, FOUND_MAX);
    let more = more || boxes.len() + found.len() > FOUND_MAX;
    let results = boxes.iter().map(box_view).chain(found.iter().map(view));
    SearchView {
        q: q.to_owned(),
        done: !q.trim().is_empty(),
        results: results.take(FOUND_MAX).collect(),
        more,
    }
}

pub fn person(entry: &DirectoryEntry) -> PersonView {
    PersonView {
        name: entry.member.details.name.full(),
        job: japanese::job(entry.member.details.job),
        facility: entry.facility.details.name.clone(),
        shared: false,
    }
}

pub fn mailbox(entry: &MailboxEntry) -> PersonView {
    PersonView {
        name: entry.mailbox.name.clone(),
        job: "",
        facility: entry.facility.details.name.clone(),
        shared: true,
    }
}

/// Whoever these folders belong to, as of now.
pub fn owner_view(directory: &Directory, owner: Id<Owner>) -> Option<PersonView> {
    let member = directory.member(Id::from_bytes(owner.bytes())).map(|entry| person(entry));
    let shared = || directory.mailbox(Id::from_bytes(owner.bytes())).map(|entry| mailbox(entry));
    member.or_else(shared)
}
