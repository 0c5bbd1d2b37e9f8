//! The facility's page, its answers to enrolments, and the end of a lost device.

use axum::extract::State;
use axum::response::Response;
use provisioning::devices::{self, AlarmKind, Device, DeviceState, open_alarms_of, stand_ins_at};
use provisioning::directory::Directory;
use provisioning::enrolment::{self, Enrolment, Eyes, forget_replace_news, replace_news};
use serde::Serialize;
use store::{Id, Read, StoreError};

use crate::kit::answers;
use crate::kit::app::App;
use crate::kit::cutting::{Why, cut_off, say_cut, ties, users_of};
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::{Manager, SignedIn};
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::office::rows::{ApprovalRow, approval_row, day, member_words, seen, term};

const LIST: &str = "/facility";

#[derive(Serialize)]
struct FacilityPage {
    facility: Facts,
    waiting: Vec<ApprovalRow>,
    guests: Vec<GuestRow>,
    replaced: Vec<ReplacedRow>,
    devices: Vec<Row>,
}

impl Page for FacilityPage {
    const TEMPLATE: &'static str = "facility/facility.html";
}

#[derive(Serialize)]
struct Facts {
    name: String,
    active: usize,
}

/// Somebody of another facility who stands in at a device of this one.
#[derive(Serialize)]
struct GuestRow {
    member: String,
    job: &'static str,
    facility: String,
    device: String,
    until: String,
    reason: String,
}

/// Somebody began to replace a device that others enrolled.
#[derive(Serialize)]
struct ReplacedRow {
    device: Id<Device>,
    name: String,
    member: String,
    job: &'static str,
    when: String,
}

#[derive(Serialize)]
struct Row {
    id: Id<Device>,
    name: String,
    platform: &'static str,
    state: &'static str,
    member: String,
    enrolled: String,
    until: String,
    term: &'static str,
    seen: Option<String>,
    here: bool,
    alarm: bool,
}

pub async fn show_facility(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, asked.now());
    let (mut waiting, guests, replaced, devices) = app.store.read(|read| {
        let own = devices::of_facility(read, asked.facility().id)?;
        Ok::<_, StoreError>((
            enrolment::waiting_for(read, eyes(&asked), now)?,
            guests(read, &asked, &directory, &own)?,
            replaced(read, &asked, &directory)?,
            rows(read, &asked, &directory, own)?,
        ))
    })?;
    waiting.reverse();
    let facility = Facts {
        name: asked.facility().details.name.clone(),
        active: devices.iter().filter(|row| row.state == "active").count(),
    };
    let waiting = waiting.into_iter().map(|one| approval_row(one, &directory, now)).collect();
    let page = FacilityPage { facility, waiting, guests, replaced, devices };
    frame.show(Nav::Facility, "施設の管理", &page)
}

fn eyes(asked: &SignedIn) -> Eyes {
    Eyes::Facility(asked.facility().id)
}

fn guests(
    read: &Read<'_>,
    asked: &SignedIn,
    directory: &Directory,
    own: &[Device],
) -> Result<Vec<GuestRow>, StoreError> {
    let ids: Vec<_> = own.iter().map(|device| device.id).collect();
    let open = stand_ins_at(read, &ids, asked.now())?.into_iter().map(|one| {
        let (member, job) = member_words(directory, one.member);
        let entry = directory.member(one.member);
        let device = own.iter().find(|device| device.id == one.device);
        GuestRow {
            member,
            job,
            facility: entry.map_or_else(String::new, |one| one.facility.details.name.clone()),
            device: device.map_or_else(String::new, |device| device.name.clone()),
            until: japanese::short(one.until, asked.now()),
            reason: one.reason,
        }
    });
    Ok(open.collect())
}

fn replaced(
    read: &Read<'_>,
    asked: &SignedIn,
    directory: &Directory,
) -> Result<Vec<ReplacedRow>, StoreError> {
    let mut rows = Vec::new();
    for one in replace_news(read, asked.facility().id)? {
        let Some(device) = read.get::<Device>(&one.device)? else { continue };
        let (member, job) = member_words(directory, one.by);
        let when = japanese::short(one.at, asked.now());
        rows.push(ReplacedRow { device: one.device, name: device.name, member, job, when });
    }
    Ok(rows)
}

