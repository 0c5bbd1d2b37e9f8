//! Where a keeper's pages lie.

use jiff::Timestamp;
use provisioning::directory::Directory;
use provisioning::members::Member;
use serde::Serialize;
use store::Id;

use super::{Keeper, SeenBy};
use crate::kit::frame::Nav;
use crate::kit::japanese;
use crate::kit::member::{Manager, OfficeMember, SignedIn};

/// Made from the proof of who asks: whoever has one may change what is kept there.
pub struct Place {
    proven: Keeper,
    /// `/me`, `/facility` or `/office`.
    pub base: &'static str,
    pub nav: Nav,
}

impl Place {
    pub const fn keeper(&self) -> Keeper {
        self.proven
    }

    pub fn own(asked: &SignedIn) -> Self {
        Self { proven: Keeper::Own(asked.id()), base: "/me", nav: Nav::Me }
    }

    pub fn facility(asked: &Manager) -> Self {
        let keeper = Keeper::Facility(asked.facility().id);
        Self { proven: keeper, base: "/facility", nav: Nav::Facility }
    }

    pub const fn network(_: &OfficeMember) -> Self {
        Self { proven: Keeper::Network, base: "/office", nav: Nav::Office }
    }
}

/// One choice of who sees it, for a form.
#[derive(Clone, Serialize)]
pub struct SightChoice {
    key: &'static str,
    chosen: bool,
}

pub fn sight_words(keeper: Keeper, chosen: SeenBy) -> Vec<SightChoice> {
    let choice = |one: &SeenBy| SightChoice { key: one.key(), chosen: *one == chosen };
    keeper.sights().iter().map(choice).collect()
}

/// Who changed it in between, and when: what was typed is still there to be saved over it.
#[derive(Clone, Serialize)]
pub struct Meanwhile {
    who: String,
    when: String,
}

pub fn changed_meanwhile(
    directory: &Directory,
    by: Id<Member>,
    at: Timestamp,
    now: Timestamp,
) -> Meanwhile {
    let who = directory.member(by).map(|entry| entry.member.details.name.full());
    Meanwhile { who: who.unwrap_or_default(), when: japanese::short(at, now) }
}
