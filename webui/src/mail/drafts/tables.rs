//! Drafts as rows, and the act that turns one into a mail.

use jiff::Timestamp;
use provisioning::facilities::{Facility, FacilityState};
use provisioning::members::{Member, Standing};
use store::{Clock, Id, Index, Indexer, Newest, Order, Record, Sensitive, StoreError, View, Write};

use super::model::{Draft, Text, TooLong, changed_recipients};
use crate::kit::japanese::today;
use crate::kit::live::{Notice, NoticeKind, Unread};
use crate::mail::model::{BlobUse, Entry, EntryState, FILES_MAX, File, Folder, Mail, Person};
use crate::mail::tables::note_answer;

impl Record for Draft {
    type Key = Id<Self>;
    const TABLE: &'static str = "drafts";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[DraftByOwner::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        let discarded = u8::from(self.discarded);
        indexer.add::<DraftByOwner>(&(self.owner, discarded, Newest(self.saved_at)));
    }
}

impl Sensitive for Draft {}

pub struct DraftByOwner;

impl Index for DraftByOwner {
    type Record = Draft;
    type Key = (Id<Member>, u8, Newest);
    const TABLE: &'static str = "drafts_by_owner";
}

#[derive(Debug, thiserror::Error)]
pub enum DraftProblem {
    #[error("no such draft of this member")]
    Unknown,
    #[error("another window saved the draft in between")]
    SavedElsewhere,
    #[error("something is too long")]
    TooLong(TooLong),
    #[error("the draft has as many files as it may")]
    TooManyFiles,
    #[error("the draft is not complete")]
    Incomplete,
    #[error("a recipient takes no mail any more")]
    GoneRecipient(Id<Member>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// More drafts than anybody keeps.
const DRAFTS_MAX: usize = 200;

pub fn of_owner(
    view: &View<'_>,
    owner: Id<Member>,
    discarded: bool,
) -> Result<Vec<Draft>, StoreError> {
    let key = (owner, u8::from(discarded));
    Ok(view.reveal_page_by::<DraftByOwner>(&key, Order::Ascending, None, DRAFTS_MAX)?.rows)
}

pub fn own(view: &View<'_>, owner: Id<Member>, id: Id<Draft>) -> Result<Draft, DraftProblem> {
    let draft: Option<Draft> = view.reveal(&id)?;
    draft.filter(|draft| draft.owner == owner).ok_or(DraftProblem::Unknown)
}

fn own_for_change(
    write: &Write<'_>,
    owner: Id<Member>,
    id: Id<Draft>,
) -> Result<Draft, DraftProblem> {
    let draft: Option<Draft> = write.get(&id)?;
    draft.filter(|draft| draft.owner == owner).ok_or(DraftProblem::Unknown)
}

/// A new draft keeps the blobs that it was given.
pub fn start(write: &mut Write<'_>, draft: &Draft) -> Result<(), StoreError> {
    for file in &draft.files {
        keep_blobs(write, file, draft.id.bytes())?;
    }
    write.put(draft)
}

/// One change of what is written; a save from a window that is behind is refused.
pub struct Edit {
    pub version: u64,
    pub text: Text,
    pub add: Option<Id<Member>>,
    pub remove: Option<Id<Member>>,
    pub remove_file: Option<u16>,
}

pub fn save(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Draft>,
    edit: Edit,
    now: Timestamp,
) -> Result<Draft, DraftProblem> {
    let mut draft = own_for_change(write, owner, id)?;
    if draft.version != edit.version {
        return Err(DraftProblem::SavedElsewhere);
    }
    if let Some(problem) = edit.text.too_long() {
        return Err(DraftProblem::TooLong(problem));
    }
    draft.recipients = changed_recipients(draft.recipients, edit.add, edit.remove)
        .map_err(DraftProblem::TooLong)?;
    if let Some(n) = edit.remove_file {
        remove_file(write, &mut draft, n)?;
    }
    draft.subject = edit.text.subject;
    draft.body = edit.text.body;
    draft.importance = edit.text.importance;
    draft.version += 1;
    draft.saved_at = now;
    draft.discarded = false;
    write.put(&draft)?;
    Ok(draft)
}

/// Adds a file; the version stays, because the text that a window holds is still right.
pub fn add_file(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Draft>,
    file: File,
) -> Result<Draft, DraftProblem> {
    let mut draft = own_for_change(write, owner, id)?;
    if draft.files.len() >= FILES_MAX {
        return Err(DraftProblem::TooManyFiles);
    }
    let file = File { n: draft.next_file, ..file };
    keep_blobs(write, &file, id.bytes())?;
    draft.next_file = draft.next_file.saturating_add(1);
    draft.files.push(file);
    write.put(&draft)?;
    Ok(draft)
}

fn remove_file(write: &mut Write<'_>, draft: &mut Draft, n: u16) -> Result<(), StoreError> {
    let Some(place) = draft.files.iter().position(|file| file.n == n) else { return Ok(()) };
    let file = draft.files.remove(place);
    let others: Vec<_> = draft.files.iter().flat_map(blobs_of).collect();
    for blob in blobs_of(&file).filter(|blob| !others.contains(blob)) {
        write.delete::<BlobUse>(&(*blob.bytes(), draft.id.bytes()))?;
    }
    Ok(())
}

pub fn discard(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Draft>,
    now: Timestamp,
) -> Result<(), DraftProblem> {
    let mut draft = own_for_change(write, owner, id)?;
    if draft.is_blank() {
        write.delete::<Draft>(&id)?;
    } else {
        draft.discarded = true;
        draft.saved_at = now;
        write.put(&draft)?;
    }
    Ok(())
}

/// Sends a draft: the mail, everybody's entries, receipts and notices appear, and the draft is
/// gone, in one act. Whoever the version is behind of has not seen what would be sent.
pub fn send(
    write: &mut Write<'_>,
    clock: &Clock,
    owner: Id<Member>,
    id: Id<Draft>,
    version: u64,
) -> Result<Mail, DraftProblem> {
    let draft = own_for_change(write, owner, id)?;
    if draft.version != version {
        return Err(DraftProblem::SavedElsewhere);
    }
    if !draft.missing().nothing() {
        return Err(DraftProblem::Incomplete);
    }
    let now = clock.now();
    let sender = person(write, owner, now)?;
    let recipients: Result<Vec<_>, _> =
        draft.recipients.iter().map(|member| person(write, *member, now)).collect();
    let mail = Mail {
        id: clock.id(),
        sender,
        recipients: recipients?,
        subject: draft.subject.trim().to_owned(),
        body: draft.body.trim_end().to_owned(),
        importance: draft.importance,
        files: draft.files.clone(),
        sent_at: now,
        answers: draft.kind.source(),
    };
    deliver(write, &mail)?;
    if let super::DraftKind::Reply(answered) = draft.kind {
        note_answer(write, answered, owner, now)?;
    }
    for blob in draft.files.iter().flat_map(blobs_of) {
        write.delete::<BlobUse>(&(*blob.bytes(), id.bytes()))?;
    }
    write.delete::<Draft>(&id)?;
    Ok(mail)
}

/// Puts a mail into everybody's folders.
pub fn deliver(write: &mut Write<'_>, mail: &Mail) -> Result<(), StoreError> {
    write.put(mail)?;
    for file in &mail.files {
        keep_blobs(write, file, mail.id.bytes())?;
    }
    let entry = Entry {
        owner: mail.sender.member,
        folder: Folder::Sent,
        at: mail.sent_at,
        mail: mail.id,
        who: mail.recipients.first().unwrap_or(&mail.sender).clone(),
        more: u16::try_from(mail.recipients.len().saturating_sub(1)).unwrap_or(u16::MAX),
        subject: mail.subject.clone(),
        importance: mail.importance,
        files: u8::try_from(mail.files.len()).unwrap_or(u8::MAX),
        state: EntryState::Sent {
            opened: 0,
            recipients: u16::try_from(mail.recipients.len()).unwrap_or(u16::MAX),
        },
    };
    write.put(&entry)?;
    for recipient in &mail.recipients {
        let member = recipient.member;
        write.put(&Entry {
            owner: member,
            folder: Folder::Inbox,
            who: mail.sender.clone(),
            more: 0,
            state: EntryState::Unopened,
            ..entry.clone()
        })?;
        write.put(&Notice {
            member,
            about: mail.id.bytes(),
            kind: NoticeKind::Mail,
            from: Some(mail.sender.member),
            at: mail.sent_at,
        })?;
        write.add::<Unread>(&member, 1)?;
    }
    Ok(())
}

/// A member who can send and receive at this moment.
fn person(write: &Write<'_>, id: Id<Member>, now: Timestamp) -> Result<Person, DraftProblem> {
    let gone = || DraftProblem::GoneRecipient(id);
    let member: Member = write.get(&id)?.ok_or_else(gone)?;
    let facility: Facility = write.get(&member.facility)?.ok_or_else(gone)?;
    let takes_mail = match member.standing(today(now)) {
        Standing::Welcome | Standing::Locked => facility.state == FacilityState::Active,
        Standing::NotStarted | Standing::Retired => false,
    };
    if takes_mail { Ok(Person::new(&member, &facility)) } else { Err(gone()) }
}

fn keep_blobs(write: &mut Write<'_>, file: &File, keeper: [u8; 16]) -> Result<(), StoreError> {
    blobs_of(file).try_for_each(|blob| write.put(&BlobUse { blob, keeper }))
}

fn blobs_of(file: &File) -> impl Iterator<Item = store::BlobName> {
    std::iter::once(file.blob).chain(file.thumbnail)
}
