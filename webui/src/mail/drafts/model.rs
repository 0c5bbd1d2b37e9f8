//! What a draft is, and what has to be there before it is sent.

use jiff::Timestamp;
use provisioning::mailboxes::Mailbox;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::mail::groups::Group;
use crate::mail::model::{
    AnswerWish, BODY_CHARS_MAX, File, Importance, Mail, Owner, RECIPIENTS_MAX, SUBJECT_CHARS_MAX,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub id: Id<Self>,
    pub owner: Id<Member>,
    /// Rises with every save of the text, so that two windows do not overwrite each other.
    pub version: u64,
    pub kind: DraftKind,
    /// The mailbox in whose name it will be sent.
    pub via: Option<Id<Mailbox>>,
    pub recipients: Vec<Id<Owner>>,
    pub subject: String,
    pub body: String,
    pub importance: Importance,
    pub answer: AnswerWish,
    pub files: Vec<File>,
    pub next_file: u16,
    #[serde(with = "store::micros")]
    pub saved_at: Timestamp,
    pub state: DraftState,
}

/// Where a draft stands. The outbox is the drafts that are on their way: taking one back leaves
/// nothing to tidy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DraftState {
    Writing,
    /// Thrown away, and shown in the bin until it is taken up again.
    Discarded,
    /// Leaves at this moment, unless it is taken back before.
    Outgoing {
        #[serde(with = "store::micros")]
        leaves_at: Timestamp,
        /// Its writer chose the moment; else it only waits for second thoughts.
        chosen: bool,
    },
    /// Could not leave: somebody takes no mail any more.
    Stopped {
        gone: Id<Owner>,
    },
}

impl DraftState {
    /// The numbers of the states that carry something, for asking after them.
    pub const OUTGOING: u8 = 2;
    pub const STOPPED: u8 = 3;

    pub const fn number(self) -> u8 {
        match self {
            Self::Writing => 0,
            Self::Discarded => 1,
            Self::Outgoing { .. } => Self::OUTGOING,
            Self::Stopped { .. } => Self::STOPPED,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DraftKind {
    New,
    Reply(Id<Mail>),
    Forward(Id<Mail>),
}

impl DraftKind {
    pub const fn source(self) -> Option<Id<Mail>> {
        match self {
            Self::New => None,
            Self::Reply(mail) | Self::Forward(mail) => Some(mail),
        }
    }
}

/// What the form holds beside recipients and files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub subject: String,
    pub body: String,
    pub importance: Importance,
    pub answer: AnswerWish,
}

/// A group that was chosen for a draft: its name stands on the last look, and whoever of it takes
/// no mail any more is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftGroup {
    pub draft: Id<Draft>,
    pub group: Id<Group>,
    /// As it was called when it was chosen.
    pub name: String,
    pub people: Vec<Id<Owner>>,
    pub left: Vec<Id<Owner>>,
}

/// In whose name a form wants to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sender {
    /// The form does not say.
    #[default]
    AsItIs,
    Own,
    Mailbox(Id<Mailbox>),
}

/// What keeps a draft from being sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub recipients: bool,
    pub subject: bool,
    pub body: bool,
}

impl Missing {
    pub const fn nothing(&self) -> bool {
        !self.recipients && !self.subject && !self.body
    }
}

/// What is too long to be kept, even as a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLong {
    Subject,
    Body,
    Recipients,
}

impl Draft {
    pub const fn blank(id: Id<Self>, owner: Id<Member>, now: Timestamp) -> Self {
        Self {
            id,
            owner,
            version: 1,
            kind: DraftKind::New,
            via: None,
            recipients: Vec::new(),
            subject: String::new(),
            body: String::new(),
            importance: Importance::Normal,
            answer: AnswerWish::Unsaid,
            files: Vec::new(),
            next_file: 0,
            saved_at: now,
            state: DraftState::Writing,
        }
    }

    pub fn missing(&self) -> Missing {
        Missing {
            recipients: self.recipients.is_empty(),
            subject: self.subject.trim().is_empty(),
            body: self.body.trim().is_empty() && self.files.is_empty(),
        }
    }

    pub fn is_blank(&self) -> bool {
        self.recipients.is_empty()
            && self.files.is_empty()
            && self.subject.trim().is_empty()
            && self.body.trim().is_empty()
    }
}

impl Text {
    pub fn too_long(&self) -> Option<TooLong> {
        if self.subject.chars().count() > SUBJECT_CHARS_MAX {
            Some(TooLong::Subject)
        } else if self.body.chars().count() > BODY_CHARS_MAX {
            Some(TooLong::Body)
        } else {
            None
        }
    }
}

/// Adds or takes away recipients, keeping the order of choice.
pub fn changed_recipients(
    mut recipients: Vec<Id<Owner>>,
    add: Vec<Id<Owner>>,
    remove: Option<Id<Owner>>,
) -> Result<Vec<Id<Owner>>, TooLong> {
    if let Some(remove) = remove {
        recipients.retain(|one| *one != remove);
    }
    for one in add {
        if !recipients.contains(&one) {
            recipients.push(one);
        }
    }
    if recipients.len() > RECIPIENTS_MAX { Err(TooLong::Recipients) } else { Ok(recipients) }
}
