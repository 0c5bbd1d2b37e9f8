//! What a mail is, and what each side keeps of it.

use jiff::Timestamp;
use provisioning::directory::Entry as DirectoryEntry;
use provisioning::facilities::Facility;
use provisioning::members::{Job, Member};
use serde::{Deserialize, Serialize};
use store::{BlobName, Id};

/// Bounded by the store's 64 KiB a value: the body's 30 KiB, people's 20 and files' 4 fit in.
pub const BODY_CHARS_MAX: usize = 10_000;

/// One line on every screen.
pub const SUBJECT_CHARS_MAX: usize = 100;

/// A ward round with everybody around one patient is twenty; a notice to all is a board's work.
pub const RECIPIENTS_MAX: usize = 100;

/// A wound from all sides and a film.
pub const FILES_MAX: usize = 20;

/// The leaflet's movies: some minutes from a tablet.
pub const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

pub const FILE_NAME_CHARS_MAX: usize = 120;

/// A letter as it was sent; never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub id: Id<Self>,
    pub sender: Person,
    pub recipients: Vec<Person>,
    pub subject: String,
    pub body: String,
    pub importance: Importance,
    pub files: Vec<File>,
    #[serde(with = "store::micros")]
    pub sent_at: Timestamp,
    pub answers: Option<Id<Self>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Importance {
    #[default]
    Normal,
    Important,
    Urgent,
}

impl Importance {
    pub fn of_key(key: &str) -> Self {
        match key {
            "urgent" => Self::Urgent,
            "important" => Self::Important,
            _ => Self::Normal,
        }
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Important => "important",
            Self::Urgent => "urgent",
        }
    }
}

/// A member as of the day of the letter: people move, letters don't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub member: Id<Member>,
    pub facility: Id<Facility>,
    pub name: String,
    pub job: Job,
    pub facility_name: String,
}

impl Person {
    pub fn of(entry: &DirectoryEntry) -> Self {
        Self::new(&entry.member, &entry.facility)
    }

    pub fn new(member: &Member, facility: &Facility) -> Self {
        Self {
            member: member.id,
            facility: facility.id,
            name: member.details.name.full(),
            job: member.details.job,
            facility_name: facility.details.name.clone(),
        }
    }
}

/// An attachment; its bytes are blobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Stays the same when others are taken away.
    pub n: u16,
    pub name: String,
    pub media_type: String,
    pub bytes: u64,
    pub blob: BlobName,
    pub thumbnail: Option<BlobName>,
}

/// A mail in one member's folder: everything that the list shows, so that a page is one range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub owner: Id<Member>,
    pub folder: Folder,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub mail: Id<Mail>,
    /// The sender; in one's own letters the first recipient.
    pub who: Person,
    /// How many recipients there are beside the first, in one's own letters.
    pub more: u16,
    pub subject: String,
    pub importance: Importance,
    pub files: u8,
    pub state: EntryState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Folder {
    Inbox,
    Sent,
    Bin,
}

impl Folder {
    pub const fn number(self) -> u8 {
        match self {
            Self::Inbox => 0,
            Self::Sent => 1,
            Self::Bin => 2,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryState {
    /// Received.
    Unopened,
    Opened,
    /// Sent: how many of the recipients have opened it.
    Sent {
        opened: u16,
        recipients: u16,
    },
}

/// What became of a mail at one recipient. There is none until it is opened: a mail to many
/// would otherwise write a row for each of them twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub mail: Id<Mail>,
    pub member: Id<Member>,
    #[serde(with = "store::micros::maybe")]
    pub opened_at: Option<Timestamp>,
    #[serde(with = "store::micros::maybe")]
    pub answered_at: Option<Timestamp>,
}

impl Receipt {
    pub const fn unopened(mail: Id<Mail>, member: Id<Member>) -> Self {
        Self { mail, member, opened_at: None, answered_at: None }
    }
}

/// Who keeps a blob: a draft or a mail. What nobody keeps is swept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobUse {
    pub blob: BlobName,
    pub keeper: [u8; 16],
}
