//! Mails as rows, and the acts on them.

use jiff::Timestamp;
use provisioning::members::Member;
use store::{
    BlobName, Cursor, Id, Newest, Order, Page, Plain, Read, Record, Sensitive, StoreError, View,
    Write,
};

use super::model::{BlobUse, Entry, EntryState, Folder, Mail, Receipt};
use crate::kit::live::{Notice, Unread};

impl Record for Mail {
    type Key = Id<Self>;
    const TABLE: &'static str = "mails";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Sensitive for Mail {}

impl Record for Entry {
    type Key = (Id<Member>, u8, Newest, Id<Mail>);
    const TABLE: &'static str = "mail_entries";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.owner, self.folder.number(), Newest(self.at), self.mail)
    }
}

impl Sensitive for Entry {}

impl Record for Receipt {
    type Key = (Id<Mail>, Id<Member>);
    const TABLE: &'static str = "mail_receipts";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.mail, self.member)
    }
}

impl Plain for Receipt {}

impl Record for BlobUse {
    type Key = ([u8; 32], [u8; 16]);
    const TABLE: &'static str = "blob_uses";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (*self.blob.bytes(), self.keeper)
    }
}

impl Plain for BlobUse {}

#[derive(Debug, thiserror::Error)]
pub enum MailProblem {
    #[error("no such mail in this member's folders")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One page of a folder, newest first.
pub fn entries(
    view: &View<'_>,
    owner: Id<Member>,
    folder: Folder,
    after: Option<&Cursor>,
    rows_max: usize,
) -> Result<Page<Entry>, StoreError> {
    view.reveal_page(&(owner, folder.number()), Order::Ascending, after, rows_max)
}

/// The mail, if it lies in one of this member's folders: the only way to read one.
pub fn mail_of(
    view: &View<'_>,
    owner: Id<Member>,
    id: Id<Mail>,
) -> Result<Option<(Mail, Entry)>, StoreError> {
    let Some(mail) = view.reveal::<Mail>(&id)? else { return Ok(None) };
    for folder in [Folder::Inbox, Folder::Sent, Folder::Bin] {
        let key = (owner, folder.number(), Newest(mail.sent_at), id);
        if let Some(entry) = view.reveal::<Entry>(&key)? {
            return Ok(Some((mail, entry)));
        }
    }
    Ok(None)
}

pub fn receipts(read: &Read<'_>, mail: &Mail) -> Result<Vec<Option<Receipt>>, StoreError> {
    mail.recipients.iter().map(|person| read.get(&(mail.id, person.member))).collect()
}

/// Opens a mail: the receipt, the badge and the notice change in one act, and only once.
pub fn open(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Mail>,
    now: Timestamp,
) -> Result<(Mail, Entry), MailProblem> {
    let (mail, mut entry) = own_entry(write, owner, id)?;
    if entry.state != EntryState::Unopened {
        return Ok((mail, entry));
    }
    if entry.folder == Folder::Inbox {
        write.add::<Unread>(&owner, -1)?;
    }
    write.delete::<Notice>(&(id.bytes(), owner))?;
    entry.state = EntryState::Opened;
    write.put(&entry)?;
    let receipt: Option<Receipt> = write.get(&(id, owner))?;
    let mut receipt = receipt.unwrap_or(Receipt::unopened(id, owner));
    if receipt.opened_at.is_none() {
        receipt.opened_at = Some(now);
        write.put(&receipt)?;
        count_opened(write, &mail)?;
    }
    Ok((mail, entry))
}

/// The sender's list shows how many have opened.
fn count_opened(write: &mut Write<'_>, mail: &Mail) -> Result<(), StoreError> {
    for folder in [Folder::Sent, Folder::Bin] {
        let key = (mail.sender.member, folder.number(), Newest(mail.sent_at), mail.id);
        let Some(mut entry) = write.get::<Entry>(&key)? else { continue };
        if let EntryState::Sent { opened, recipients } = entry.state {
            entry.state = EntryState::Sent { opened: opened.saturating_add(1), recipients };
            write.put(&entry)?;
        }
    }
    Ok(())
}

/// A recipient who answers is known to have.
pub fn note_answer(
    write: &mut Write<'_>,
    id: Id<Mail>,
    by: Id<Member>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mail: Option<Mail> = write.get(&id)?;
    let received = |mail: Mail| mail.recipients.iter().any(|person| person.member == by);
    if !mail.is_some_and(received) {
        return Ok(());
    }
    let receipt: Option<Receipt> = write.get(&(id, by))?;
    let mut receipt = receipt.unwrap_or(Receipt::unopened(id, by));
    if receipt.answered_at.is_none() {
        receipt.answered_at = Some(now);
        write.put(&receipt)?;
    }
    Ok(())
}

pub fn move_to_bin(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Mail>,
) -> Result<(), MailProblem> {
    let (_, entry) = own_entry(write, owner, id)?;
    if entry.folder != Folder::Bin {
        if entry.folder == Folder::Inbox && entry.state == EntryState::Unopened {
            write.add::<Unread>(&owner, -1)?;
            write.delete::<Notice>(&(id.bytes(), owner))?;
        }
        write.delete::<Entry>(&entry.key())?;
        write.put(&Entry { folder: Folder::Bin, ..entry })?;
    }
    Ok(())
}

pub fn restore(
    write: &mut Write<'_>,
    owner: Id<Member>,
    id: Id<Mail>,
) -> Result<Folder, MailProblem> {
    let (_, entry) = own_entry(write, owner, id)?;
    if entry.folder != Folder::Bin {
        return Ok(entry.folder);
    }
    let folder = match entry.state {
        EntryState::Unopened => {
            write.add::<Unread>(&owner, 1)?;
            Folder::Inbox
        }
        EntryState::Opened => Folder::Inbox,
        EntryState::Sent { .. } => Folder::Sent,
    };
    write.delete::<Entry>(&entry.key())?;
    write.put(&Entry { folder, ..entry })?;
    Ok(folder)
}

fn own_entry(
    write: &Write<'_>,
    owner: Id<Member>,
    id: Id<Mail>,
) -> Result<(Mail, Entry), MailProblem> {
    let mail: Mail = write.get(&id)?.ok_or(MailProblem::Unknown)?;
    for folder in [Folder::Inbox, Folder::Sent, Folder::Bin] {
        let key = (owner, folder.number(), Newest(mail.sent_at), id);
        if let Some(entry) = write.get::<Entry>(&key)? {
            return Ok((mail, entry));
        }
    }
    Err(MailProblem::Unknown)
}

/// Whether a mail or a draft keeps this blob.
pub fn is_kept(read: &Read<'_>, blob: &BlobName) -> Result<bool, StoreError> {
    let uses = read.page::<BlobUse>(blob.bytes(), Order::Ascending, None, 1)?;
    Ok(!uses.rows.is_empty())
}
