//! Granting a day at another device, and taking it back.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use provisioning::devices::{
    self, Device, DeviceState, StandIn, StandInProblem, end_stand_in, grant_stand_in,
    open_stand_ins,
};
use provisioning::directory::{Directory, Entry};
use provisioning::japanese::fold;
use provisioning::members::Member;
use serde::Serialize;
use store::{Id, Read, StoreError};

use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::kit::session;
use crate::login::local_path;
use crate::office::counts::{Office, office};
use crate::office::lists::Asked;
use crate::office::rows::{facility_name, issuable, member_href, member_words, seen};

/// More devices than one look takes in are found by typing on.
const DEVICES_SHOWN: usize = 20;

/// A sentence that a successor understands.
const REASON_CHARS_MAX: usize = 100;

#[derive(Serialize)]
struct GrantPage {
    office: Office,
    member: Whose,
    grant: Grant,
}

impl Page for GrantPage {
    const TEMPLATE: &'static str = "office/stand_ins/grant.html";
}

#[derive(Serialize)]
struct Whose {
    id: Id<Member>,
    name: String,
    job: &'static str,
    facility: String,
    href: String,
}

#[derive(Serialize)]
struct Grant {
    q: String,
    found: Vec<Found>,
    chosen: String,
    reason: String,
    errors: Errors,
    open: Vec<StandInRow>,
}

#[derive(Default, Serialize)]
struct Errors {
    device: Option<&'static str>,
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Found {
    id: Id<Device>,
    name: String,
    platform: &'static str,
    facility: String,
    seen: Option<String>,
}

/// A stand-in that is going on.
#[derive(Serialize)]
pub struct StandInRow {
    id: Id<StandIn>,
    member: String,
    member_href: String,
    device: String,
    facility: String,
    until: String,
    by: String,
    reason: String,
}

pub fn stand_in_rows(
    read: &Read<'_>,
    directory: &Directory,
    of: Option<Id<Member>>,
    now: Timestamp,
) -> Result<Vec<StandInRow>, StoreError> {
    let mut rows = Vec::new();
    for one in open_stand_ins(read, now)? {
        if of.is_some_and(|member| member != one.member) {
            continue;
        }
        let Some(device) = read.get::<Device>(&one.device)? else { continue };
        rows.push(StandInRow {
            id: one.id,
            member: member_words(directory, one.member).0,
            member_href: member_href(one.member),
            device: device.name,
            facility: facility_name(directory, device.facility),
            until: japanese::short(one.until, now),
            by: member_words(directory, one.granted_by).0,
            reason: one.reason,
        });
    }
    Ok(rows)
}

pub async fn show_grant(
    Path(id): Path<Id<Member>>,
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let typed = Typed { q: asked.q().to_owned(), ..Typed::default() };
    show(&app, frame, id, typed, Errors::default())
}

#[derive(Default)]
struct Typed {
    q: String,
    device: String,
    reason: String,
}

fn show(
    app: &App,
    frame: Frame,
    id: Id<Member>,
    typed: Typed,
    errors: Errors,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, app.now());
    let entry = directory.member(id).ok_or(Failure::NotFound)?;
    let (found, open) = app.store.read(|read| {
        Ok::<_, StoreError>((
            found(read, &directory, entry, &typed, now)?,
            stand_in_rows(read, &directory, Some(id), now)?,
        ))
    })?;
    let member = Whose {
        id,
        name: entry.member.details.name.full(),
        job: japanese::job(entry.member.details.job),
        facility: entry.facility.details.name.clone(),
        href: member_href(id),
    };
    let (q, chosen, reason) = (typed.q, typed.device, typed.reason);
    let grant = Grant { q, found, chosen, reason, errors, open };
    let page = GrantPage { office: office(app)?, member, grant };
    frame.show(Nav::Office, "代わりの端末", &page)
}

