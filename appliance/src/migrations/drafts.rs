//! Drafts wait in an outbox, and are written in a mailbox's name.

use serde::{Deserialize, Serialize};
use store::{Migration, MigrationWrite, StoreError, decode, encode};

pub const DRAFTS: Migration = Migration { name: "drafts wait in an outbox", run };

type Key = [u8; 16];

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

#[derive(Serialize, Deserialize)]
enum Kind {
    New,
    Reply(Key),
    Forward(Key),
}

#[derive(Deserialize)]
struct Before {
    id: Key,
    owner: Key,
    version: u64,
    kind: Kind,
    recipients: Vec<Key>,
    subject: String,
    body: String,
    importance: Choice,
    files: Vec<File>,
    next_file: u16,
    saved_at: i64,
    discarded: bool,
}

#[derive(Serialize)]
struct After {
    id: Key,
    owner: Key,
    version: u64,
    kind: Kind,
    via: Option<Key>,
    recipients: Vec<Key>,
    subject: String,
    body: String,
    importance: Choice,
    answer: Choice,
    files: Vec<File>,
    next_file: u16,
    saved_at: i64,
    /// Writing or thrown away: the numbers of what was true or false, so the index stays.
    state: Choice,
}

const ROWS: &str = "drafts";

fn run(write: &mut MigrationWrite<'_>) -> Result<(), StoreError> {
    for (key, value) in write.rows(ROWS)? {
        let before: Before = decode(ROWS, 1, &value)?;
        let after = After {
            id: before.id,
            owner: before.owner,
            version: before.version,
            kind: before.kind,
            via: None,
            recipients: before.recipients,
            subject: before.subject,
            body: before.body,
            importance: before.importance,
            answer: 0,
            files: before.files,
            next_file: before.next_file,
            saved_at: before.saved_at,
            state: u32::from(before.discarded),
        };
        write.put(ROWS, key, encode(ROWS, 2, &after)?);
    }
    Ok(())
}
