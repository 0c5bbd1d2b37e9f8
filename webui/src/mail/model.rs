//! What a mail is, and what each side keeps of it.

use jiff::Timestamp;
use jiff::civil::Date;
use provisioning::directory::Entry as DirectoryEntry;
use provisioning::facilities::Facility;
use provisioning::mailboxes::Mailbox;
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

/// Whoever has folders: a member, or a facility's mailbox. Their ids come from one space, so that
/// an entry's key is the same for both.
pub struct Owner;

impl Owner {
    pub const fn member(member: Id<Member>) -> Id<Self> {
        Id::from_bytes(member.bytes())
    }

    pub const fn mailbox(mailbox: Id<Mailbox>) -> Id<Self> {
        Id::from_bytes(mailbox.bytes())
    }
}

/// A letter as it was sent; never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub id: Id<Self>,
    pub sender: Person,
    /// The mailbox in whose name the sender wrote; answers go there.
    pub via: Option<Person>,
    pub recipients: Vec<Recipient>,
    pub subject: String,
    pub body: String,
    pub importance: Importance,
    pub answer: AnswerWish,
    pub files: Vec<File>,
    #[serde(with = "store::micros")]
    pub sent_at: Timestamp,
    pub answers: Option<Id<Self>>,
    /// The first mail of the conversation; its own id where it is the first.
    pub thread: Id<Self>,
}

impl Mail {
    /// A new letter of nobody else's, to whom it concerns; what is special of it is set after.
    pub fn plain(
        id: Id<Self>,
        sender: Person,
        recipients: impl IntoIterator<Item = Person>,
        subject: String,
        body: String,
        sent_at: Timestamp,
    ) -> Self {
        Self {
            id,
            sender,
            via: None,
            recipients: recipients.into_iter().map(Person::to).collect(),
            subject,
            body,
            importance: Importance::Normal,
            answer: AnswerWish::Unsaid,
            files: Vec::new(),
            sent_at,
            answers: None,
            thread: id,
        }
    }

    /// Where an answer goes.
    pub fn answer_to(&self) -> &Person {
        self.via.as_ref().unwrap_or(&self.sender)
    }

    /// What was taken back shows that it was there, and nothing else.
    pub fn hide_withdrawn(&mut self, state: EntryState) {
        if state == EntryState::Withdrawn {
            self.subject.clear();
            self.body.clear();
            self.files.clear();
        }
    }

    pub fn recipient(&self, owner: Id<Owner>) -> Option<&Recipient> {
        self.recipients.iter().find(|one| one.person.owner == owner)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    pub person: Person,
    pub note: RecipientNote,
}

/// What was to be said of a recipient when the mail was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecipientNote {
    #[default]
    Nothing,
    /// Away until the end of this day.
    Absent {
        #[serde(with = "store::civil_date")]
        until: Date,
    },
    /// Receives it in the place of the absent member of this name.
    StandsInFor(String),
}

/// What the sender wants back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerWish {
    #[default]
    Unsaid,
    Expected,
    NotNeeded,
}

impl AnswerWish {
    pub fn of_key(key: &str) -> Self {
        match key {
            "expected" => Self::Expected,
            "not_needed" => Self::NotNeeded,
            _ => Self::Unsaid,
        }
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::Unsaid => "unsaid",
            Self::Expected => "expected",
            Self::NotNeeded => "not_needed",
        }
    }
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

/// A member or a mailbox as of the day of the letter: people move, letters don't.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub owner: Id<Owner>,
    pub facility: Id<Facility>,
    pub name: String,
    /// `None` for a mailbox.
    pub job: Option<Job>,
    pub facility_name: String,
}

impl Person {
    pub fn of(entry: &DirectoryEntry) -> Self {
        Self::new(&entry.member, &entry.facility)
    }

    pub fn new(member: &Member, facility: &Facility) -> Self {
        Self {
            owner: Owner::member(member.id),
            facility: facility.id,
            name: member.details.name.full(),
            job: Some(member.details.job),
            facility_name: facility.details.name.clone(),
        }
    }

