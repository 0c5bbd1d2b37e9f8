//! What a draft is, and what has to be there before it is sent.

use jiff::Timestamp;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::mail::model::{
    BODY_CHARS_MAX, File, Importance, Mail, RECIPIENTS_MAX, SUBJECT_CHARS_MAX,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub id: Id<Self>,
    pub owner: Id<Member>,
    /// Rises with every save of the text, so that two windows do not overwrite each other.
    pub version: u64,
    pub kind: DraftKind,
    pub recipients: Vec<Id<Member>>,
    pub subject: String,
    pub body: String,
    pub importance: Importance,
    pub files: Vec<File>,
    pub next_file: u16,
    #[serde(with = "store::micros")]
    pub saved_at: Timestamp,
    /// Thrown away, and shown in the bin until it is taken up again.
    pub discarded: bool,
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

/// Adds or takes away a recipient, keeping the order of choice.
pub fn changed_recipients(
    mut recipients: Vec<Id<Member>>,
    add: Option<Id<Member>>,
    remove: Option<Id<Member>>,
) -> Result<Vec<Id<Member>>, TooLong> {
    if let Some(remove) = remove {
        recipients.retain(|one| *one != remove);
    }
    if let Some(add) = add
        && !recipients.contains(&add)
    {
        if recipients.len() >= RECIPIENTS_MAX {
            return Err(TooLong::Recipients);
        }
        recipients.push(add);
    }
    Ok(recipients)
}
