//! A mailbox as it is typed.

use provisioning::mailboxes::{Mailbox, MailboxDetails};
use provisioning::members::Member;
use store::Id;

use crate::kit::form::Fields;

/// What the form holds; `id` is `None` for a new one.
pub struct Typed {
    pub id: Option<Id<Mailbox>>,
    pub name: String,
    pub kana: String,
    pub members: Vec<Id<Member>>,
    pub open: bool,
}

impl Typed {
    pub fn read(fields: &Fields) -> Self {
        let id = fields.id("id");
        Self {
            id,
            name: fields.text("name").to_owned(),
            kana: fields.text("kana").to_owned(),
            members: fields.all("member").filter_map(|one| one.parse().ok()).collect(),
            open: id.is_none() || fields.has("open"),
        }
    }

    pub fn of(mailbox: Mailbox) -> Self {
        let Mailbox { id, name, kana, members, open, .. } = mailbox;
        Self { id: Some(id), name, kana, members, open }
    }

    pub fn blank() -> Self {
        let (name, kana, members) = (String::new(), String::new(), Vec::new());
        Self { id: None, name, kana, members, open: true }
    }

    /// The reading as it is kept; one that is no kana is left out, as it only helps a search.
    pub fn details(&self) -> MailboxDetails {
        MailboxDetails {
            name: self.name.clone(),
            kana: provisioning::japanese::reading(&self.kana).unwrap_or_default(),
            members: self.members.clone(),
            open: self.open,
        }
    }
}