    pub fn mailbox(mailbox: &Mailbox, facility: &Facility) -> Self {
        Self {
            owner: Owner::mailbox(mailbox.id),
            facility: facility.id,
            name: mailbox.name.clone(),
            job: None,
            facility_name: facility.details.name.clone(),
        }
    }

    pub const fn is_mailbox(&self) -> bool {
        self.job.is_none()
    }

    /// The member, unless it is a mailbox.
    pub fn member(&self) -> Option<Id<Member>> {
        self.job.map(|_| Id::from_bytes(self.owner.bytes()))
    }

    pub fn to(self) -> Recipient {
        Recipient { person: self, note: RecipientNote::Nothing }
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

/// A mail in one owner's folder: everything that the list shows, so that a page is one range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub owner: Id<Owner>,
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
    pub answer: AnswerWish,
    pub files: u8,
    pub state: EntryState,
    pub marks: Marks,
}

/// What its owner, or the sender, has done to an entry since it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    pub starred: bool,
    pub answered: bool,
    /// The sender asked for a look at it.
    pub reminded: bool,
    /// Who deals with it, in a mailbox: the name as of the day.
    pub charge: Option<Charge>,
    /// When it comes back to the inbox, in `Folder::Later`.
    #[serde(with = "store::micros::maybe")]
    pub wakes_at: Option<Timestamp>,
    /// Since when it lies in the bin.
    #[serde(with = "store::micros::maybe")]
    pub binned_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub member: Id<Member>,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Folder {
    Inbox,
    Sent,
    Bin,
    /// Out of sight until a moment that its owner chose.
    Later,
    /// Dealt with.
    Done,
}

impl Folder {
    pub const ALL: [Self; 5] = [Self::Inbox, Self::Sent, Self::Bin, Self::Later, Self::Done];

    pub const fn number(self) -> u8 {
        match self {
            Self::Inbox => 0,
            Self::Sent => 1,
            Self::Bin => 2,
            Self::Later => 3,
            Self::Done => 4,
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
    /// The sender took it back before it was opened: nobody reads it here any more.
    Withdrawn,
}

/// What became of a mail at one recipient. There is none until something did: a mail to many
/// would otherwise write a row for each of them twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub mail: Id<Mail>,
    pub owner: Id<Owner>,
    pub opened: Option<Mark>,
    pub answered: Option<Mark>,
    /// Who took it in hand, in a mailbox.
    pub taken: Option<Mark>,
    pub done: Option<Mark>,
    #[serde(with = "store::micros::maybe")]
    pub reminded_at: Option<Timestamp>,
    #[serde(with = "store::micros::maybe")]
    pub withdrawn_at: Option<Timestamp>,
    /// When the facility's second contact heard of an urgent mail that lies unopened.
    #[serde(with = "store::micros::maybe")]
    pub told_at: Option<Timestamp>,
}

/// Who did something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub by: Id<Member>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

impl Receipt {
    pub const fn unopened(mail: Id<Mail>, owner: Id<Owner>) -> Self {
        Self {
            mail,
            owner,
            opened: None,
            answered: None,
            taken: None,
            done: None,
            reminded_at: None,
            withdrawn_at: None,
            told_at: None,
        }
    }
}

/// Who keeps a blob: a draft or a mail. What nobody keeps is swept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobUse {
    pub blob: BlobName,
    pub keeper: [u8; 16],
}

/// Rows beside the entries, one for each that has the mark: nothing is written for them when a
/// mail is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Star {
    pub owner: Id<Owner>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub mail: Id<Mail>,
}

/// An entry that comes back to the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waking {
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub owner: Id<Owner>,
    pub mail: Id<Mail>,
}

/// An entry in the bin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binned {
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub owner: Id<Owner>,
    pub mail: Id<Mail>,
}

/// An answer and the conversation that it belongs to. Mails that nobody answers have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadPart {
    pub thread: Id<Mail>,
    pub mail: Id<Mail>,
}
