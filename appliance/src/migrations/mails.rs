//! Mails go to mailboxes too, belong to conversations, and carry marks of their readers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::{Migration, MigrationWrite, StoreError, decode, encode};

pub const MAILS: Migration = Migration { name: "mails have owners and conversations", run };

type Key = [u8; 16];

#[derive(Deserialize)]
struct PersonBefore {
    member: Key,
    facility: Key,
    name: String,
    job: Choice,
    facility_name: String,
}

#[derive(Serialize)]
struct PersonAfter {
    owner: Key,
    facility: Key,
    name: String,
    job: Option<Choice>,
    facility_name: String,
}

/// An enum without contents is its number, whatever its variants are called.
type Choice = u32;

#[derive(Serialize, Deserialize)]
struct File {
    n: u16,
    name: String,
    media_type: String,
    bytes: u64,
    blob: [u8; 32],
    thumbnail: Option<[u8; 32]>,
}

#[derive(Deserialize)]
struct MailBefore {
    id: Key,
    sender: PersonBefore,
    recipients: Vec<PersonBefore>,
    subject: String,
    body: String,
    importance: Choice,
    files: Vec<File>,
    sent_at: i64,
    answers: Option<Key>,
}

#[derive(Serialize)]
struct MailAfter {
    id: Key,
    sender: PersonAfter,
    via: Option<PersonAfter>,
    recipients: Vec<RecipientAfter>,
    subject: String,
    body: String,
    importance: Choice,
    answer: Choice,
    files: Vec<File>,
    sent_at: i64,
    answers: Option<Key>,
    thread: Key,
}

#[derive(Serialize)]
struct RecipientAfter {
    person: PersonAfter,
    note: Choice,
}

#[derive(Serialize)]
struct ThreadPart {
    thread: Key,
    mail: Key,
}

#[derive(Deserialize)]
struct EntryBefore {
    owner: Key,
    folder: Choice,
    at: i64,
    mail: Key,
    who: PersonBefore,
    more: u16,
    subject: String,
    importance: Choice,
    files: u8,
    state: State,
}

#[derive(Serialize)]
struct EntryAfter {
    owner: Key,
    folder: Choice,
    at: i64,
    mail: Key,
    who: PersonAfter,
    more: u16,
    subject: String,
    importance: Choice,
    answer: Choice,
    files: u8,
    state: State,
    marks: Marks,
}

#[derive(Serialize, Deserialize)]
enum State {
    Unopened,
    Opened,
    Sent { opened: u16, recipients: u16 },
}

#[derive(Serialize)]
struct Marks {
    starred: bool,
    answered: bool,
    reminded: bool,
    charge: Option<()>,
    wakes_at: Option<i64>,
    binned_at: Option<i64>,
}

#[derive(Serialize)]
struct Binned {
    at: i64,
    owner: Key,
    mail: Key,
}

#[derive(Deserialize)]
struct ReceiptBefore {
    mail: Key,
    member: Key,
    opened_at: Option<i64>,
    answered_at: Option<i64>,
}

#[derive(Serialize)]
struct ReceiptAfter {
    mail: Key,
    owner: Key,
    opened: Option<Mark>,
    answered: Option<Mark>,
    taken: Option<Mark>,
    done: Option<Mark>,
    reminded_at: Option<i64>,
    withdrawn_at: Option<i64>,
    told_at: Option<i64>,
}

#[derive(Serialize)]
struct Mark {
    by: Key,
    at: i64,
}

const MAIL_ROWS: &str = "mails";
const ENTRY_ROWS: &str = "mail_entries";
const RECEIPT_ROWS: &str = "mail_receipts";
const THREAD_ROWS: &str = "mail_threads";
const BINNED_ROWS: &str = "mail_binned";
const BIN: Choice = 2;

fn run(write: &mut MigrationWrite<'_>) -> Result<(), StoreError> {
    let newest = mails(write)?;
    entries(write, newest)?;
    for (key, value) in write.rows(RECEIPT_ROWS)? {
        let before: ReceiptBefore = decode(RECEIPT_ROWS, 1, &value)?;
        let mark = |at: Option<i64>| at.map(|at| Mark { by: before.member, at });
        let after = ReceiptAfter {
            mail: before.mail,
            owner: before.member,
            opened: mark(before.opened_at),
            answered: mark(before.answered_at),
            taken: None,
            done: None,
            reminded_at: None,
            withdrawn_at: None,
            told_at: None,
        };
        write.put(RECEIPT_ROWS, key, encode(RECEIPT_ROWS, 2, &after)?);
    }
    Ok(())
}

/// Answers when the newest was sent.
fn mails(write: &mut MigrationWrite<'_>) -> Result<i64, StoreError> {
    let mut newest = 0;
    let mut threads: BTreeMap<Key, Key> = BTreeMap::new();
    // Keys are in the order of time, so what is answered comes before its answer.
    for (key, value) in write.rows(MAIL_ROWS)? {
        let before: MailBefore = decode(MAIL_ROWS, 1, &value)?;
        newest = newest.max(before.sent_at);
        let answered = before.answers.and_then(|answered| threads.get(&answered).copied());
        let thread = answered.unwrap_or(before.id);
        threads.insert(before.id, thread);
        if thread != before.id {
            let part = ThreadPart { thread, mail: before.id };
            let place = [thread, before.id].concat();
            write.put(THREAD_ROWS, place, encode(THREAD_ROWS, 1, &part)?);
        }
        let recipients = before.recipients.into_iter();
        let after = MailAfter {
            id: before.id,
            sender: person(before.sender),
            via: None,
            recipients: recipients
                .map(|one| RecipientAfter { person: person(one), note: 0 })
                .collect(),
            subject: before.subject,
            body: before.body,
            importance: before.importance,
            answer: 0,
            files: before.files,
            sent_at: before.sent_at,
            answers: before.answers,
            thread,
        };
        write.put(MAIL_ROWS, key, encode(MAIL_ROWS, 2, &after)?);
    }
    Ok(newest)
}

/// Nobody noted when a mail was thrown away: the bin's time begins with the newest mail.
fn entries(write: &mut MigrationWrite<'_>, newest: i64) -> Result<(), StoreError> {
    for (key, value) in write.rows(ENTRY_ROWS)? {
        let before: EntryBefore = decode(ENTRY_ROWS, 1, &value)?;
        let binned_at = (before.folder == BIN).then_some(newest);
        if let Some(at) = binned_at {
            let binned = Binned { at, owner: before.owner, mail: before.mail };
            let place = [&moment(at)[..], &before.owner, &before.mail].concat();
            write.put(BINNED_ROWS, place, encode(BINNED_ROWS, 1, &binned)?);
        }
        let after = EntryAfter {
            owner: before.owner,
            folder: before.folder,
            at: before.at,
            mail: before.mail,
            who: person(before.who),
            more: before.more,
            subject: before.subject,
            importance: before.importance,
            answer: 0,
            files: before.files,
            state: before.state,
            marks: Marks {
                starred: false,
                answered: false,
                reminded: false,
                charge: None,
                wakes_at: None,
                binned_at,
            },
        };
        write.put(ENTRY_ROWS, key, encode(ENTRY_ROWS, 2, &after)?);
    }
    Ok(())
}

fn person(before: PersonBefore) -> PersonAfter {
    PersonAfter {
        owner: before.member,
        facility: before.facility,
        name: before.name,
        job: Some(before.job),
        facility_name: before.facility_name,
    }
}

/// Microseconds as keys hold them: in the order of time.
fn moment(micros: i64) -> [u8; 8] {
    (micros.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}