/// Those in use first, the newest in front.
fn rows(
    read: &Read<'_>,
    asked: &SignedIn,
    directory: &Directory,
    mut own: Vec<Device>,
) -> Result<Vec<Row>, StoreError> {
    own.sort_by_key(|device| device.state != DeviceState::Active);
    own.into_iter().map(|device| row(read, asked, directory, device)).collect()
}

fn row(
    read: &Read<'_>,
    asked: &SignedIn,
    directory: &Directory,
    device: Device,
) -> Result<Row, StoreError> {
    let ends_at = devices::ends_at(read, device.id)?;
    Ok(Row {
        id: device.id,
        platform: device.platform.key(),
        state: match device.state {
            DeviceState::Active => "active",
            DeviceState::Revoked { .. } => "revoked",
            DeviceState::Retired { .. } => "retired",
        },
        member: member_words(directory, device.enrolled_by).0,
        enrolled: day(device.enrolled_at),
        until: ends_at.map_or_else(String::new, day),
        term: ends_at.map_or("over", |ends_at| term(ends_at, asked.now())),
        seen: seen(read, device.id, asked.now())?,
        here: device.id == asked.device().id,
        alarm: !open_alarms_of(read, device.id)?.is_empty(),
        name: device.name,
    })
}

pub async fn post_approve(
    Path(id): Path<Id<Enrolment>>,
    asked: Manager,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let said =
        answers::approve(&app, &asked, id, Some(eyes(&asked)), fields.text("digits")).await?;
    Ok(redirect_saying(LIST, said))
}

pub async fn post_refuse(
    Path(id): Path<Id<Enrolment>>,
    asked: Manager,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    Ok(redirect_saying(LIST, answers::refuse(&app, &asked, id, Some(eyes(&asked))).await?))
}

#[derive(Serialize)]
struct LostPage {
    lost: Lost,
}

impl Page for LostPage {
    const TEMPLATE: &'static str = "facility/lost.html";
}

#[derive(Serialize)]
struct Lost {
    device: Id<Device>,
    name: String,
    platform: &'static str,
    member: String,
    enrolled: String,
    seen: Option<String>,
    live: usize,
    members: Vec<String>,
}

pub async fn show_lost(
    Path(id): Path<Id<Device>>,
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let device = own_device(&app, &asked, id)?;
    if device.state != DeviceState::Active {
        return Ok(redirect_saying(LIST, "この端末は、もう使えなくなっています"));
    }
    let directory = app.directory()?;
    let (ties, seen) = app
        .store
        .read(|read| Ok::<_, StoreError>((ties(read, id)?, seen(read, id, asked.now())?)))?;
    let words = |(name, job): (String, &str)| format!("{name} {job}");
    let users = users_of(&app, id).await?.into_iter();
    let lost = Lost {
        device: id,
        platform: device.platform.key(),
        member: member_words(&directory, device.enrolled_by).0,
        enrolled: day(device.enrolled_at),
        seen,
        live: app.connections.of_ties(&ties),
        members: users.map(|user| words(member_words(&directory, user))).collect(),
        name: device.name,
    };
    frame.show(Nav::Facility, "端末の紛失", &LostPage { lost })
}

/// One of this facility, and not the one in hand.
fn own_device(app: &App, asked: &Manager, id: Id<Device>) -> Result<Device, Failure> {
    let device = app.store.read(|read| read.get::<Device>(&id))?.ok_or(Failure::NotFound)?;
    let own = device.facility == asked.facility().id && device.id != asked.device().id;
    if own { Ok(device) } else { Err(Failure::NotFound) }
}

pub async fn post_noted(
    Path(id): Path<Id<Device>>,
    asked: Manager,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let facility = asked.facility().id;
    let act = asked.act("device.replace_read").on("device", id);
    let noted =
        app.store.write(act, move |write| match forget_replace_news(write, facility, id)? {
            0 => Err(Failure::NotFound),
            _ => Ok(()),
        });
    noted.await?;
    Ok(redirect_saying(LIST, "確認しました"))
}

pub async fn post_lost(
    Path(id): Path<Id<Device>>,
    asked: Manager,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    own_device(&app, &asked, id)?;
    let why = Why::Lost(Some(AlarmKind::Lost { by: asked.id() }));
    let cut = cut_off(&app, asked.act("device.lost").on("device", id), id, why).await?;
    Ok(redirect_saying(LIST, &say_cut(cut)))
}
