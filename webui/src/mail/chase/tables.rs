//! Watched mails and escalations as rows.

use jiff::Timestamp;
use provisioning::mailboxes::SecondContact;
use provisioning::members::{Member, Standing};
use store::{Id, Order, Plain, Read, Record, StoreError, Write};

use super::model::{Chase, Escalation, Step};
use crate::kit::bell::What;
use crate::kit::japanese::today;
use crate::kit::live::{Notice, NoticeKind};
use crate::mail::model::{Importance, Mail, Owner, Person};
use crate::mail::{acts, reminding};
use crate::notices::{self, Arrival};

impl Record for Chase {
    type Key = (u8, Timestamp, Id<Mail>);
    const TABLE: &'static str = "mail_chases";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.step.number(), self.sent_at, self.mail)
    }
}

impl Plain for Chase {}

impl Record for Escalation {
    type Key = (Id<Member>, Id<Mail>, Id<Owner>);
    const TABLE: &'static str = "mail_escalations";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.contact, self.mail, self.reader)
    }
}

impl Plain for Escalation {}

/// More than this at once is no emergency of one facility any more.
const OPEN_MAX: usize = 50;

/// Watches a mail from now on, if it is urgent.
pub fn watch(write: &mut Write<'_>, mail: &Mail) -> Result<(), StoreError> {
    if mail.importance != Importance::Urgent {
        return Ok(());
    }
    write.put(&Chase { step: Step::Remind, sent_at: mail.sent_at, mail: mail.id })
}

/// The oldest mails whose step is due: sent at or before `until`.
pub fn due(
    read: &Read<'_>,
    step: Step,
    until: Timestamp,
    rows_max: usize,
) -> Result<Vec<Chase>, StoreError> {
    let rows = read.page::<Chase>(&step.number(), Order::Ascending, None, rows_max)?.rows;
    Ok(rows.into_iter().take_while(|row| row.sent_at <= until).collect())
}

/// Does what is due for one mail, and goes on to the next step.
pub fn advance(write: &mut Write<'_>, chase: &Chase, now: Timestamp) -> Result<(), StoreError> {
    if write.get::<Chase>(&chase.key())?.is_none() {
        return Ok(());
    }
    write.delete::<Chase>(&chase.key())?;
    let Some(mail) = write.get::<Mail>(&chase.mail)? else { return Ok(()) };
    match chase.step {
        Step::Remind => {
            if reminding::remind_unopened(write, &mail, now)? > 0 {
                write.put(&Chase { step: Step::Escalate, ..chase.clone() })?;
            }
            Ok(())
        }
        Step::Escalate => escalate(write, &mail, now),
    }
}

fn escalate(write: &mut Write<'_>, mail: &Mail, now: Timestamp) -> Result<(), StoreError> {
    let Some(sender) = mail.sender.member() else { return Ok(()) };
    for recipient in &mail.recipients {
        let reader = recipient.person.owner;
        if !acts::is_unopened(write, reader, mail)? {
            continue;
        }
        let Some(contact) = contact_of(write, &recipient.person, now)? else { continue };
        let (sent_at, about) = (mail.sent_at, mail.id.bytes());
        let (what, from) = (What::Escalation, Some(sender));
        write.put(&Escalation { contact, mail: mail.id, reader, sender, sent_at, told_at: now })?;
        let own: Option<Notice> = write.get(&(about, contact))?;
        // Who is to read it anyway keeps that notice.
        if own.is_none() {
            let arrival = Arrival { about, what, from, at: now, urgent: true };
            notices::arrive(write, contact, &arrival)?;
        }
        acts::note_told(write, mail.id, reader, now)?;
    }
    Ok(())
}

/// The facility's second contact, unless that is the reader or somebody who has left.
fn contact_of(
    write: &Write<'_>,
    reader: &Person,
    now: Timestamp,
) -> Result<Option<Id<Member>>, StoreError> {
    let contact: Option<SecondContact> = write.get(&reader.facility)?;
    let Some(id) = contact.map(|contact| contact.member) else { return Ok(None) };
    if Some(id) == reader.member() {
        return Ok(None);
    }
    let member: Option<Member> = write.get(&id)?;
    let here = member.is_some_and(|member| {
        member.facility == reader.facility
            && matches!(member.standing(today(now)), Standing::Welcome | Standing::Locked)
    });
    Ok(here.then_some(id))
}

/// What this contact has been told and not yet put away, oldest first.
pub fn open_of(read: &Read<'_>, contact: Id<Member>) -> Result<Vec<Escalation>, StoreError> {
    Ok(read.page(&contact, Order::Ascending, None, OPEN_MAX)?.rows)
}

/// It has been opened, or the contact has seen to it.
pub fn end(
    write: &mut Write<'_>,
    contact: Id<Member>,
    mail: Id<Mail>,
    reader: Id<Owner>,
) -> Result<(), StoreError> {
    write.delete::<Escalation>(&(contact, mail, reader))?;
    let others = write.page::<Escalation>(&(contact, mail), Order::Ascending, None, 1)?.rows;
    let notice: Option<Notice> = write.get(&(mail.bytes(), contact))?;
    if others.is_empty() && notice.is_some_and(|notice| notice.kind == NoticeKind::Escalation) {
        notices::end(write, contact, mail.bytes())?;
    }
    Ok(())
}

/// A reader opened the mail after its facility's contact was told.
pub fn end_for_reader(
    write: &mut Write<'_>,
    mail: &Mail,
    reader: Id<Owner>,
) -> Result<(), StoreError> {
    let Some(recipient) = mail.recipient(reader) else { return Ok(()) };
    let contact: Option<SecondContact> = write.get(&recipient.person.facility)?;
    contact.map_or(Ok(()), |contact| end(write, contact.member, mail.id, reader))
}
