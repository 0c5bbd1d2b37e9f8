//! How a draft becomes a mail, and a mail comes into everybody's folders, in one act.

use jiff::Timestamp;
use provisioning::facilities::{Facility, FacilityState};
use provisioning::mailboxes::Mailbox;
use provisioning::members::{Member, Standing};
use store::{Clock, Id, StoreError, Write};

use super::acts::{note_answer, readers_of};
use super::chase;
use super::drafts::{Draft, DraftKind, DraftProblem, blobs_of, forget_groups, keep_blobs, reads};
use super::model::{
    BlobUse, Entry, EntryState, Folder, Importance, Mail, Marks, Owner, Person, Recipient,
    RecipientNote, ThreadPart,
};
use super::people::note_recent;
use crate::kit::bell::What;
use crate::kit::japanese::today;
use crate::kit::live::Unread;
use crate::kit::waiting;
use crate::me::absence::away_at;
use crate::notices::{self, Arrival};

/// Sends a complete draft: the mail, everybody's entries and notices appear, and the draft is
/// gone, in one act.
pub fn send(write: &mut Write<'_>, clock: &Clock, draft: Draft) -> Result<Mail, DraftProblem> {
    if !draft.missing().nothing() {
        return Err(DraftProblem::Incomplete);
    }
    let now = clock.now();
    let sender = person(write, Owner::member(draft.owner), now)?;
    let via = sending_mailbox(write, &draft, now)?;
    let recipients = recipients(write, &draft, now)?;
    let answers = draft.kind.source();
    let id = clock.id();
    let thread = match draft.kind {
        DraftKind::Reply(answered) => {
            write.get::<Mail>(&answered)?.map_or(id, |answered| answered.thread)
        }
        DraftKind::New | DraftKind::Forward(_) => id,
    };
    let mail = Mail {
        id,
        sender,
        via,
        recipients,
        subject: draft.subject.trim().to_owned(),
        body: draft.body.trim_end().to_owned(),
        importance: draft.importance,
        answer: draft.answer,
        files: draft.files.clone(),
        sent_at: now,
        answers,
        thread,
    };
    deliver(write, &mail)?;
    if let DraftKind::Reply(answered) = draft.kind
        && let Some(owner) = answering(write, &draft, answered)?
    {
        note_answer(write, answered, owner, draft.owner, now)?;
    }
    note_recent(write, draft.owner, &draft.recipients)?;
    forget_groups(write, draft.id)?;
    for blob in draft.files.iter().flat_map(blobs_of) {
        write.delete::<BlobUse>(&(*blob.bytes(), draft.id.bytes()))?;
    }
    write.delete::<Draft>(&draft.id)?;
    Ok(mail)
}

/// The mailbox in whose name it goes: open, and read by the writer at this moment.
fn sending_mailbox(
    write: &Write<'_>,
    draft: &Draft,
    now: Timestamp,
) -> Result<Option<Person>, DraftProblem> {
    let Some(via) = draft.via else { return Ok(None) };
    if !reads(write, draft.owner, via)? {
        return Err(DraftProblem::WrongSender);
    }
    person(write, Owner::mailbox(via), now).map(Some)
}

/// The box in which the answered mail lies, in whosever name the answer goes.
fn answering(
    write: &Write<'_>,
    draft: &Draft,
    answered: Id<Mail>,
) -> Result<Option<Id<Owner>>, StoreError> {
    let Some(mail) = write.get::<Mail>(&answered)? else { return Ok(None) };
    let mut named = draft.via.map(Owner::mailbox).into_iter().chain([Owner::member(draft.owner)]);
    if let Some(owner) = named.find(|owner| mail.recipient(*owner).is_some()) {
        return Ok(Some(owner));
    }
    for one in mail.recipients.iter().filter(|one| one.person.is_mailbox()) {
        if reads(write, draft.owner, Id::from_bytes(one.person.owner.bytes()))? {
            return Ok(Some(one.person.owner));
        }
    }
    Ok(None)
}

