//! Drafts as the templates want them.

use std::sync::Arc;

use provisioning::directory::{Directory, Entry as DirectoryEntry, MailboxEntry};
use serde::Serialize;
use store::Id;

use super::model::{Draft, DraftGroup};
use crate::kit::app::App;
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::mail::model::{File, Owner};
use crate::mail::views::{FileView, PersonView, file_view};

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
    pub groups: Vec<GroupNote>,
    /// In whose name it may be written; empty where there is no choice.
    pub senders: Vec<SenderView>,
}

/// A group that was chosen, as far as somebody of it is still a recipient, or was left out.
#[derive(Serialize)]
pub struct GroupNote {
    pub name: String,
    /// How many of the recipients came from it.
    pub count: usize,
    /// Who takes no mail any more.
    pub left: Vec<PersonView>,
    #[serde(skip)]
    people: Vec<Id<Owner>>,
}

impl GroupNote {
    pub fn has(&self, owner: Id<Owner>) -> bool {
        self.people.contains(&owner)
    }
}

#[derive(Serialize)]
pub struct SenderView {
    /// `None` is the member.
    pub id: Option<Id<Owner>>,
    #[serde(flatten)]
    pub person: PersonView,
    pub chosen: bool,
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
    pub recipients: Option<String>,
    pub subject: Option<&'static str>,
    pub body: Option<&'static str>,
    pub files: Option<&'static str>,
}

#[derive(Serialize)]
pub struct Limits {
    pub file: &'static str,
    pub total: &'static str,
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

pub fn group_notes(
    groups: Vec<DraftGroup>,
    directory: &Directory,
    draft: &Draft,
) -> Vec<GroupNote> {
    let note = |group: DraftGroup| {
        let count = group.people.iter().filter(|one| draft.recipients.contains(one)).count();
        let left = group.left.iter().filter_map(|one| owner_view(directory, *one)).collect();
        let only_left = group.people.is_empty() && !group.left.is_empty();
        let unused = count == 0 && !only_left;
        let DraftGroup { name, people, .. } = group;
        (!unused).then_some(GroupNote { name, count, left, people })
    };
    groups.into_iter().filter_map(note).collect()
}

/// The member, and the mailboxes that the member reads and that are open.
pub fn senders(asked: &SignedIn, directory: &Directory, draft: &Draft) -> Vec<SenderView> {
    let own = directory.member(asked.id()).map(|entry| SenderView {
        id: None,
        person: person(entry),
        chosen: draft.via.is_none(),
    });
    let boxes = directory.mailboxes_of(asked.id()).into_iter();
    let usable =
        |entry: &Arc<MailboxEntry>| entry.mailbox.open || draft.via == Some(entry.mailbox.id);
    let boxes: Vec<_> = boxes
        .filter(usable)
        .map(|entry| SenderView {
            id: Some(Owner::mailbox(entry.mailbox.id)),
            person: mailbox(&entry),
            chosen: draft.via == Some(entry.mailbox.id),
        })
        .collect();
    if boxes.is_empty() { Vec::new() } else { own.into_iter().chain(boxes).collect() }
}

pub fn file_views(draft: &Draft) -> Vec<FileView> {
    let base = format!("/mail/drafts/{}", draft.id);
    draft.files.iter().map(|file: &File| file_view(file, &base)).collect()
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
