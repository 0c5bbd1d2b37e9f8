//! The pages on which groups are kept: the same for a member, a manager and the office.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use store::{Act, Id, StoreError};

use super::tables::{self, GroupProblem};
use super::view::{PersonInGroup, people, pick};
use super::{Group, GroupDetails, GroupPick, picks};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, redirect_saying};
use crate::kit::member::{Manager, OfficeMember, SignedIn};
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::mail::drafts::{FoundView, found_people};
use crate::mail::keepers::{
    Meanwhile, Onlooker, Place, SeenBy, SightChoice, changed_meanwhile, sight_words,
};

#[derive(Serialize)]
struct ListPage {
    base: &'static str,
    keeper: &'static str,
    groups: Vec<GroupPick>,
    /// What others keep and one may use, on one's own page.
    shared: Vec<GroupPick>,
    name: String,
    error: Option<&'static str>,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "mail/groups/list.html";
}

#[derive(Serialize)]
struct GroupPage {
    base: &'static str,
    keeper: &'static str,
    group: GroupView,
    q: String,
    found: Vec<FoundView>,
    more: bool,
    error: Option<&'static str>,
    meanwhile: Option<Meanwhile>,
}

impl Page for GroupPage {
    const TEMPLATE: &'static str = "mail/groups/group.html";
}

#[derive(Serialize)]
struct GroupView {
    id: Id<Group>,
    version: u64,
    /// As it is kept, for headings.
    kept_name: String,
    name: String,
    sights: Vec<SightChoice>,
    people: Vec<PersonInGroup>,
    left: usize,
}

#[derive(Default, Deserialize)]
pub struct Words {
    #[serde(default)]
    q: String,
}

macro_rules! doors {
    ($proof:ty, $place:path, $show:ident, $post:ident, $show_one:ident, $post_one:ident) => {
        pub async fn $show(
            asked: $proof,
            frame: Frame,
            State(app): State<App>,
        ) -> Result<Response, Failure> {
            show_list(&app, &asked, frame, &$place(&asked), None)
        }

        pub async fn $post(
            asked: $proof,
            frame: Frame,
            State(app): State<App>,
            fields: Fields,
        ) -> Result<Response, Failure> {
            found(&app, &asked, frame, &$place(&asked), &fields).await
        }

        pub async fn $show_one(
            Path(id): Path<Id<Group>>,
            asked: $proof,
            frame: Frame,
            Query(words): Query<Words>,
            State(app): State<App>,
        ) -> Result<Response, Failure> {
            let place = $place(&asked);
            let group = read_one(&app, &asked, &place, id)?;
            show_one(&app, &asked, frame, &place, Shown::of(group, &words.q))
        }

        pub async fn $post_one(
            Path(id): Path<Id<Group>>,
            asked: $proof,
            frame: Frame,
            State(app): State<App>,
            fields: Fields,
        ) -> Result<Response, Failure> {
            change(&app, &asked, frame, &$place(&asked), id, &fields).await
        }
    };
}

doors!(SignedIn, Place::own, show_own, post_own, show_own_one, post_own_one);
doors!(
    Manager,
    Place::facility,
    show_facility,
    post_facility,
    show_facility_one,
    post_facility_one
);
doors!(
    OfficeMember,
    Place::network,
    show_network,
    post_network,
    show_network_one,
    post_network_one
);