/// Everybody whom it reaches: whoever is away is marked so, and the deputy receives it as well.
fn recipients(
    write: &Write<'_>,
    draft: &Draft,
    now: Timestamp,
) -> Result<Vec<Recipient>, DraftProblem> {
    let mut reached: Vec<Recipient> = Vec::new();
    let mut deputies = Vec::new();
    for one in &draft.recipients {
        let person = person(write, *one, now)?;
        let absence = match person.member() {
            Some(member) => away_at(write, member, today(now))?,
            None => None,
        };
        let name = person.name.clone();
        let note = match absence {
            Some(absence) => {
                deputies.extend(absence.deputy.map(|deputy| (deputy, name)));
                RecipientNote::Absent { until: absence.until }
            }
            None => RecipientNote::Nothing,
        };
        reached.push(Recipient { person, note });
    }
    for (deputy, name) in deputies {
        let owner = Owner::member(deputy);
        let has_it = deputy == draft.owner || reached.iter().any(|one| one.person.owner == owner);
        // A deputy who has left meanwhile keeps nobody from writing.
        match (has_it, person(write, owner, now)) {
            (false, Ok(person)) => {
                reached.push(Recipient { person, note: RecipientNote::StandsInFor(name) });
            }
            (false, Err(DraftProblem::Store(error))) => return Err(error.into()),
            (true, _) | (false, Err(_)) => {}
        }
    }
    Ok(reached)
}

/// Puts a mail into everybody's folders.
pub fn deliver(write: &mut Write<'_>, mail: &Mail) -> Result<(), StoreError> {
    write.put(mail)?;
    chase::watch(write, mail)?;
    if mail.thread != mail.id {
        write.put(&ThreadPart { thread: mail.thread, mail: mail.id })?;
    }
    for file in &mail.files {
        keep_blobs(write, file, mail.id.bytes())?;
    }
    let recipients = u16::try_from(mail.recipients.len()).unwrap_or(u16::MAX);
    let first = mail.recipients.first().map_or(&mail.sender, |first| &first.person);
    let entry = Entry {
        owner: mail.sender.owner,
        folder: Folder::Sent,
        at: mail.sent_at,
        mail: mail.id,
        who: first.clone(),
        more: recipients.saturating_sub(1),
        subject: mail.subject.clone(),
        importance: mail.importance,
        answer: mail.answer,
        files: u8::try_from(mail.files.len()).unwrap_or(u8::MAX),
        state: EntryState::Sent { opened: 0, recipients },
        marks: Marks::default(),
    };
    write.put(&entry)?;
    if let Some(via) = &mail.via {
        write.put(&Entry { owner: via.owner, ..entry.clone() })?;
    }
    let who = mail.answer_to();
    mail.recipients.iter().try_for_each(|recipient| hand_over(write, mail, &entry, who, recipient))
}

fn hand_over(
    write: &mut Write<'_>,
    mail: &Mail,
    sent: &Entry,
    who: &Person,
    recipient: &Recipient,
) -> Result<(), StoreError> {
    let owner = recipient.person.owner;
    write.put(&Entry {
        owner,
        folder: Folder::Inbox,
        who: who.clone(),
        more: 0,
        state: EntryState::Unopened,
        ..sent.clone()
    })?;
    write.add::<Unread>(&Id::from_bytes(owner.bytes()), 1)?;
    if recipient.person.is_mailbox() {
        waiting::begin(write, Id::from_bytes(owner.bytes()), mail.id.bytes())?;
    }
    let what = if mail.answers.is_some() { What::Reply } else { What::Mail };
    let arrival = arrival(mail, what, mail.sent_at);
    for member in readers_of(write, &recipient.person)? {
        notices::arrive(write, member, &arrival)?;
    }
    if recipient.person.is_mailbox() {
        notices::arrive_at_facility(write, recipient.person.facility, &arrival)?;
    }
    Ok(())
}

/// What a mail's readers are told.
pub fn arrival(mail: &Mail, what: What, at: Timestamp) -> Arrival {
    let urgent = mail.importance == Importance::Urgent;
    Arrival { about: mail.id.bytes(), what, from: mail.sender.member(), at, urgent }
}

/// A member or mailbox that can send and receive at this moment.
pub fn person(write: &Write<'_>, owner: Id<Owner>, now: Timestamp) -> Result<Person, DraftProblem> {
    let gone = || DraftProblem::GoneRecipient(owner);
    let active = |facility: Id<Facility>| {
        let facility: Facility = write.get(&facility)?.ok_or_else(gone)?;
        let open = facility.state == FacilityState::Active;
        if open { Ok(facility) } else { Err(gone()) }
    };
    if let Some(member) = write.get::<Member>(&Id::from_bytes(owner.bytes()))? {
        let facility = active(member.facility)?;
        return match member.standing(today(now)) {
            Standing::Welcome | Standing::Locked => Ok(Person::new(&member, &facility)),
            Standing::NotStarted | Standing::Retired => Err(gone()),
        };
    }
    let mailbox: Mailbox = write.get(&Id::from_bytes(owner.bytes()))?.ok_or_else(gone)?;
    let facility = active(mailbox.facility)?;
    if mailbox.open { Ok(Person::mailbox(&mailbox, &facility)) } else { Err(gone()) }
}
