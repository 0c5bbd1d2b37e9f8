//! The folders that a member may look into: the own ones, and those of the mailboxes.

use std::sync::Arc;

use provisioning::directory::MailboxEntry;
use store::{Id, StoreError};

use super::model::Owner;
use crate::kit::app::App;
use crate::kit::member::SignedIn;

pub struct Boxes {
    pub own: Id<Owner>,
    pub mailboxes: Vec<Arc<MailboxEntry>>,
}

impl Boxes {
    pub fn of(app: &App, asked: &SignedIn) -> Result<Self, StoreError> {
        let mailboxes = app.directory()?.mailboxes_of(asked.id());
        Ok(Self { own: Owner::member(asked.id()), mailboxes })
    }

    /// All of them, the own first.
    pub fn owners(&self) -> Vec<Id<Owner>> {
        let shared = self.mailboxes.iter().map(|one| Owner::mailbox(one.mailbox.id));
        std::iter::once(self.own).chain(shared).collect()
    }

    /// The one that an address or a form names; all of them where it names none, and `None` where
    /// it is not this member's.
    pub fn choose(&self, named: &str) -> Option<Vec<Id<Owner>>> {
        if named.is_empty() {
            return Some(self.owners());
        }
        let named: Id<Owner> = named.parse().ok()?;
        self.owners().contains(&named).then(|| vec![named])
    }

    /// The one that an address names, or one's own.
    pub fn one(&self, named: &str) -> Option<Id<Owner>> {
        if named.is_empty() { Some(self.own) } else { self.choose(named)?.into_iter().next() }
    }

    pub fn mailbox(&self, owner: Id<Owner>) -> Option<&Arc<MailboxEntry>> {
        self.mailboxes.iter().find(|one| Owner::mailbox(one.mailbox.id) == owner)
    }
}
