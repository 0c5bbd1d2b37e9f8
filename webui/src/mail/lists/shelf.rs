//! The bar above every list: which shelves a box has, and how much waits on each.

use serde::Serialize;
use store::{Id, StoreError, View};

use super::pages::{box_name, name};
use crate::kit::live::Unread;
use crate::kit::member::SignedIn;
use crate::kit::waiting;
use crate::mail::boxes::Boxes;
use crate::mail::drafts::{self, DraftState};
use crate::mail::model::{Folder, Owner};

/// What a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    Inbox,
    Starred,
    Later,
    Done,
    Sent,
    Outbox,
    Drafts,
    Bin,
}

impl Shelf {
    const OWN: [Self; 8] = [
        Self::Inbox,
        Self::Sent,
        Self::Drafts,
        Self::Bin,
        Self::Starred,
        Self::Later,
        Self::Done,
        Self::Outbox,
    ];

    /// Drafts are somebody's own, so a shared mailbox has none.
    const SHARED: [Self; 6] =
        [Self::Inbox, Self::Done, Self::Sent, Self::Bin, Self::Starred, Self::Later];

    pub const fn of_folder(folder: Folder) -> Self {
        match folder {
            Folder::Inbox => Self::Inbox,
            Folder::Sent => Self::Sent,
            Folder::Bin => Self::Bin,
            Folder::Later => Self::Later,
            Folder::Done => Self::Done,
        }
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Starred => "starred",
            Self::Later => "later",
            Self::Done => "done",
            Self::Sent => "sent",
            Self::Outbox => "outbox",
            Self::Drafts => "drafts",
            Self::Bin => "bin",
        }
    }

    fn href(self, shared: Option<Id<Owner>>) -> String {
        let named = shared.map_or_else(String::new, |shared| format!("?box={shared}"));
        format!("/mail/{}{named}", self.key())
    }
}

#[derive(Clone, Serialize)]
pub struct ShelfView {
    pub key: &'static str,
    pub name: &'static str,
    pub href: String,
    count: i64,
    /// Something new waits there.
    fresh: bool,
    /// Looked into now and then: shown smaller.
    side: bool,
}

/// One's own box or a shared one, to choose from.
#[derive(Clone, Serialize)]
pub struct BoxView {
    name: String,
    href: String,
    unread: i64,
    /// Nobody has taken these in hand; in a mailbox.
    waiting: i64,
    current: bool,
}

/// Everything above a list.
pub struct Bar {
    pub boxes: Vec<BoxView>,
    pub shelves: Vec<ShelfView>,
    pub current: ShelfView,
    /// The mailbox, where it is not one's own box.
    pub shared: Option<Id<Owner>>,
}

impl Bar {
    pub fn of(
        view: &View<'_>,
        asked: &SignedIn,
        boxes: &Boxes,
        owner: Id<Owner>,
        shelf: Shelf,
    ) -> Result<Self, StoreError> {
        let shared = (owner != boxes.own).then_some(owner);
        let unread = |owner: Id<Owner>| view.counter::<Unread>(&Id::from_bytes(owner.bytes()));
        let drafts_in = |state: u8| {
            let found = drafts::of_owner(view, asked.id(), state)?;
            Ok::<_, StoreError>(i64::try_from(found.len()).unwrap_or(i64::MAX))
        };
        let all: &[Shelf] = if shared.is_some() { &Shelf::SHARED } else { &Shelf::OWN };
        let mut shelves = Vec::with_capacity(all.len());
        for (place, one) in all.iter().enumerate() {
            let count = match one {
                Shelf::Inbox => unread(owner)?,
                Shelf::Drafts => {
                    drafts_in(DraftState::Writing.number())? + drafts_in(DraftState::STOPPED)?
                }
                Shelf::Outbox => drafts_in(DraftState::OUTGOING)?,
                Shelf::Starred | Shelf::Later | Shelf::Done | Shelf::Sent | Shelf::Bin => 0,
            };
            let (key, fresh) = (one.key(), *one == Shelf::Inbox);
            let (name, href, side) = (name(*one), one.href(shared), place >= 4);
            shelves.push(ShelfView { key, name, href, count, fresh, side });
        }
        let current = shelves.iter().find(|one| one.key == shelf.key()).cloned();
        let current = current.unwrap_or_else(|| ShelfView {
            key: shelf.key(),
            name: name(shelf),
            href: shelf.href(shared),
            count: 0,
            fresh: false,
            side: false,
        });
        let mut found = Vec::new();
        if !boxes.mailboxes.is_empty() {
            for one in boxes.owners() {
                let is_own = one == boxes.own;
                let mailbox = Id::from_bytes(one.bytes());
                found.push(BoxView {
                    waiting: if is_own { 0 } else { waiting::count(view, mailbox)? },
                    name: box_name(boxes, one),
                    href: Shelf::Inbox.href((!is_own).then_some(one)),
                    unread: unread(one)?,
                    current: one == owner,
                });
            }
        }
        Ok(Self { boxes: found, shelves, current, shared })
    }
}