fn show_list(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    place: &Place,
    wrong: Option<(String, &'static str)>,
) -> Result<Response, Failure> {
    let onlooker = Onlooker::of(asked.member());
    let (own, seen) = app.store.glance(asked.act("group.list"), |view| {
        let own = tables::of_keeper(view, place.keeper())?;
        Ok::<_, StoreError>((own, tables::in_sight(view, &onlooker)?))
    })?;
    let directory = app.directory()?;
    let (name, error) = wrong.map_or((String::new(), None), |(name, why)| (name, Some(why)));
    let others = seen.iter().filter(|group| group.keeper != place.keeper() && place.base == "/me");
    let page = ListPage {
        base: place.base,
        keeper: place.keeper().key(),
        groups: picks(&own, &directory, asked),
        shared: others.map(|group| pick(group, &directory, asked)).collect(),
        name,
        error,
    };
    frame.show(place.nav, "宛先グループ", &page)
}

async fn found(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    place: &Place,
    fields: &Fields,
) -> Result<Response, Failure> {
    let name = fields.text("name").to_owned();
    let people = fields.all("person").filter_map(|one| one.parse().ok()).collect();
    let details = GroupDetails { name: name.clone(), people, seen_by: SeenBy::Circle };
    let (clock, keeper, by) = (app.store.clock().clone(), place.keeper(), asked.id());
    let act = asked.act("group.found");
    let made = app.store.write(act, move |write| tables::found(write, &clock, keeper, details, by));
    match made.await {
        Ok(group) => {
            let to = format!("{}/groups/{}", place.base, group.id);
            Ok(redirect_saying(&to, "宛先グループを作りました。入れる人を選んでください"))
        }
        Err(problem) => {
            let why = say(problem)?;
            let page = show_list(app, asked, frame, place, Some((name, why)))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

fn read_one(app: &App, asked: &SignedIn, place: &Place, id: Id<Group>) -> Result<Group, Failure> {
    let act = asked.act("group.read").on("group", id);
    let found = app.store.glance(act, |view| tables::one(view, place.keeper(), id));
    found.map_err(|problem| match problem {
        GroupProblem::Store(error) => error.into(),
        GroupProblem::Unknown
        | GroupProblem::Name
        | GroupProblem::NameTaken
        | GroupProblem::TooManyPeople
        | GroupProblem::Nobody
        | GroupProblem::TooMany
        | GroupProblem::ChangedMeanwhile { .. } => Failure::NotFound,
    })
}

/// A group as the form shows it: as kept, or as typed where it could not be kept.
struct Shown {
    group: Group,
    typed: GroupDetails,
    q: String,
    error: Option<&'static str>,
    meanwhile: Option<Meanwhile>,
}

impl Shown {
    fn of(group: Group, q: &str) -> Self {
        let Group { name, people, seen_by, .. } = group.clone();
        let typed = GroupDetails { name, people, seen_by };
        Self { group, typed, q: q.to_owned(), error: None, meanwhile: None }
    }
}

fn show_one(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    place: &Place,
    shown: Shown,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let Shown { group, typed, q, error, meanwhile } = shown;
    let people = people(&typed.people, &directory, app.today());
    let stars = app.store.read(|read| crate::mail::people::favourites(read, asked.id()))?;
    let (found, more) = found_people(app, &directory, None, &typed.people, &stars, &q);
    let page = GroupPage {
        base: place.base,
        keeper: place.keeper().key(),
        group: GroupView {
            id: group.id,
            version: group.version,
            kept_name: group.name,
            name: typed.name,
            sights: sight_words(place.keeper(), typed.seen_by),
            left: people.iter().filter(|one| one.left).count(),
            people,
        },
        q,
        found,
        more,
        error,
        meanwhile,
    };
    frame.show(place.nav, page.group.kept_name.clone(), &page)
}

fn read_details(fields: &Fields) -> GroupDetails {
    let remove = fields.text("remove");
    let mut people = Vec::new();
    for one in fields.all("person").filter(|one| *one != remove).chain(fields.all("add")) {
        if let Ok(one) = one.parse()
            && !people.contains(&one)
        {
            people.push(one);
        }
    }
    let seen_by = SeenBy::of_key(fields.text("seen_by"));
    GroupDetails { name: fields.text("name").to_owned(), people, seen_by }
}

/// Every step of the form keeps what was typed, whatever else it does.
async fn change(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    place: &Place,
    id: Id<Group>,
    fields: &Fields,
) -> Result<Response, Failure> {
    let act = |action| -> Act { asked.act(action).on("group", id) };
    let (keeper, by, now) = (place.keeper(), asked.id(), asked.now());
    if fields.text("step") == "delete" {
        let gone =
            app.store.write(act("group.remove"), move |write| tables::remove(write, keeper, id));
        gone.await.map_err(|problem| {
            say(problem).map_or_else(|failure| failure, |_| Failure::NotFound)
        })?;
        let to = format!("{}/groups", place.base);
        return Ok(redirect_saying(&to, "宛先グループを削除しました"));
    }
    let version = number(fields.text("version")).unwrap_or_default();
    let (typed, q) = (read_details(fields), fields.text("q").to_owned());
    let details = typed.clone();
    let saved = app.store.write(act("group.change"), move |write| {
        tables::change(write, keeper, id, version, details, by, now)
    });
    let shown = match saved.await {
        Ok(group) if fields.text("step") == "search" => Shown::of(group, &q),
        Ok(_) => {
            let to = format!("{}/groups/{id}", place.base);
            return Ok(redirect_saying(&to, "宛先グループを保存しました"));
        }
        Err(problem) => {
            let group = read_one(app, asked, place, id)?;
            refused(app, asked, problem, Shown { typed, ..Shown::of(group, &q) })?
        }
    };
    let status = if shown.error.is_some() || shown.meanwhile.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, show_one(app, asked, frame, place, shown)?).into_response())
}

/// The form carries the newest version from here on: who saves again knows what is overwritten.
fn refused(
    app: &App,
    asked: &SignedIn,
    problem: GroupProblem,
    shown: Shown,
) -> Result<Shown, Failure> {
    if let GroupProblem::ChangedMeanwhile { by, at, version } = problem {
        let directory = app.directory()?;
        let meanwhile = Some(changed_meanwhile(&directory, by, at, asked.now()));
        return Ok(Shown { group: Group { version, ..shown.group }, meanwhile, ..shown });
    }
    Ok(Shown { error: Some(say(problem)?), ..shown })
}

fn say(problem: GroupProblem) -> Result<&'static str, Failure> {
    match problem {
        GroupProblem::Unknown | GroupProblem::ChangedMeanwhile { .. } => Err(Failure::NotFound),
        GroupProblem::Store(error) => Err(error.into()),
        GroupProblem::Name => Ok("グループの名前を40文字以内で入力してください"),
        GroupProblem::NameTaken => {
            Ok("同じ名前のグループがすでにあります。ほかの名前にしてください")
        }
        GroupProblem::TooManyPeople => {
            Ok("1つのグループに入れられるのは100人までです。グループを分けてください")
        }
        GroupProblem::Nobody => Ok("登録のない人が含まれています。もう一度選んでください"),
        GroupProblem::TooMany => {
            Ok("グループは50個までです。使わなくなったグループを削除してください")
        }
    }
}
