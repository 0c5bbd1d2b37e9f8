//! Who does what to whom: the first argument of every write.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Id;

/// One thing somebody did. The trail holds it, never the values that it wrote.
#[derive(Clone, Debug)]
pub struct Act {
    pub(crate) actor: Actor,
    pub(crate) action: &'static str,
    pub(crate) subject: Option<Subject>,
    pub(crate) at: Timestamp,
}

/// Who acts. Members and devices are known here by their ids alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    Member {
        member: [u8; 16],
        device: [u8; 16],
    },
    /// Somebody who has not signed in, at a known device or at none.
    Stranger {
        device: Option<[u8; 16]>,
    },
    /// Whoever may run commands on the box.
    Operator,
    System,
}

/// What was acted upon: the glossary's word and an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub kind: String,
    pub id: [u8; 16],
}

impl Act {
    /// Called where the actor is proven: signed-in proofs, the sign-in page, the console, timers.
    pub fn new(actor: Actor, action: &'static str, at: Timestamp) -> Self {
        Self { actor, action, subject: None, at }
    }

    #[must_use]
    pub fn on<T>(mut self, kind: &'static str, id: Id<T>) -> Self {
        self.subject = Some(Subject { kind: kind.to_owned(), id: id.bytes() });
        self
    }

    pub fn at(&self) -> Timestamp {
        self.at
    }
}
