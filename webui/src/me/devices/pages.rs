//! The own devices, the code for another one, and the answers to what happened in one's name.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use provisioning::cards::{Approval, Shown, Wanted};
use provisioning::devices::{
    self, AlarmKind, Device, DeviceNews, DeviceState, NewsKind, Reminder, Told, forget_news,
    forget_reminder, news_of, reminders_of,
};
use provisioning::enrolment::{self, Enrolment, Eyes, ReplaceNews};
use provisioning::renewal::{days_left, is_due};
use serde::Serialize;
use store::{Id, Read, StoreError};

use crate::kit::answers;
use crate::kit::app::App;
use crate::kit::code::{CodeView, code_view, make_code, purpose_of, touroku_host};
use crate::kit::cutting::{Why, cut_off, say_cut, ties};
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::login::{Ask, fresh_or_ask};
use crate::office::rows::{ApprovalRow, approval_row, day, seen, term};

const LIST: &str = "/me/devices";

#[derive(Serialize)]
struct DevicesPage {
    waiting: Vec<ApprovalRow>,
    news: Vec<NewsRow>,
    reminders: Vec<ReminderRow>,
    devices: Vec<OwnRow>,
}

impl Page for DevicesPage {
    const TEMPLATE: &'static str = "me/devices/list.html";
}

#[derive(Serialize)]
struct NewsRow {
    device: Id<Device>,
    name: String,
    platform: &'static str,
    when: String,
    /// The name of the device that it replaced.
    replaced: Option<String>,
    active: bool,
    here: bool,
}

/// Another device's certificate that ends soon.
#[derive(Serialize)]
struct ReminderRow {
    device: Id<Device>,
    name: String,
    platform: &'static str,
    days: i64,
    until: String,
    managed: bool,
}

#[derive(Serialize)]
struct OwnRow {
    id: Id<Device>,
    name: String,
    platform: &'static str,
    state: &'static str,
    enrolled: String,
    until: String,
    term: &'static str,
    seen: Option<String>,
    here: bool,
    mine: bool,
    renewable: bool,
}

pub async fn show_devices(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, asked.now());
    let (mut waiting, news, reminders, devices) = app.store.read(|read| {
        Ok::<_, StoreError>((
            enrolment::waiting_for(read, eyes(&asked), now)?,
            news_rows(read, &asked)?,
            reminder_rows(read, &asked)?,
            own_rows(read, &asked)?,
        ))
    })?;
    waiting.reverse();
    let waiting = waiting.into_iter().map(|one| approval_row(one, &directory, now)).collect();
    frame.show(Nav::Me, "自分の端末", &DevicesPage { waiting, news, reminders, devices })
}

fn eyes(asked: &SignedIn) -> Eyes {
    Eyes::OwnDevice { member: asked.id(), device: asked.device().id }
}

fn news_rows(read: &Read<'_>, asked: &SignedIn) -> Result<Vec<NewsRow>, StoreError> {
    let mut rows = Vec::new();
    for one in news_of(read, asked.id(), asked.device().id, asked.now())? {
        let Some(device) = read.get::<Device>(&one.device)? else { continue };
        rows.push(NewsRow {
            device: device.id,
            platform: device.platform.key(),
            when: japanese::short(one.at, asked.now()),
            replaced: replaced_name(read, &one)?,
            active: device.state == DeviceState::Active,
            here: device.id == asked.device().id,
            name: device.name,
        });
    }
    Ok(rows)
}

fn reminder_rows(read: &Read<'_>, asked: &SignedIn) -> Result<Vec<ReminderRow>, StoreError> {
    let mut rows = Vec::new();
    for Reminder { device, ends_at, told, .. } in reminders_of(read, asked.id(), asked.now())? {
        let Some(device) = read.get::<Device>(&device)? else { continue };
        // The one in hand has its own banner.
        if device.id != asked.device().id {
            rows.push(ReminderRow {
                device: device.id,
                platform: device.platform.key(),
                days: days_left(ends_at, asked.now()),
                until: day(ends_at),
                managed: told == Told::Manager,
                name: device.name,
            });
        }
    }
    Ok(rows)
}

