//! A second word to those who have not opened a mail: the sender wishes it, or it is urgent.

use jiff::{SignedDuration, Timestamp};
use store::{Id, StoreError, Write};

use super::acts::{change_folder, change_receipt, is_unopened, readers_of, sent_mail};
use super::delivery::arrival;
use super::model::{Folder, Mail, Owner, Person, Receipt};
use super::tables::{MailProblem, entry_of};
use crate::kit::bell::What;
use crate::notices;

/// Nobody is nudged twice within this time.
const REMIND_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Reminds everybody who has not opened a mail; answers how many.
pub fn remind(
    write: &mut Write<'_>,
    sender: Id<Owner>,
    id: Id<Mail>,
    now: Timestamp,
) -> Result<usize, MailProblem> {
    let mail = sent_mail(write, sender, id)?;
    let (mut unopened, mut reminded) = (0, 0);
    for recipient in &mail.recipients {
        let owner = recipient.person.owner;
        if !is_unopened(write, owner, &mail)? {
            continue;
        }
        unopened += 1;
        let receipt: Option<Receipt> = write.get(&(id, owner))?;
        let last = receipt.and_then(|receipt| receipt.reminded_at);
        if last.is_none_or(|last| now.duration_since(last) >= REMIND_EVERY) {
            remind_one(write, &mail, &recipient.person, now)?;
            reminded += 1;
        }
    }
    match (unopened, reminded) {
        (0, _) => Err(MailProblem::AllOpened),
        (_, 0) => Err(MailProblem::JustReminded),
        (_, reminded) => Ok(reminded),
    }
}

/// Of an urgent mail, without being asked.
pub fn remind_unopened(
    write: &mut Write<'_>,
    mail: &Mail,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut reminded = 0;
    for recipient in &mail.recipients {
        if is_unopened(write, recipient.person.owner, mail)? {
            remind_one(write, mail, &recipient.person, now)?;
            reminded += 1;
        }
    }
    Ok(reminded)
}

fn remind_one(
    write: &mut Write<'_>,
    mail: &Mail,
    person: &Person,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut entry) = entry_of(write, person.owner, mail)? else { return Ok(()) };
    entry.marks.reminded = true;
    write.put(&entry)?;
    // Whoever put it away unread sees it again.
    change_folder(write, entry, Folder::Inbox, now)?;
    let arrival = arrival(mail, What::Reminder, now);
    for member in readers_of(write, person)? {
        notices::arrive(write, member, &arrival)?;
    }
    if person.is_mailbox() {
        notices::arrive_at_facility(write, person.facility, &arrival)?;
    }
    change_receipt(write, mail.id, person.owner, |receipt| receipt.reminded_at = Some(now))
}
