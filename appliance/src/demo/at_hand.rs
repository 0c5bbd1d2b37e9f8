//! What the people of the fictional network have at hand: groups, set phrases and stars.

use anyhow::Context as _;
use provisioning::members::Member;
use serde::Deserialize;
use store::{Act, Actor, Id};
use webui::kit::app::App;
use webui::mail::groups::{self, GroupDetails};
use webui::mail::keepers::{Keeper, SeenBy};
use webui::mail::people::set_favourite;
use webui::mail::phrases::{self, PhraseDetails};

use super::fill::Cast;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AtHand {
    group: Vec<GroupData>,
    phrase: Vec<PhraseData>,
    star: Vec<StarData>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupData {
    keeper: String,
    name: String,
    #[serde(default)]
    seen_by: String,
    people: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseData {
    keeper: String,
    category: String,
    title: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StarData {
    member: String,
    people: Vec<String>,
}

pub async fn fill(app: &App, cast: &Cast) -> anyhow::Result<()> {
    let data: AtHand = toml::from_str(include_str!("at_hand.toml"))
        .context("what the demo network has at hand is wrong")?;
    let act = || Act::new(Actor::System, "demo.at_hand", app.now());
    for one in data.group {
        let (keeper, by) = keeper(cast, &one.keeper)?;
        let people: anyhow::Result<Vec<_>> =
            one.people.iter().map(|key| Ok(cast.person(key)?.owner)).collect();
        let seen_by = SeenBy::of_key(&one.seen_by);
        let details = GroupDetails { name: one.name, people: people?, seen_by };
        let clock = app.store.clock().clone();
        app.store
            .write(act(), move |write| groups::found(write, &clock, keeper, details, by))
            .await?;
    }
    for one in data.phrase {
        let (keeper, by) = keeper(cast, &one.keeper)?;
        let (title, category, text) = (one.title, one.category, one.text.trim().to_owned());
        let details = PhraseDetails { title, category, text, seen_by: SeenBy::Circle };
        let clock = app.store.clock().clone();
        app.store
            .write(act(), move |write| phrases::found(write, &clock, keeper, details, by))
            .await?;
    }
    for one in data.star {
        let member = cast.member(&one.member)?.id;
        for key in &one.people {
            let owner = cast.person(key)?.owner;
            app.store.write(act(), move |write| set_favourite(write, member, owner, true)).await?;
        }
    }
    Ok(())
}

/// Whose it is, and who wrote it down.
fn keeper(cast: &Cast, key: &str) -> anyhow::Result<(Keeper, Id<Member>)> {
    let office = cast.member("oda-tomoko")?.id;
    if key == "network" {
        return Ok((Keeper::Network, office));
    }
    if let Ok(member) = cast.member(key) {
        return Ok((Keeper::Own(member.id), member.id));
    }
    Ok((Keeper::Facility(cast.facility(key)?), office))
}
