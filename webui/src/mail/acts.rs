//! What is done to mails that have arrived: opening, answering, moving, marking, taking back.
//!
//! Whatever changes an entry, its counters, its notices and the sender's list goes through here,
//! so that receipts are right for every order of events.

use jiff::Timestamp;
use provisioning::mailboxes::Mailbox;
use provisioning::members::Member;
use store::{Id, Newest, Record as _, StoreError, Write};

use super::chase;
use super::delivery::arrival;
use super::model::{
    Binned, Charge, Entry, EntryState, Folder, Importance, Mail, Mark, Owner, Person, Receipt,
    Star, Waking,
};
use super::tables::{MailProblem, entry_of};
use crate::kit::bell::What;
use crate::kit::live::Unread;
use crate::kit::waiting;
use crate::notices;

/// Opens a mail: the receipt, the badge and the notice change in one act, and only once.
pub fn open(
    write: &mut Write<'_>,
    owner: Id<Owner>,
    by: Id<Member>,
    id: Id<Mail>,
    now: Timestamp,
) -> Result<(Mail, Entry), MailProblem> {
    let (mut mail, mut entry) = own_entry(write, owner, id)?;
    mail.hide_withdrawn(entry.state);
    if entry.state != EntryState::Unopened {
        notices::end(write, by, id.bytes())?;
        return Ok((mail, entry));
    }
    end_notices(write, owner, by, id)?;
    count(write, &entry, -1)?;
    entry.state = EntryState::Opened;
    write.put(&entry)?;
    change_receipt(write, id, owner, |receipt| {
        receipt.opened.get_or_insert(Mark { by, at: now });
    })?;
    count_opened(write, &mail)?;
    end_outside(write, &mail, owner)?;
    if mail.importance == Importance::Urgent {
        chase::end_for_reader(write, &mail, owner)?;
    }
    Ok((mail, entry))
}

/// What one reader of a mailbox has opened is told to none of them outside any more.
fn end_outside(write: &mut Write<'_>, mail: &Mail, owner: Id<Owner>) -> Result<(), StoreError> {
    let Some(recipient) = mail.recipient(owner) else { return Ok(()) };
    if !recipient.person.is_mailbox() {
        return Ok(());
    }
    for member in readers(write, owner)? {
        // Who is addressed personally as well has not opened that.
        if mail.recipient(Owner::member(member)).is_none() {
            notices::cancel_outside(write, member, mail.id.bytes())?;
        }
    }
    notices::end_at_facility(write, recipient.person.facility, mail.id.bytes())
}

/// The sender's list shows how many have opened.
fn count_opened(write: &mut Write<'_>, mail: &Mail) -> Result<(), StoreError> {
    let via = mail.via.as_ref().map(|via| via.owner);
    for owner in std::iter::once(mail.sender.owner).chain(via) {
        let Some(mut entry) = sent_entry(write, owner, mail)? else { continue };
        if let EntryState::Sent { opened, recipients } = entry.state {
            entry.state = EntryState::Sent { opened: opened.saturating_add(1), recipients };
            write.put(&entry)?;
        }
    }
    Ok(())
}

