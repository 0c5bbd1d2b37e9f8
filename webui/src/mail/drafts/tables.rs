//! Drafts as rows, and how they change until they leave.

use jiff::Timestamp;
use provisioning::mailboxes::Mailbox;
use provisioning::members::Member;
use store::{Id, Index, Indexer, Newest, Order, Record, Sensitive, StoreError, View, Write};

use super::model::{Draft, DraftGroup, DraftState, Sender, Text, TooLong, changed_recipients};
use crate::mail::groups::{self, Group, GroupProblem};
use crate::mail::model::{BlobUse, FILES_MAX, File, Owner};

impl Record for Draft {
    type Key = Id<Self>;
    const TABLE: &'static str = "drafts";
    const VERSION: u8 = 2;
    const INDEXES: &'static [&'static str] = &[DraftByOwner::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        let state = self.state.number();
        indexer.add::<DraftByOwner>(&(self.owner, state, Newest(self.saved_at)));
    }
}

impl Sensitive for Draft {}

pub struct DraftByOwner;

impl Index for DraftByOwner {
    type Record = Draft;
    type Key = (Id<Member>, u8, Newest);
    const TABLE: &'static str = "drafts_by_owner";
}

impl Record for DraftGroup {
    type Key = (Id<Draft>, Id<Group>);
    const TABLE: &'static str = "draft_groups";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.draft, self.group)
    }
}

