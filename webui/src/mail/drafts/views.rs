//! Drafts as the templates want them.

use std::sync::Arc;

use provisioning::directory::{Directory, Entry as DirectoryEntry};
use provisioning::members::Member;
use serde::Serialize;
use store::Id;

use super::model::Draft;
use crate::kit::app::App;
use crate::kit::japanese;
use crate::mail::model::File;
use crate::mail::views::{FileView, PersonView, file_view};

/// More would not be read; the next letter narrows it.
const FOUND_MAX: usize = 20;

#[derive(Serialize)]
pub struct DraftView {
    pub id: Id<Draft>,
    pub version: u64,
    pub subject: String,
    pub importance: &'static str,
    pub body: String,
    pub saved: Option<String>,
    pub recipients: Vec<RecipientView>,
    pub files: Vec<FileView>,
    pub kind: &'static str,
    pub quote: Option<Quote>,
}

#[derive(Serialize)]
pub struct RecipientView {
    pub id: Id<Member>,
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
    pub id: Id<Member>,
    #[serde(flatten)]
    pub person: PersonView,
    pub kana: String,
    pub chosen: bool,
}

pub fn recipients(app: &App, directory: &Directory, draft: &Draft) -> Vec<RecipientView> {
    let entries = draft.recipients.iter().filter_map(|member| directory.member(*member));
    let view = |entry: &Arc<DirectoryEntry>| RecipientView {
        id: entry.member.id,
        person: person(entry),
        twin: !directory.namesakes(entry, app.today()).is_empty(),
    };
    entries.map(view).collect()
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

pub fn person(entry: &DirectoryEntry) -> PersonView {
    PersonView {
        name: entry.member.details.name.full(),
        job: japanese::job(entry.member.details.job),
        facility: entry.facility.details.name.clone(),
        shared: false,
    }
}