/// Devices of other facilities whose name or place holds every word; none without a word.
fn found(
    read: &Read<'_>,
    directory: &Directory,
    entry: &Entry,
    typed: &Typed,
    now: Timestamp,
) -> Result<Vec<Found>, StoreError> {
    let words: Vec<String> = typed.q.split_whitespace().map(fold).collect();
    let fits = |device: &Device| {
        let place = directory.facility(device.facility).map(|facility| &facility.details);
        let place = place.map_or_else(String::new, |details| {
            format!("{}|{}|{}", fold(&details.name), fold(&details.kana), fold(&details.short))
        });
        let line = format!("{}|{place}", fold(&device.name));
        let named = !words.is_empty() && words.iter().all(|word| line.contains(word));
        named || device.id.to_string() == typed.device
    };
    let mut rows = Vec::new();
    for device in devices::list(read)? {
        let open = device.state == DeviceState::Active && !device.office;
        let elsewhere = device.facility != entry.member.facility;
        if open && elsewhere && fits(&device) && rows.len() < DEVICES_SHOWN {
            rows.push(Found {
                id: device.id,
                platform: device.platform.key(),
                facility: facility_name(directory, device.facility),
                seen: seen(read, device.id, now)?,
                name: device.name,
            });
        }
    }
    Ok(rows)
}

pub async fn post_grant(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let entry = directory.member(id).ok_or(Failure::NotFound)?;
    if !issuable(asked.member(), &entry.facility, &entry.member, asked.now()) {
        return Err(not_now(
            id,
            "利用を終えたか止めている職員・施設か、管理者だけが扱う職員です。",
        ));
    }
    let (device, reason) = (fields.id::<Device>("device"), fields.text("reason").to_owned());
    let errors = Errors {
        device: device.is_none().then_some("使う端末を選んでください"),
        reason: (reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX)
            .then_some("理由を100文字以内で入力してください。例：iPadの故障、修理中"),
    };
    let (Some(device), None) = (device, errors.reason) else {
        let typed = Typed {
            q: fields.text("q").to_owned(),
            device: fields.text("device").to_owned(),
            reason,
        };
        let page = show(&app, frame, id, typed, errors)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let (clock, by) = (app.store.clock().clone(), asked.id());
    let act = asked.act("stand_in.grant").on("member", id);
    let granted =
        app.store.write(act, move |write| grant_stand_in(write, &clock, id, device, reason, by));
    match granted.await {
        Ok(_) => {
            Ok(redirect_saying(&member_href(id), "24時間、代わりの端末を使えるようにしました"))
        }
        Err(StandInProblem::Unknown) => Err(Failure::NotFound),
        Err(StandInProblem::NotActive) => Err(not_now(id, "その端末は、もう使われていません。")),
        Err(StandInProblem::OfficeDevice) => {
            Err(not_now(id, "事務室の端末は、代わりに使うことができません。"))
        }
        Err(StandInProblem::OwnFacility) => {
            Err(not_now(id, "自分の施設の端末は、そのままログインして使えます。"))
        }
        Err(StandInProblem::Store(error)) => Err(error.into()),
    }
}

fn not_now(id: Id<Member>, why: &str) -> Failure {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "許可できませんでした",
        why: why.to_owned(),
        next: "職員のページで状態を確かめるか、ほかの端末を選んでください。",
        link: Some((member_href(id), "職員のページへ戻る")),
    }
    .into()
}

/// What was opened by it ends in the same act.
pub async fn post_end(
    Path(id): Path<Id<StandIn>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let now = app.now();
    let act = asked.act("stand_in.end").on("stand_in", id);
    let ended = app.store.write(act, move |write| {
        let ended = end_stand_in(write, id, now)?;
        session::end_of_member_at(write, ended.member, ended.device)?;
        Ok::<_, StandInProblem>(())
    });
    ended.await.map_err(|problem| match problem {
        StandInProblem::Store(error) => Failure::from(error),
        StandInProblem::Unknown
        | StandInProblem::NotActive
        | StandInProblem::OfficeDevice
        | StandInProblem::OwnFacility => Failure::NotFound,
    })?;
    let back = local_path(fields.text("back"));
    let back = if back.starts_with("/office") { back } else { "/office" };
    Ok(redirect_saying(back, "代わりの端末の利用を終えました"))
}