impl Sensitive for DraftGroup {}

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
    #[error("the draft is on its way, or has left")]
    Leaving,
    #[error("the draft is not complete")]
    Incomplete,
    #[error("the group is gone, or is not for this member's eyes")]
    GoneGroup,
    #[error("a group of {people} does not fit beside {had} recipients")]
    GroupTooLarge { name: String, people: usize, had: usize },
    #[error("the member does not read the mailbox in whose name the draft is written")]
    WrongSender,
    #[error("a recipient takes no mail any more")]
    GoneRecipient(Id<Owner>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// More drafts than anybody keeps.
const DRAFTS_MAX: usize = 200;

/// One owner's drafts in the state with this number, newest first.
pub fn of_owner(view: &View<'_>, owner: Id<Member>, state: u8) -> Result<Vec<Draft>, StoreError> {
    let key = (owner, state);
    Ok(view.reveal_page_by::<DraftByOwner>(&key, Order::Ascending, None, DRAFTS_MAX)?.rows)
}

pub fn own(view: &View<'_>, owner: Id<Member>, id: Id<Draft>) -> Result<Draft, DraftProblem> {
    let draft: Option<Draft> = view.reveal(&id)?;
    draft.filter(|draft| draft.owner == owner).ok_or(DraftProblem::Unknown)
}

pub fn own_for_change(
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
#[derive(Default)]
pub struct Edit {
    pub version: u64,
    pub text: Text,
    pub add: Vec<Id<Owner>>,
    pub remove: Option<Id<Owner>>,
    pub remove_file: Option<u16>,
    pub groups: Vec<Id<Group>>,
    pub sender: Sender,
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
    if let DraftState::Outgoing { .. } = draft.state {
        return Err(DraftProblem::Leaving);
    }
    if let Some(problem) = edit.text.too_long() {
        return Err(DraftProblem::TooLong(problem));
    }
    draft.recipients = changed_recipients(draft.recipients, edit.add, edit.remove)
        .map_err(DraftProblem::TooLong)?;
    for group in edit.groups {
        choose_group(write, &mut draft, group, now)?;
    }
    draft.via = sender(write, &draft, edit.sender)?;
    if let Some(n) = edit.remove_file {
        remove_file(write, &mut draft, n)?;
    }
    draft.subject = edit.text.subject;
    draft.body = edit.text.body;
    draft.importance = edit.text.importance;
    draft.answer = edit.text.answer;
    draft.version += 1;
    draft.saved_at = now;
    draft.state = DraftState::Writing;
    write.put(&draft)?;
    Ok(draft)
}

/// Everybody of the group who takes mail becomes a recipient of their own.
fn choose_group(
    write: &mut Write<'_>,
    draft: &mut Draft,
    id: Id<Group>,
    now: Timestamp,
) -> Result<(), DraftProblem> {
    let chosen = groups::expand(write, draft.owner, id, now).map_err(|problem| match problem {
        GroupProblem::Store(error) => DraftProblem::Store(error),
        GroupProblem::Unknown
        | GroupProblem::Name
        | GroupProblem::NameTaken
        | GroupProblem::TooManyPeople
        | GroupProblem::Nobody
        | GroupProblem::TooMany
        | GroupProblem::ChangedMeanwhile { .. } => DraftProblem::GoneGroup,
    })?;
    let (people, had) = (chosen.people.len(), draft.recipients.len());
    let all = changed_recipients(draft.recipients.clone(), chosen.people.clone(), None);
    draft.recipients =
        all.map_err(|_| DraftProblem::GroupTooLarge { name: chosen.name.clone(), people, had })?;
    let groups::Expanded { name, people, left } = chosen;
    Ok(write.put(&DraftGroup { draft: draft.id, group: id, name, people, left })?)
}

/// The groups that were chosen for a draft.
pub fn groups_of(view: &View<'_>, draft: Id<Draft>) -> Result<Vec<DraftGroup>, StoreError> {
    Ok(view.reveal_page::<DraftGroup>(&draft, Order::Ascending, None, GROUPS_MAX)?.rows)
}

/// A hundred recipients do not come from more.
const GROUPS_MAX: usize = 100;

pub fn forget_groups(write: &mut Write<'_>, draft: Id<Draft>) -> Result<(), StoreError> {
    let rows: Vec<DraftGroup> = write.page(&draft, Order::Ascending, None, GROUPS_MAX)?.rows;
    rows.iter().try_for_each(|row| write.delete::<DraftGroup>(&row.key()))
}

/// Whoever reads a mailbox may write in its name, and nobody else.
fn sender(
    write: &Write<'_>,
    draft: &Draft,
    wanted: Sender,
) -> Result<Option<Id<Mailbox>>, DraftProblem> {
    match wanted {
        Sender::AsItIs => Ok(draft.via),
        Sender::Own => Ok(None),
        Sender::Mailbox(mailbox) if reads(write, draft.owner, mailbox)? => Ok(Some(mailbox)),
        Sender::Mailbox(_) => Err(DraftProblem::WrongSender),
    }
}

pub fn reads(
    write: &Write<'_>,
    member: Id<Member>,
    mailbox: Id<Mailbox>,
) -> Result<bool, StoreError> {
    let mailbox: Option<Mailbox> = write.get(&mailbox)?;
    Ok(mailbox.is_some_and(|mailbox| mailbox.members.contains(&member)))
}

/// Adds a file; the version stays, because the text that a window holds is still right.
pub fn add_file(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Draft>,
    file: File,
) -> Result<Draft, DraftProblem> {
    let mut draft = own_for_change(write, owner, id)?;
    if let DraftState::Outgoing { .. } = draft.state {
        return Err(DraftProblem::Leaving);
    }
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
    if let DraftState::Outgoing { .. } = draft.state {
        return Err(DraftProblem::Leaving);
    }
    crate::notices::end(write, owner, id.bytes())?;
    if draft.is_blank() {
        forget_groups(write, id)?;
        write.delete::<Draft>(&id)?;
    } else {
        draft.state = DraftState::Discarded;
        draft.saved_at = now;
        write.put(&draft)?;
    }
    Ok(())
}

pub fn keep_blobs(write: &mut Write<'_>, file: &File, keeper: [u8; 16]) -> Result<(), StoreError> {
    blobs_of(file).try_for_each(|blob| write.put(&BlobUse { blob, keeper }))
}

pub fn blobs_of(file: &File) -> impl Iterator<Item = store::BlobName> {
    std::iter::once(file.blob).chain(file.thumbnail)
}
