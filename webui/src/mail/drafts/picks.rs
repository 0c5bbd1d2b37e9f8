//! Whom a draft may be sent to: those found by a search, and before it those close at hand.

use std::sync::Arc;

use provisioning::directory::{Directory, Entry as DirectoryEntry, MailboxEntry};
use serde::Serialize;
use store::Id;

use super::model::Draft;
use super::views::{mailbox, owner_view, person};
use crate::kit::app::App;
use crate::mail::groups::{GroupPick, takes_mail};
use crate::mail::model::Owner;
use crate::mail::views::PersonView;

/// More would not be read; the next letter narrows it.
const FOUND_MAX: usize = 20;

/// Two lines of the page each.
const FAVOURITES_SHOWN: usize = 12;
const RECENT_SHOWN: usize = 6;

#[derive(Serialize)]
pub struct SearchView {
    pub q: String,
    pub done: bool,
    pub results: Vec<FoundView>,
    pub more: bool,
    pub picks: Picks,
}

/// What stands under an empty search field.
#[derive(Default, Serialize)]
pub struct Picks {
    pub favourites: Vec<FoundView>,
    pub recent: Vec<FoundView>,
    pub groups: Vec<GroupPick>,
    /// Unfolded: nobody is chosen yet.
    pub open: bool,
}

#[derive(Serialize)]
pub struct FoundView {
    pub id: Id<Owner>,
    #[serde(flatten)]
    pub person: PersonView,
    pub kana: String,
    pub chosen: bool,
    pub starred: bool,
}

/// What is known of the member who writes.
#[derive(Default)]
pub struct AtHand {
    pub stars: Vec<Id<Owner>>,
    pub recent: Vec<Id<Owner>>,
    pub groups: Vec<GroupPick>,
}

pub fn search(
    app: &App,
    directory: &Directory,
    draft: &Draft,
    at_hand: AtHand,
    q: &str,
) -> SearchView {
    let own = Owner::member(draft.owner);
    let (results, more) =
        found_people(app, directory, Some(own), &draft.recipients, &at_hand.stars, q);
    let done = !q.trim().is_empty();
    let picks = if done { Picks::default() } else { picks(app, directory, draft, at_hand) };
    SearchView { q: q.to_owned(), done, results, more, picks }
}

/// Members and mailboxes whose words hold all that was typed, without `except`.
pub fn found_people(
    app: &App,
    directory: &Directory,
    except: Option<Id<Owner>>,
    chosen: &[Id<Owner>],
    stars: &[Id<Owner>],
    q: &str,
) -> (Vec<FoundView>, bool) {
    let mut found = directory.search(q, app.today(), FOUND_MAX + 1);
    found.retain(|entry| Some(Owner::member(entry.member.id)) != except);
    let boxes = directory.search_mailboxes(q, FOUND_MAX);
    let more = boxes.len() + found.len() > FOUND_MAX;
    let view = |id: Id<Owner>, person: PersonView, kana: String| FoundView {
        chosen: chosen.contains(&id),
        starred: stars.contains(&id),
        id,
        person,
        kana,
    };
    let box_view = |entry: &Arc<MailboxEntry>| {
        let id = Owner::mailbox(entry.mailbox.id);
        view(id, mailbox(entry), entry.mailbox.kana.clone())
    };
    let member_view = |entry: &Arc<DirectoryEntry>| {
        let id = Owner::member(entry.member.id);
        view(id, person(entry), entry.member.details.name.kana())
    };
    let mut results: Vec<_> =
        boxes.iter().map(box_view).chain(found.iter().map(member_view)).collect();
    // Whoever has a star is meant more often than the others.
    results.sort_by_key(|one| !one.starred);
    results.truncate(FOUND_MAX);
    (results, more)
}

/// Whoever cannot receive is not offered, and nobody is offered twice.
fn picks(app: &App, directory: &Directory, draft: &Draft, at_hand: AtHand) -> Picks {
    let AtHand { stars, recent, groups } = at_hand;
    let today = app.today();
    let offered = |owner: &&Id<Owner>| {
        takes_mail(directory, **owner, today)
            && !draft.recipients.contains(owner)
            && **owner != Owner::member(draft.owner)
    };
    let view = |owner: &Id<Owner>| {
        let person = owner_view(directory, *owner)?;
        let starred = stars.contains(owner);
        Some(FoundView { id: *owner, person, kana: String::new(), chosen: false, starred })
    };
    let mut favourites: Vec<_> = stars.iter().filter(offered).filter_map(view).collect();
    favourites.sort_by(|one, other| {
        (&one.person.facility, &one.person.name).cmp(&(&other.person.facility, &other.person.name))
    });
    favourites.truncate(FAVOURITES_SHOWN);
    let others = recent.iter().filter(offered).filter(|owner| !stars.contains(owner));
    Picks {
        favourites,
        recent: others.filter_map(view).take(RECENT_SHOWN).collect(),
        groups: groups.into_iter().filter(|group| group.count > 0).collect(),
        open: draft.recipients.is_empty(),
    }
}
