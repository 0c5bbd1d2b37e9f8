//! Groups as templates want them.

use jiff::civil::Date;
use provisioning::directory::Directory;
use serde::Serialize;
use store::Id;

use super::Group;
use crate::kit::member::SignedIn;
use crate::mail::drafts::owner_view;
use crate::mail::keepers::Keeper;
use crate::mail::model::Owner;
use crate::mail::views::PersonView;
use provisioning::facilities::FacilityState;

/// A group to choose, beside the search for recipients.
#[derive(Clone, Serialize)]
pub struct GroupPick {
    pub id: Id<Group>,
    pub name: String,
    pub count: usize,
    /// `own`, `facility` or `network`.
    pub keeper: &'static str,
    /// The facility's name, where another facility shares it.
    pub from: Option<String>,
    /// The first names, so that one knows which group it is.
    pub who: Vec<String>,
}

/// Names shown of a group before it says that there are others.
const NAMES_SHOWN: usize = 4;

pub fn picks(groups: &[Group], directory: &Directory, asked: &SignedIn) -> Vec<GroupPick> {
    groups.iter().map(|group| pick(group, directory, asked)).collect()
}

pub fn pick(group: &Group, directory: &Directory, asked: &SignedIn) -> GroupPick {
    let from = match group.keeper {
        Keeper::Facility(facility) if facility != asked.member().facility => {
            directory.facility(facility).map(|facility| facility.details.name.clone())
        }
        Keeper::Own(_) | Keeper::Facility(_) | Keeper::Network => None,
    };
    let names = group.people.iter().filter_map(|one| owner_view(directory, *one));
    GroupPick {
        id: group.id,
        name: group.name.clone(),
        count: group.people.len(),
        keeper: group.keeper.key(),
        from,
        who: names.take(NAMES_SHOWN).map(|one| one.name).collect(),
    }
}

/// Somebody in a group, on the page of its keeper.
#[derive(Serialize)]
pub struct PersonInGroup {
    id: Id<Owner>,
    #[serde(flatten)]
    person: PersonView,
    /// Takes no mail any more.
    pub left: bool,
}

pub fn people(people: &[Id<Owner>], directory: &Directory, today: Date) -> Vec<PersonInGroup> {
    let view = |one: &Id<Owner>| {
        let person = owner_view(directory, *one)?;
        Some(PersonInGroup { id: *one, person, left: !takes_mail(directory, *one, today) })
    };
    people.iter().filter_map(view).collect()
}

/// Whether mail can reach whoever this is on a day.
pub fn takes_mail(directory: &Directory, owner: Id<Owner>, today: Date) -> bool {
    if let Some(entry) = directory.member(Id::from_bytes(owner.bytes())) {
        return entry.takes_mail(today);
    }
    let mailbox = directory.mailbox(Id::from_bytes(owner.bytes()));
    mailbox.is_some_and(|entry| entry.mailbox.open && entry.facility.state == FacilityState::Active)
}