/// Who wrote to themselves has two entries; the sent one is meant here.
fn sent_entry(
    write: &Write<'_>,
    owner: Id<Owner>,
    mail: &Mail,
) -> Result<Option<Entry>, StoreError> {
    for folder in [Folder::Sent, Folder::Bin] {
        let key = (owner, folder.number(), Newest(mail.sent_at), mail.id);
        let found = write.get::<Entry>(&key)?;
        if let Some(entry) = found
            && matches!(entry.state, EntryState::Sent { .. })
        {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// A recipient who answers is known to have, and so is the mailbox in whose name it was done.
pub fn note_answer(
    write: &mut Write<'_>,
    id: Id<Mail>,
    owner: Id<Owner>,
    by: Id<Member>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mail) = write.get::<Mail>(&id)? else { return Ok(()) };
    if mail.recipient(owner).is_none() {
        return Ok(());
    }
    if let Some(mut entry) = entry_of(write, owner, &mail)? {
        entry.marks.answered = true;
        write.put(&entry)?;
    }
    change_receipt(write, id, owner, |receipt| {
        receipt.answered.get_or_insert(Mark { by, at: now });
    })
}

pub(super) fn change_receipt(
    write: &mut Write<'_>,
    mail: Id<Mail>,
    owner: Id<Owner>,
    change: impl FnOnce(&mut Receipt),
) -> Result<(), StoreError> {
    let found: Option<Receipt> = write.get(&(mail, owner))?;
    let mut receipt = found.unwrap_or(Receipt::unopened(mail, owner));
    change(&mut receipt);
    write.put(&receipt)
}

/// The badge counts what lies unopened in an inbox.
fn count(write: &mut Write<'_>, entry: &Entry, by: i64) -> Result<(), StoreError> {
    if entry.folder == Folder::Inbox && entry.state == EntryState::Unopened {
        write.add::<Unread>(&Id::from_bytes(entry.owner.bytes()), by)?;
    }
    Ok(())
}

/// Every change of folder: counters and the rows beside the entry follow.
pub(super) fn change_folder(
    write: &mut Write<'_>,
    mut entry: Entry,
    to: Folder,
    now: Timestamp,
) -> Result<Entry, StoreError> {
    if entry.folder == to {
        return Ok(entry);
    }
    count(write, &entry, -1)?;
    write.delete::<Entry>(&entry.key())?;
    let (owner, mail) = (entry.owner, entry.mail);
    if let Some(at) = entry.marks.wakes_at.take() {
        write.delete::<Waking>(&(at, owner, mail))?;
    }
    if let Some(at) = entry.marks.binned_at.take() {
        write.delete::<Binned>(&(at, owner, mail))?;
    }
    if to == Folder::Bin {
        entry.marks.binned_at = Some(now);
        write.put(&Binned { at: now, owner, mail })?;
    }
    entry.folder = to;
    count(write, &entry, 1)?;
    write.put(&entry)?;
    wait_for_charge(write, &entry)?;
    Ok(entry)
}

pub fn move_to_bin(
    write: &mut Write<'_>,
    owner: Id<Owner>,
    by: Id<Member>,
    id: Id<Mail>,
    now: Timestamp,
) -> Result<(), MailProblem> {
    let (_, entry) = own_entry(write, owner, id)?;
    if entry.state == EntryState::Unopened {
        end_notices(write, owner, by, id)?;
    }
    change_folder(write, entry, Folder::Bin, now)?;
    Ok(())
}

/// Back to where it was before it was put away.
pub fn restore(
    write: &mut Write<'_>,
    owner: Id<Owner>,
    id: Id<Mail>,
    now: Timestamp,
) -> Result<(), MailProblem> {
    let (_, entry) = own_entry(write, owner, id)?;
    if entry.folder == Folder::Done {
        change_receipt(write, id, owner, |receipt| receipt.done = None)?;
    }
    let home = match entry.state {
        EntryState::Unopened | EntryState::Opened | EntryState::Withdrawn => Folder::Inbox,
        EntryState::Sent { .. } => Folder::Sent,
    };
    change_folder(write, entry, home, now)?;
    Ok(())
}

/// What has lain in the bin for its time: the row goes, the mail stays for the others.
pub fn purge(write: &mut Write<'_>, row: &Binned) -> Result<(), StoreError> {
    write.delete::<Binned>(&row.key())?;
    let Some(mail) = write.get::<Mail>(&row.mail)? else { return Ok(()) };
    let at = Newest(mail.sent_at);
    let key = (row.owner, Folder::Bin.number(), at, row.mail);
    let entry: Option<Entry> = write.get(&key)?;
    if entry.is_some_and(|entry| entry.marks.binned_at == Some(row.at)) {
        write.delete::<Star>(&(row.owner, at, row.mail))?;
        write.delete::<Entry>(&key)?;
    }
    Ok(())
}

pub fn set_star(
    write: &mut Write<'_>,
    owner: Id<Owner>,
    id: Id<Mail>,
    starred: bool,
) -> Result<(), MailProblem> {
    let (mail, mut entry) = own_entry(write, owner, id)?;
    entry.marks.starred = starred;
    write.put(&entry)?;
    let star = Star { owner, at: mail.sent_at, mail: id };
    if starred {
        write.put(&star)?;
    } else {
        write.delete::<Star>(&star.key())?;
    }
    Ok(())
}

/// Out of the inbox until `wakes_at`.
pub fn put_off(
    write: &mut Write<'_>,
    owner: Id<Owner>,
    by: Id<Member>,
    id: Id<Mail>,
    wakes_at: Timestamp,
    now: Timestamp,
) -> Result<(), MailProblem> {
    let (_, entry) = own_entry(write, owner, id)?;
    if let EntryState::Sent { .. } = entry.state {
        return Err(MailProblem::Unknown);
    }
    end_notices(write, owner, by, id)?;
    // An entry that is there already gets its new time.
    let entry = change_folder(write, entry, Folder::Inbox, now)?;
    let mut entry = change_folder(write, entry, Folder::Later, now)?;
    entry.marks.wakes_at = Some(wakes_at);
    write.put(&entry)?;
    write.put(&Waking { at: wakes_at, owner, mail: id })?;
    Ok(())
}

/// Its time has come: back to the inbox, with a notice.
pub fn wake(write: &mut Write<'_>, waking: &Waking, now: Timestamp) -> Result<(), StoreError> {
    write.delete::<Waking>(&waking.key())?;
    let Some(mail) = write.get::<Mail>(&waking.mail)? else { return Ok(()) };
    let Some(entry) = entry_of(write, waking.owner, &mail)? else { return Ok(()) };
    if entry.folder != Folder::Later || entry.marks.wakes_at != Some(waking.at) {
        return Ok(());
    }
    let arrival = arrival(&mail, What::Woken, now);
    for member in readers(write, waking.owner)? {
        notices::arrive(write, member, &arrival)?;
    }
    change_folder(write, entry, Folder::Inbox, now)?;
    Ok(())
}

/// Takes a mailbox's mail in hand, or gives it back with `None`. Everybody else's notice ends.
pub fn take_charge(
    write: &mut Write<'_>,
    mailbox: &Mailbox,
    by: &Member,
    id: Id<Mail>,
    take: bool,
    now: Timestamp,
) -> Result<(), MailProblem> {
    let owner = Owner::mailbox(mailbox.id);
    let (_, mut entry) = own_entry(write, owner, id)?;
    entry.marks.charge = take.then(|| Charge { member: by.id, name: by.details.name.full() });
    write.put(&entry)?;
    wait_for_charge(write, &entry)?;
    end_notices(write, owner, by.id, id)?;
    let taken = take.then_some(Mark { by: by.id, at: now });
    change_receipt(write, id, owner, |receipt| receipt.taken = taken)?;
    Ok(())
}

/// One who looks, acts or takes charge ends the notice of all who read the same box: their open
/// pages hear of it.
fn end_notices(
    write: &mut Write<'_>,
    owner: Id<Owner>,
    by: Id<Member>,
    id: Id<Mail>,
) -> Result<(), StoreError> {
    notices::end(write, by, id.bytes())?;
    if Owner::member(by) == owner {
        return Ok(());
    }
    let Some(mail) = write.get::<Mail>(&id)? else { return Ok(()) };
    for member in readers(write, owner)? {
        // Who is addressed personally as well has not opened that.
        if member != by && mail.recipient(Owner::member(member)).is_none() {
            notices::end(write, member, id.bytes())?;
        }
    }
    Ok(())
}

/// A mail in a mailbox's inbox waits until somebody takes it in hand.
fn wait_for_charge(write: &mut Write<'_>, entry: &Entry) -> Result<(), StoreError> {
    let (mailbox, about) = (Id::from_bytes(entry.owner.bytes()), entry.mail.bytes());
    let received = matches!(entry.state, EntryState::Unopened | EntryState::Opened);
    let waits = received && entry.folder == Folder::Inbox && entry.marks.charge.is_none();
    if waits && write.get::<Mailbox>(&mailbox)?.is_some() {
        return waiting::begin(write, mailbox, about);
    }
    waiting::end(write, mailbox, about)
}

/// Dealt with, or taken up again. The sender sees it.
pub fn set_done(
    write: &mut Write<'_>,
    owner: Id<Owner>,
    by: Id<Member>,
    id: Id<Mail>,
    done: bool,
    now: Timestamp,
) -> Result<(), MailProblem> {
    let (_, entry) = own_entry(write, owner, id)?;
    if let EntryState::Sent { .. } | EntryState::Withdrawn = entry.state {
        return Err(MailProblem::Unknown);
    }
    end_notices(write, owner, by, id)?;
    change_folder(write, entry, if done { Folder::Done } else { Folder::Inbox }, now)?;
    let mark = done.then_some(Mark { by, at: now });
    change_receipt(write, id, owner, |receipt| receipt.done = mark)?;
    Ok(())
}

/// Takes a mail back from everybody who has not opened it; answers from how many.
pub fn withdraw(
    write: &mut Write<'_>,
    sender: Id<Owner>,
    id: Id<Mail>,
    now: Timestamp,
) -> Result<usize, MailProblem> {
    let mail = sent_mail(write, sender, id)?;
    let mut count_back = 0;
    for recipient in &mail.recipients {
        let owner = recipient.person.owner;
        let Some(mut entry) = entry_of(write, owner, &mail)? else { continue };
        if entry.state != EntryState::Unopened {
            continue;
        }
        count(write, &entry, -1)?;
        entry.state = EntryState::Withdrawn;
        entry.subject.clear();
        entry.files = 0;
        write.put(&entry)?;
        wait_for_charge(write, &entry)?;
        for member in readers_of(write, &recipient.person)? {
            notices::note_withdrawn(write, member, id.bytes(), now)?;
        }
        notices::end_at_facility(write, recipient.person.facility, id.bytes())?;
        change_receipt(write, id, owner, |receipt| receipt.withdrawn_at = Some(now))?;
        count_back += 1;
    }
    if count_back == 0 { Err(MailProblem::AllOpened) } else { Ok(count_back) }
}

/// The members who read what comes to this address.
pub fn readers_of(write: &Write<'_>, person: &Person) -> Result<Vec<Id<Member>>, StoreError> {
    person.member().map_or_else(|| readers(write, person.owner), |member| Ok(vec![member]))
}

/// Without knowing whether it is a mailbox; one that is gone is read by nobody.
fn readers(write: &Write<'_>, owner: Id<Owner>) -> Result<Vec<Id<Member>>, StoreError> {
    let mailbox: Option<Mailbox> = write.get(&Id::from_bytes(owner.bytes()))?;
    let alone = || vec![Id::from_bytes(owner.bytes())];
    Ok(mailbox.map_or_else(alone, |mailbox| mailbox.members))
}

pub fn is_unopened(write: &Write<'_>, owner: Id<Owner>, mail: &Mail) -> Result<bool, StoreError> {
    let entry = entry_of(write, owner, mail)?;
    Ok(entry.is_some_and(|entry| entry.state == EntryState::Unopened))
}

/// The reader's facility has been told.
pub fn note_told(
    write: &mut Write<'_>,
    mail: Id<Mail>,
    owner: Id<Owner>,
    now: Timestamp,
) -> Result<(), StoreError> {
    change_receipt(write, mail, owner, |receipt| receipt.told_at = Some(now))
}

/// A mail that this owner sent.
pub(super) fn sent_mail(
    write: &Write<'_>,
    sender: Id<Owner>,
    id: Id<Mail>,
) -> Result<Mail, MailProblem> {
    let mail: Mail = write.get(&id)?.ok_or(MailProblem::Unknown)?;
    let via = mail.via.as_ref().map(|via| via.owner);
    if mail.sender.owner != sender && via != Some(sender) {
        return Err(MailProblem::Unknown);
    }
    Ok(mail)
}

/// The first of these boxes in which the mail lies.
pub fn holder(
    write: &Write<'_>,
    owners: &[Id<Owner>],
    id: Id<Mail>,
) -> Result<Id<Owner>, MailProblem> {
    let mail: Mail = write.get(&id)?.ok_or(MailProblem::Unknown)?;
    for owner in owners {
        if entry_of(write, *owner, &mail)?.is_some() {
            return Ok(*owner);
        }
    }
    Err(MailProblem::Unknown)
}

fn own_entry(
    write: &Write<'_>,
    owner: Id<Owner>,
    id: Id<Mail>,
) -> Result<(Mail, Entry), MailProblem> {
    let mail: Mail = write.get(&id)?.ok_or(MailProblem::Unknown)?;
    let entry = entry_of(write, owner, &mail)?.ok_or(MailProblem::Unknown)?;
    Ok((mail, entry))
}