fn replaced_name(read: &Read<'_>, one: &DeviceNews) -> Result<Option<String>, StoreError> {
    match one.kind {
        NewsKind::Enrolled => Ok(None),
        NewsKind::Replaced(old) => Ok(read.get::<Device>(&old)?.map(|old| old.name)),
    }
}

/// The one in hand first, then those that the member's own cards and codes brought.
fn own_rows(read: &Read<'_>, asked: &SignedIn) -> Result<Vec<OwnRow>, StoreError> {
    let here = asked.device().id;
    let mut found = devices::of_facility(read, asked.member().facility)?;
    found.retain(|device| device.id == here || device.enrolled_by == asked.id());
    found.sort_by_key(|device| (device.id != here, device.state != DeviceState::Active));
    found.into_iter().map(|device| own_row(read, asked, device)).collect()
}

fn own_row(read: &Read<'_>, asked: &SignedIn, device: Device) -> Result<OwnRow, StoreError> {
    let ends_at = devices::ends_at(read, device.id)?;
    let here = device.id == asked.device().id;
    let is_near = asked.admitted().not_after().is_some_and(|end| is_due(end, asked.now()));
    Ok(OwnRow {
        renewable: here && asked.guest_until().is_none() && is_near,
        id: device.id,
        platform: device.platform.key(),
        state: match device.state {
            DeviceState::Active => "active",
            DeviceState::Revoked { .. } => "revoked",
            DeviceState::Retired { .. } => "retired",
        },
        enrolled: day(device.enrolled_at),
        until: ends_at.map_or_else(String::new, day),
        term: ends_at.map_or("over", |ends_at| term(ends_at, asked.now())),
        seen: seen(read, device.id, asked.now())?,
        here,
        mine: device.enrolled_by == asked.id(),
        name: device.name,
    })
}

#[derive(Serialize)]
struct CodePage {
    code: CodeView,
    waiting: Vec<ApprovalRow>,
}

impl Page for CodePage {
    const TEMPLATE: &'static str = "me/devices/code.html";
}

/// The code is on the answer to the act that made it, and nowhere else.
pub async fn post_code(
    asked: SignedIn,
    frame: Frame,
    uri: Uri,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let purpose = purpose_of(fields.text("for")).ok_or(Failure::StaleForm)?;
    let here = asked.device();
    let old = match purpose.replaces() {
        Some(old) => Some(own_device(&app, &asked, old)?),
        None => None,
    };
    // A device that others enrolled is theirs, too: its managers are told.
    let shared = old.filter(|old| old.enrolled_by != asked.id());
    let ask = Ask {
        nav: Nav::Me,
        title: "本人の確認",
        device: shared.as_ref().map(|old| old.name.clone()),
        action: "/me/devices/code".to_owned(),
        fields: ["for", "once"].map(|name| (name, fields.text(name).to_owned())).into(),
        back: LIST.to_owned(),
    };
    let frame = match fresh_or_ask(&app, &asked, frame, fields.text("password"), ask).await? {
        Ok(frame) => frame,
        Err(answer) => return Ok(answer),
    };
    let news = shared.filter(|_| !asked.manages()).map(|old| ReplaceNews {
        facility: old.facility,
        device: old.id,
        by: asked.id(),
        at: asked.now(),
    });
    let wanted = Wanted {
        member: asked.id(),
        purpose,
        shown: Shown::OwnDevice(here.id),
        approval: Approval::Needed,
        issued_by: Some(asked.id()),
    };
    let act = asked.act("code.show").on("member", asked.id());
    let made = make_code(&app, act, fields.text("once"), wanted, news, LIST.to_owned()).await?;
    let host = touroku_host(&app, &uri, &headers);
    let code = code_view(&host, &made, asked.now()).ok_or(Failure::StaleForm)?;
    frame.show(Nav::Me, "登録コード", &CodePage { code, waiting: Vec::new() })
}

