//! Mails, entries and receipts as rows, and the questions to them. What is done to them stands
//! in `acts`.

use store::{
    BlobName, Cursor, Id, Newest, Order, Page, Plain, Read, Record, Sensitive, StoreError, View,
    Write,
};

use super::model::{
    Binned, BlobUse, Entry, Folder, Mail, Owner, Receipt, Star, ThreadPart, Waking,
};

impl Record for Mail {
    type Key = Id<Self>;
    const TABLE: &'static str = "mails";
    const VERSION: u8 = 2;

    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Sensitive for Mail {}

impl Record for Entry {
    type Key = (Id<Owner>, u8, Newest, Id<Mail>);
    const TABLE: &'static str = "mail_entries";
    const VERSION: u8 = 2;

    fn key(&self) -> Self::Key {
        (self.owner, self.folder.number(), Newest(self.at), self.mail)
    }
}

impl Sensitive for Entry {}

impl Record for Receipt {
    type Key = (Id<Mail>, Id<Owner>);
    const TABLE: &'static str = "mail_receipts";
    const VERSION: u8 = 2;

    fn key(&self) -> Self::Key {
        (self.mail, self.owner)
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

impl Record for Star {
    type Key = (Id<Owner>, Newest, Id<Mail>);
    const TABLE: &'static str = "mail_stars";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.owner, Newest(self.at), self.mail)
    }
}

impl Plain for Star {}

impl Record for Waking {
    type Key = (jiff::Timestamp, Id<Owner>, Id<Mail>);
    const TABLE: &'static str = "mail_wakings";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.at, self.owner, self.mail)
    }
}

impl Plain for Waking {}

impl Record for Binned {
    type Key = (jiff::Timestamp, Id<Owner>, Id<Mail>);
    const TABLE: &'static str = "mail_binned";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.at, self.owner, self.mail)
    }
}

impl Plain for Binned {}

impl Record for ThreadPart {
    type Key = (Id<Mail>, Id<Mail>);
    const TABLE: &'static str = "mail_threads";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.thread, self.mail)
    }
}

impl Plain for ThreadPart {}

#[derive(Debug, thiserror::Error)]
pub enum MailProblem {
    #[error("no such mail in this owner's folders")]
    Unknown,
    #[error("everybody has opened it")]
    AllOpened,
    #[error("everybody was reminded a moment ago")]
    JustReminded,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One page of a folder, newest first.
pub fn entries(
    view: &View<'_>,
    owner: Id<Owner>,
    folder: Folder,
    after: Option<&Cursor>,
    rows_max: usize,
) -> Result<Page<Entry>, StoreError> {
    view.reveal_page(&(owner, folder.number()), Order::Ascending, after, rows_max)
}

/// The mail, if it lies in a folder of one of these owners: the only way to read one. What was
/// withdrawn comes without its words.
pub fn mail_of(
    view: &View<'_>,
    owners: &[Id<Owner>],
    id: Id<Mail>,
) -> Result<Option<(Mail, Entry)>, StoreError> {
    let Some(mut mail) = view.reveal::<Mail>(&id)? else { return Ok(None) };
    for owner in owners {
        for folder in Folder::ALL {
            let key = (*owner, folder.number(), Newest(mail.sent_at), id);
            let Some(entry) = view.reveal::<Entry>(&key)? else { continue };
            mail.hide_withdrawn(entry.state);
            return Ok(Some((mail, entry)));
        }
    }
    Ok(None)
}

/// The row of this mail at one owner, in whatever folder it lies.
pub fn entry_of(
    write: &Write<'_>,
    owner: Id<Owner>,
    mail: &Mail,
) -> Result<Option<Entry>, StoreError> {
    for folder in Folder::ALL {
        let key = (owner, folder.number(), Newest(mail.sent_at), mail.id);
        if let Some(entry) = write.get::<Entry>(&key)? {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

pub fn receipts(read: &Read<'_>, mail: &Mail) -> Result<Vec<Option<Receipt>>, StoreError> {
    mail.recipients.iter().map(|one| read.get(&(mail.id, one.person.owner))).collect()
}

/// The mails of one conversation that lie in these owners' folders, oldest first.
pub fn conversation(
    view: &View<'_>,
    owners: &[Id<Owner>],
    thread: Id<Mail>,
) -> Result<Vec<(Mail, Entry)>, StoreError> {
    /// Longer ones are read from their newest end; nobody scrolls through more.
    const PARTS_MAX: usize = 100;
    let answers = view.page::<ThreadPart>(&thread, Order::Descending, None, PARTS_MAX)?.rows;
    let mut ids: Vec<_> = answers.iter().map(|part| part.mail).collect();
    ids.push(thread);
    ids.reverse();
    let mut found = Vec::new();
    for id in ids {
        found.extend(mail_of(view, owners, id)?);
    }
    Ok(found)
}

/// What its owner has starred, newest first.
pub fn starred(
    view: &View<'_>,
    owner: Id<Owner>,
    after: Option<&Cursor>,
    rows_max: usize,
) -> Result<(Vec<Entry>, Option<Cursor>), StoreError> {
    let page = view.page::<Star>(&owner, Order::Ascending, after, rows_max)?;
    let mut rows = Vec::new();
    for star in &page.rows {
        for folder in Folder::ALL {
            let key = (owner, folder.number(), Newest(star.at), star.mail);
            if let Some(entry) = view.reveal::<Entry>(&key)? {
                rows.push(entry);
                break;
            }
        }
    }
    Ok((rows, page.next))
}

/// Whether a mail or a draft keeps this blob.
pub fn is_kept(read: &Read<'_>, blob: &BlobName) -> Result<bool, StoreError> {
    let uses = read.page::<BlobUse>(blob.bytes(), Order::Ascending, None, 1)?;
    Ok(!uses.rows.is_empty())
}
