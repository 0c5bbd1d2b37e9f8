//! Groups as rows. Their names may name patients, so they are read as what is said about them.

use jiff::Timestamp;
use provisioning::japanese::fold;
use provisioning::mailboxes::Mailbox;
use provisioning::members::Member;
use store::{Clock, Id, Index, Indexer, Order, Record, Sensitive, StoreError, View, Write};

use super::model::{Expanded, Group, GroupDetails};
use crate::mail::delivery;
use crate::mail::drafts::DraftProblem;
use crate::mail::keepers::{Keeper, Onlooker, SeenBy};
use crate::mail::model::Owner;

impl Record for Group {
    type Key = Id<Self>;
    const TABLE: &'static str = "recipient_groups";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[GroupByKeeper::TABLE, GroupBySight::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<GroupByKeeper>(&self.keeper.id());
        if self.seen_by == SeenBy::Everybody {
            indexer.add::<GroupBySight>(&self.seen_by.number());
        }
    }
}

impl Sensitive for Group {}

pub struct GroupByKeeper;

impl Index for GroupByKeeper {
    type Record = Group;
    type Key = Id<Keeper>;
    const TABLE: &'static str = "recipient_groups_by_keeper";
}

/// The groups that facilities share with everybody.
pub struct GroupBySight;

impl Index for GroupBySight {
    type Record = Group;
    type Key = u8;
    const TABLE: &'static str = "recipient_groups_by_sight";
}

