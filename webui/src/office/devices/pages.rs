//! Devices: the list, and the last look before one is cut off.

use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use provisioning::devices::{self, Device, DeviceState};
use provisioning::directory::Directory;
use provisioning::japanese::fold;
use serde::Serialize;
use store::{Id, Read, StoreError};

use crate::kit::app::App;
use crate::kit::cutting::{Why, cut_off, say_cut, ties, users_of};
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::office::counts::{Office, office};
use crate::office::lists::Asked;
use crate::office::rows::{DeviceRow, Link, day, device_row, facility_name, member_words, seen};

const LIST: &str = "/office/devices";

#[derive(Serialize)]
struct ListPage {
    office: Office,
    list: List,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "office/devices/list.html";
}

#[derive(Serialize)]
struct List {
    q: String,
    rows: Vec<DeviceRow>,
    total: Option<usize>,
    first: Option<String>,
    next: Option<String>,
    range: Option<String>,
}

pub async fn show_devices(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, app.now());
    let (part, rows) = app.store.read(|read| {
        let found = search(devices::list(read)?, &directory, asked.q());
        let mut part = asked.part(found, LIST, &[], |device| device.id.to_string());
        let rows = part.rows.drain(..).map(|device| {
            let facility = directory.facility(device.facility).map(|one| Link::facility(one));
            device_row(read, device, facility, now)
        });
        let rows = rows.collect::<Result<_, _>>()?;
        Ok::<_, StoreError>((part, rows))
    })?;
    let list = List {
        q: asked.q().to_owned(),
        rows,
        total: Some(part.total),
        first: part.first,
        next: part.next,
        range: part.range,
    };
    frame.show(Nav::Office, "端末", &ListPage { office: office(&app)?, list })
}

/// Devices whose name or facility holds every word.
fn search(all: Vec<Device>, directory: &Directory, q: &str) -> Vec<Device> {
    let words: Vec<String> = q.split_whitespace().map(fold).collect();
    if words.is_empty() {
        return all;
    }
    let fits = |device: &Device| {
        let facility = directory.facility(device.facility).map(|facility| &facility.details);
        let place = facility.map_or_else(String::new, |details| {
            format!("{}|{}|{}", fold(&details.name), fold(&details.kana), fold(&details.short))
        });
        let line = format!("{}|{place}", fold(&device.name));
        words.iter().all(|word| line.contains(word))
    };
    all.into_iter().filter(fits).collect()
}

#[derive(Serialize)]
struct RevokePage {
    office: Office,
    device: Facts,
    revoke: Revoke,
}

impl Page for RevokePage {
    const TEMPLATE: &'static str = "office/devices/revoke.html";
}

#[derive(Serialize)]
struct Facts {
    id: Id<Device>,
    name: String,
    platform: &'static str,
    office: bool,
    facility: Link,
    member: String,
    enrolled: String,
    until: String,
    seen: Option<String>,
}

#[derive(Serialize)]
struct Revoke {
    live: usize,
    members: Vec<String>,
    here: bool,
    back: &'static str,
}

pub async fn show_revoke(
    Path(id): Path<Id<Device>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let device = app.store.read(|read| read.get::<Device>(&id))?.ok_or(Failure::NotFound)?;
    if device.state != DeviceState::Active {
        return Ok(redirect_saying(LIST, "この端末は、もう使えなくなっています"));
    }
    let (directory, now) = (app.directory()?, app.now());
    let (ties, facts) = app.store.read(|read| {
        Ok::<_, StoreError>((ties(read, id)?, facts(read, &directory, &device, now)?))
    })?;
    let words = |(name, job): (String, &str)| format!("{name} {job}");
    let users = users_of(&app, id).await?.into_iter().map(|id| words(member_words(&directory, id)));
    let revoke = Revoke {
        live: app.connections.of_ties(&ties),
        members: users.collect(),
        here: asked.device().id == id,
        back: LIST,
    };
    let page = RevokePage { office: office(&app)?, device: facts, revoke };
    frame.show(Nav::Office, "端末の失効", &page)
}

fn facts(
    read: &Read<'_>,
    directory: &Directory,
    device: &Device,
    now: Timestamp,
) -> Result<Facts, StoreError> {
    let ends_at = devices::ends_at(read, device.id)?;
    let facility = directory.facility(device.facility).map(|one| Link::facility(one));
    let unknown =
        || Link { name: facility_name(directory, device.facility), href: LIST.to_owned() };
    Ok(Facts {
        id: device.id,
        name: device.name.clone(),
        platform: device.platform.key(),
        office: device.office,
        facility: facility.unwrap_or_else(unknown),
        member: member_words(directory, device.enrolled_by).0,
        enrolled: day(device.enrolled_at),
        until: ends_at.map_or_else(String::new, day),
        seen: seen(read, device.id, now)?,
    })
}

/// Device, certificates and sessions end in one act; what is open is cut when it is durable.
pub async fn post_revoke(
    Path(id): Path<Id<Device>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (action, why) = match fields.text("why") {
        "lost" => ("device.lost", Why::Lost(None)),
        "retired" => ("device.give_up", Why::Retired),
        _ => ("device.revoke", Why::GivenUp),
    };
    let cut = cut_off(&app, asked.act(action).on("device", id), id, why).await?;
    Ok(redirect_saying(LIST, &say_cut(cut)))
}