/// The device in hand, or one of the own ones; others' do not exist here.
fn own_device(app: &App, asked: &SignedIn, id: Id<Device>) -> Result<Device, Failure> {
    let device = app.store.read(|read| read.get::<Device>(&id))?.ok_or(Failure::NotFound)?;
    let own = device.enrolled_by == asked.id() || device.id == asked.device().id;
    let in_place = device.facility == asked.member().facility;
    if own && in_place { Ok(device) } else { Err(Failure::NotFound) }
}

pub async fn post_approve(
    Path(id): Path<Id<Enrolment>>,
    asked: SignedIn,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let said =
        answers::approve(&app, &asked, id, Some(eyes(&asked)), fields.text("digits")).await?;
    Ok(redirect_saying(LIST, said))
}

pub async fn post_refuse(
    Path(id): Path<Id<Enrolment>>,
    asked: SignedIn,
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
    const TEMPLATE: &'static str = "me/devices/lost.html";
}

#[derive(Serialize)]
struct Lost {
    device: Id<Device>,
    name: String,
    platform: &'static str,
    enrolled: String,
    seen: Option<String>,
    live: usize,
}

pub async fn show_lost(
    Path(id): Path<Id<Device>>,
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let device = other_device(&app, &asked, id)?;
    if device.state != DeviceState::Active {
        return Ok(redirect_saying(LIST, "この端末は、もう使えなくなっています"));
    }
    let (ties, seen) = app
        .store
        .read(|read| Ok::<_, StoreError>((ties(read, id)?, seen(read, id, asked.now())?)))?;
    let lost = Lost {
        device: id,
        platform: device.platform.key(),
        enrolled: day(device.enrolled_at),
        seen,
        live: app.connections.of_ties(&ties),
        name: device.name,
    };
    frame.show(Nav::Me, "端末をなくした", &LostPage { lost })
}

/// Nobody loses the device in hand, and nobody cuts the branch one sits on.
fn other_device(app: &App, asked: &SignedIn, id: Id<Device>) -> Result<Device, Failure> {
    let device = own_device(app, asked, id)?;
    let other = device.id != asked.device().id && device.enrolled_by == asked.id();
    if other { Ok(device) } else { Err(Failure::NotFound) }
}

pub async fn post_lost(
    Path(id): Path<Id<Device>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    other_device(&app, &asked, id)?;
    let why = Why::Lost(Some(AlarmKind::Lost { by: asked.id() }));
    let cut = cut_off(&app, asked.act("device.lost").on("device", id), id, why).await?;
    Ok(redirect_saying(LIST, &say_cut(cut)))
}

/// 「わたしが登録しました」
pub async fn post_known(
    Path(id): Path<Id<Device>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (member, here, now) = (asked.id(), asked.device().id, app.now());
    let act = asked.act("device.known").on("device", id);
    let forgotten =
        app.store.write(act, move |write| match forget_news(write, member, id, here, now)? {
            true => Ok(()),
            false => Err(Failure::NotFound),
        });
    forgotten.await?;
    Ok(redirect_saying(LIST, "確認しました"))
}

/// The reminder is read; the next stage comes anyway.
pub async fn post_reminded(
    Path(id): Path<Id<Device>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let member = asked.id();
    let act = asked.act("device.reminder_read").on("device", id);
    let read = app.store.write(act, move |write| match forget_reminder(write, member, id)? {
        true => Ok(()),
        false => Err(Failure::NotFound),
    });
    read.await?;
    Ok(redirect_saying(LIST, "お知らせを閉じました"))
}

/// 「心当たりがない」: somebody enrolled a device in this member's name.
pub async fn post_unknown(
    Path(id): Path<Id<Device>>,
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let member = asked.id();
    let device = app.store.read(|read| read.get::<Device>(&id))?.ok_or(Failure::NotFound)?;
    if device.enrolled_by != member {
        return Err(Failure::NotFound);
    }
    let why = Why::Lost(Some(AlarmKind::Denied { by: member }));
    let cut = cut_off(&app, asked.act("device.unknown").on("device", id), id, why).await?;
    let words = format!("{}。事務室にも知らせました", say_cut(cut));
    Ok(redirect_saying(LIST, &words))
}