#[derive(Debug, thiserror::Error)]
pub enum GroupProblem {
    #[error("no such group of this keeper")]
    Unknown,
    #[error("the name is empty or too long")]
    Name,
    #[error("another group of the keeper has this name")]
    NameTaken,
    #[error("more people than one letter reaches")]
    TooManyPeople,
    #[error("somebody in it does not exist")]
    Nobody,
    #[error("the keeper has as many groups as one may")]
    TooMany,
    #[error("somebody changed it in between")]
    ChangedMeanwhile { by: Id<Member>, at: Timestamp, version: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Two hundred facilities that share one each; further ones are found by their facility's staff.
const SHARED_MAX: usize = 200;

pub fn of_keeper(view: &View<'_>, keeper: Keeper) -> Result<Vec<Group>, StoreError> {
    let rows_max = Group::OF_KEEPER_MAX;
    let rows =
        view.reveal_page_by::<GroupByKeeper>(&keeper.id(), Order::Ascending, None, rows_max)?;
    Ok(rows.rows)
}

pub fn one(view: &View<'_>, keeper: Keeper, id: Id<Group>) -> Result<Group, GroupProblem> {
    let group: Option<Group> = view.reveal(&id)?;
    group.filter(|group| group.keeper == keeper).ok_or(GroupProblem::Unknown)
}

/// Every group that somebody may choose: the own first, the network's and others' last.
pub fn in_sight(view: &View<'_>, onlooker: &Onlooker) -> Result<Vec<Group>, StoreError> {
    let mut found = Vec::new();
    for keeper in onlooker.keepers() {
        found.extend(of_keeper(view, keeper)?);
    }
    let sight = SeenBy::Everybody.number();
    let shared =
        view.reveal_page_by::<GroupBySight>(&sight, Order::Ascending, None, SHARED_MAX)?.rows;
    found.extend(
        shared.into_iter().filter(|group| group.keeper != Keeper::Facility(onlooker.facility)),
    );
    found.retain(|group| onlooker.sees(group.keeper, group.seen_by));
    Ok(found)
}

pub fn found(
    write: &mut Write<'_>,
    clock: &Clock,
    keeper: Keeper,
    details: GroupDetails,
    by: Id<Member>,
) -> Result<Group, GroupProblem> {
    let others = siblings(write, keeper)?;
    if others.len() >= Group::OF_KEEPER_MAX {
        return Err(GroupProblem::TooMany);
    }
    check(write, &details, &others)?;
    let blank = Group {
        id: clock.id(),
        keeper,
        name: String::new(),
        people: Vec::new(),
        seen_by: SeenBy::Circle,
        version: 0,
        changed_at: clock.now(),
        changed_by: by,
    };
    let group = filled(blank, details);
    write.put(&group)?;
    Ok(group)
}

/// Over the version that its keeper saw, and over no other.
pub fn change(
    write: &mut Write<'_>,
    keeper: Keeper,
    id: Id<Group>,
    version: u64,
    details: GroupDetails,
    by: Id<Member>,
    now: Timestamp,
) -> Result<Group, GroupProblem> {
    let group = own_for_change(write, keeper, id)?;
    if group.version != version {
        let (by, at, version) = (group.changed_by, group.changed_at, group.version);
        return Err(GroupProblem::ChangedMeanwhile { by, at, version });
    }
    let mut others = siblings(write, keeper)?;
    others.retain(|other| other.id != id);
    check(write, &details, &others)?;
    let group = filled(Group { changed_at: now, changed_by: by, ..group }, details);
    write.put(&group)?;
    Ok(group)
}

pub fn remove(write: &mut Write<'_>, keeper: Keeper, id: Id<Group>) -> Result<(), GroupProblem> {
    own_for_change(write, keeper, id)?;
    Ok(write.delete::<Group>(&id)?)
}

/// A choice that the keeper does not have becomes the usual one.
fn filled(group: Group, details: GroupDetails) -> Group {
    let GroupDetails { name, people, seen_by } = details;
    let may = group.keeper.sights().contains(&seen_by);
    let seen_by = if may { seen_by } else { SeenBy::Circle };
    Group { name: name.trim().to_owned(), people, seen_by, version: group.version + 1, ..group }
}

fn own_for_change(write: &Write<'_>, keeper: Keeper, id: Id<Group>) -> Result<Group, GroupProblem> {
    let group: Option<Group> = write.get(&id)?;
    group.filter(|group| group.keeper == keeper).ok_or(GroupProblem::Unknown)
}

fn siblings(write: &Write<'_>, keeper: Keeper) -> Result<Vec<Group>, StoreError> {
    let rows_max = Group::OF_KEEPER_MAX;
    Ok(write.page_by::<GroupByKeeper>(&keeper.id(), Order::Ascending, None, rows_max)?.rows)
}

fn check(write: &Write<'_>, details: &GroupDetails, others: &[Group]) -> Result<(), GroupProblem> {
    let length = details.name.trim().chars().count();
    if length == 0 || length > Group::NAME_CHARS_MAX {
        return Err(GroupProblem::Name);
    }
    if others.iter().any(|other| fold(&other.name) == fold(details.name.trim())) {
        return Err(GroupProblem::NameTaken);
    }
    if details.people.len() > Group::PEOPLE_MAX {
        return Err(GroupProblem::TooManyPeople);
    }
    for one in &details.people {
        let exists = write.get::<Member>(&Id::from_bytes(one.bytes()))?.is_some()
            || write.get::<Mailbox>(&Id::from_bytes(one.bytes()))?.is_some();
        if !exists {
            return Err(GroupProblem::Nobody);
        }
    }
    Ok(())
}

/// The people of a group as they are at this moment, without the one who writes.
pub fn expand(
    write: &Write<'_>,
    writer: Id<Member>,
    id: Id<Group>,
    now: Timestamp,
) -> Result<Expanded, GroupProblem> {
    let group: Group = write.get(&id)?.ok_or(GroupProblem::Unknown)?;
    let writer: Member = write.get(&writer)?.ok_or(GroupProblem::Unknown)?;
    if !Onlooker::of(&writer).sees(group.keeper, group.seen_by) {
        return Err(GroupProblem::Unknown);
    }
    let mut expanded = Expanded { name: group.name, people: Vec::new(), left: Vec::new() };
    for one in group.people {
        if one == Owner::member(writer.id) {
            continue;
        }
        match delivery::person(write, one, now) {
            Ok(_) => expanded.people.push(one),
            Err(DraftProblem::Store(error)) => return Err(error.into()),
            Err(_) => expanded.left.push(one),
        }
    }
    Ok(expanded)
}
