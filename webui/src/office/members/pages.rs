//! Members: the list, and one of them with cards and devices.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use provisioning::cards::{self, Card, CardState, Purpose, Shown, Terms};
use provisioning::credentials::{Attempts, Credential, CredentialState};
use provisioning::devices;
use provisioning::directory::{Directory, Entry};
use provisioning::enrolment::{self, Enrolment};
use provisioning::members::{self, Member, MemberProblem};
use serde::Serialize;
use store::{Id, Read, StoreError};

use super::form::{Refused, RolesProblem};
use super::may_act_on;
use crate::kit::app::App;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::kit::session;
use crate::login::{account_key, is_login, local_path, second_key};
use crate::office::counts::{Office, office};
use crate::office::lists::Asked;
use crate::office::passkeys::{KeyFacts, key_facts};
use crate::office::rows::{
    CardChip, DeviceRow, card_chip, card_state, day, device_row, facility_href, issuable,
    member_href, member_words, standing,
};
use crate::office::say;
use crate::office::stand_ins::{StandInRow, stand_in_rows};

#[derive(Serialize)]
struct ListPage {
    office: Office,
    list: List,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "office/members/list.html";
}

#[derive(Serialize)]
struct List {
    q: String,
    rows: Vec<Row>,
    total: Option<usize>,
    first: Option<String>,
    next: Option<String>,
    range: Option<String>,
}

#[derive(Serialize)]
struct Row {
    href: String,
    name: String,
    kana: String,
    user_id: String,
    job: &'static str,
    roles: Vec<&'static str>,
    facility: String,
    facility_href: String,
    standing: &'static str,
    card: Option<CardChip>,
}

pub async fn show_members(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let found = app.directory()?.registered(asked.q());
    let part = asked.part(found, "/office/members", &[], |entry| entry.member.id.to_string());
    let rows = app.store.read(|read| {
        part.rows.iter().map(|entry| row(read, entry, app.now())).collect::<Result<_, _>>()
    });
    let list = List {
        q: asked.q().to_owned(),
        rows: rows.map_err(|error: StoreError| Failure::from(error))?,
        total: Some(part.total),
        first: part.first,
        next: part.next,
        range: part.range,
    };
    frame.show(Nav::Office, "職員", &ListPage { office: office(&app)?, list })
}

fn row(read: &Read<'_>, entry: &Entry, now: Timestamp) -> Result<Row, StoreError> {
    let (member, details) = (&entry.member, &entry.member.details);
    Ok(Row {
        href: member_href(member.id),
        name: details.name.full(),
        kana: details.name.kana(),
        user_id: member.login.as_str().to_owned(),
        job: japanese::job(details.job),
        roles: say::roles_beyond_staff(&details.roles),
        facility: entry.facility.details.name.clone(),
        facility_href: facility_href(member.facility),
        standing: standing(member, now),
        card: card_chip(read, member.id, now)?,
    })
}

#[derive(Serialize)]
struct MemberPage {
    office: Office,
    member: Facts,
    cards: Vec<CardRow>,
    devices: Vec<DeviceRow>,
    stand_ins: Vec<StandInRow>,
    passkeys: KeyFacts,
}

impl Page for MemberPage {
    const TEMPLATE: &'static str = "office/members/member.html";
}

#[derive(Serialize)]
struct Facts {
    id: Id<Member>,
    name: String,
    kana: String,
    user_id: String,
    job: &'static str,
    roles: Vec<&'static str>,
    facility: Place,
    standing: &'static str,
    starts: Option<String>,
    retires: Option<String>,
    registered: String,
    password: String,
    last_login: Option<String>,
    issuable: bool,
    /// Minutes for which wrong passwords still stop the log-in.
    stopped: Option<i64>,
}

#[derive(Serialize)]
struct Place {
    name: String,
    code: String,
    href: String,
}

#[derive(Serialize)]
struct CardRow {
    number: String,
    purpose: &'static str,
    state: &'static str,
    issued: String,
    expires: String,
    by: String,
    device: Option<String>,
    cancel: Option<String>,
}

pub async fn show_member(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, app.now());
    let entry = directory.member(id).ok_or(Failure::NotFound)?;
    let (member, cards, devices, stand_ins, passkeys) = app.store.read(|read| {
        let enrolments = enrolment::of_member(read, id)?;
        let cards = cards::of_member(read, id)?.into_iter();
        let cards = cards.map(|card| {
            let terms = cards::terms(read, card.number)?;
            Ok::<_, StoreError>(card_row(&card, &terms, &enrolments, &directory, now))
        });
        let cards = cards.collect::<Result<_, _>>()?;
        let mut devices = Vec::new();
        for device in devices::of_facility(read, entry.member.facility)? {
            if device.enrolled_by == id {
                devices.push(device_row(read, device, None, now)?);
            }
        }
        let stand_ins = stand_in_rows(read, &directory, Some(id), now)?;
        let facts = facts(read, &app, &asked, entry)?;
        let keys = key_facts(read, &asked, id)?;
        Ok::<_, StoreError>((facts, cards, devices, stand_ins, keys))
    })?;
    let page = MemberPage { office: office(&app)?, member, cards, devices, stand_ins, passkeys };
    frame.show(Nav::Office, entry.member.details.name.full(), &page)
}

fn facts(
    read: &Read<'_>,
    app: &App,
    asked: &OfficeMember,
    entry: &Entry,
) -> Result<Facts, StoreError> {
    let (member, details, now) = (&entry.member, &entry.member.details, app.now());
    let credential: Option<Credential> = read.get(&member.id)?;
    Ok(Facts {
        id: member.id,
        name: details.name.full(),
        kana: details.name.kana(),
        user_id: member.login.as_str().to_owned(),
        job: japanese::job(details.job),
        roles: say::roles(&details.roles),
        facility: Place {
            name: entry.facility.details.name.clone(),
            code: entry.facility.code.as_str().to_owned(),
            href: facility_href(member.facility),
        },
        standing: standing(member, now),
        starts: details.starts.map(japanese::era_date),
        retires: details.retires.map(japanese::era_date),
        registered: day(member.registered_at),
        password: password(app, credential.map(|credential| credential.state), now),
        last_login: last_login(read, member.id)?.map(|at| japanese::short(at, now)),
        issuable: issuable(asked.member(), &entry.facility, member, now),
        stopped: stopped(read, app, entry)?,
    })
}

fn stopped(read: &Read<'_>, app: &App, entry: &Entry) -> Result<Option<i64>, StoreError> {
    let account = account_key(app, entry.facility.code.as_str(), entry.member.login.as_str());
    let mut longest = None;
    for of in [account, second_key(app, entry.member.id)] {
        let attempts: Option<Attempts> = read.get(&of)?;
        let locked = attempts.filter(|one| one.locked_at(app.now(), Attempts::WRONG_MAX));
        longest = longest.max(locked.map(|one| {
            let passed = app.now().duration_since(one.last_at);
            Attempts::LOCKED_FOR.saturating_sub(passed).as_mins().max(1)
        }));
    }
    Ok(longest)
}

/// How the password stands; never what it is.
fn password(app: &App, state: Option<CredentialState>, now: Timestamp) -> String {
    match state {
        None => "まだありません（カードの発行で初期パスワードが決まります）".to_owned(),
        Some(CredentialState::Initial { expires_at, .. }) if now < expires_at => {
            format!("初期パスワードのまま（{}まで）", day(expires_at))
        }
        Some(CredentialState::Initial { .. }) => {
            "初期パスワードの期限切れ（カードを発行しなおしてください）".to_owned()
        }
        Some(CredentialState::Chosen { set_at, .. }) => {
            let set = day(set_at);
            match app.network.passwords.days_left(set_at, now) {
                None => format!("{set} に変更"),
                Some(days) if days < 0 => format!("{set} に変更（期限切れ）"),
                Some(days) => format!("{set} に変更（あと{days}日有効）"),
            }
        }
    }
}

/// The trail remembers it.
fn last_login(read: &Read<'_>, member: Id<Member>) -> Result<Option<Timestamp>, StoreError> {
    const ROWS_LOOKED_AT: usize = 500;
    let rows = read.trail_of_member(member.bytes(), ROWS_LOOKED_AT)?;
    Ok(rows.into_iter().find(|row| is_login(&row.action)).map(|row| row.at))
}

fn card_row(
    card: &Card,
    terms: &Terms,
    enrolments: &[Enrolment],
    directory: &Directory,
    now: Timestamp,
) -> CardRow {
    let enrolment = enrolments.iter().find(|enrolment| enrolment.card == card.number);
    let by = card.issued_by.map(|by| member_words(directory, by).0);
    CardRow {
        number: card.number.to_string(),
        purpose: purpose(terms),
        state: card_state(card, now),
        issued: day(card.issued_at),
        expires: day(card.expires_at),
        by: by.unwrap_or_else(|| "初回設定".to_owned()),
        device: enrolment
            .filter(|enrolment| enrolment.device.is_some())
            .map(|enrolment| enrolment.device_name.clone()),
        cancel: (card.state == CardState::Open && card.is_open(now))
            .then(|| format!("/office/cards/{}/cancel", card.number)),
    }
}

const fn purpose(terms: &Terms) -> &'static str {
    match (terms.shown, terms.purpose) {
        (Shown::Paper, Purpose::FirstDevice) => "はじめての端末",
        (Shown::Paper, Purpose::AddDevice) => "端末の追加",
        (Shown::Paper, Purpose::PasswordReset) => "パスワードの再発行",
        (Shown::OwnDevice(_), Purpose::AddDevice) => "本人の画面のコード・追加",
        (Shown::OwnDevice(_), Purpose::Replace(_)) => "本人の画面のコード・入れ替え",
        (Shown::OfficeScreen, Purpose::AddDevice) => "電話で伝えたコード・追加",
        (_, Purpose::Replace(_)) => "電話で伝えたコード・入れ替え",
        (Shown::OfficeScreen | Shown::OwnDevice(_), _) => "コード",
    }
}

pub async fn post_lock(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    if id == asked.id() {
        return Err(not_yours("自分をロックすると、事務室の仕事ができなくなります。", id).into());
    }
    set_locked(&app, &asked, id, Lock::On).await?;
    let (back, own) = (local_path(fields.text("back")), member_href(id));
    let back = if back.starts_with("/office") { back } else { &own };
    Ok(redirect_saying(back, "ロックしました"))
}

/// Wrong passwords have stopped somebody for a while, and the office knows who it is.
pub async fn post_forgive(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let entry = directory.member(id).ok_or(Failure::NotFound)?;
    if !may_act_on(asked.member(), &entry.member) {
        return Err(not_yours("この職員は事務室または監査の役割を持っています。", id).into());
    }
    let account = account_key(&app, entry.facility.code.as_str(), entry.member.login.as_str());
    let act = asked.act("member.forgive").on("member", id);
    let second = second_key(&app, id);
    let forgive = move |write: &mut store::Write<'_>| {
        write.delete::<Attempts>(&account)?;
        write.delete::<Attempts>(&second)
    };
    app.store.write(act, forgive).await?;
    Ok(redirect_saying(&member_href(id), "すぐにログインできるようにしました"))
}

pub async fn post_unlock(
    Path(id): Path<Id<Member>>,
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    set_locked(&app, &asked, id, Lock::Off).await?;
    Ok(redirect_saying(&member_href(id), "ロックを解除しました"))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    On,
    Off,
}

/// The lock ends every session of the member in the same act.
async fn set_locked(
    app: &App,
    asked: &OfficeMember,
    id: Id<Member>,
    lock: Lock,
) -> Result<(), Failure> {
    let action = match lock {
        Lock::On => "member.lock",
        Lock::Off => "member.unlock",
    };
    let (act, clerk) = (asked.act(action).on("member", id), asked.member().clone());
    let set = app.store.write(act, move |write| {
        let other: Member = write.get(&id)?.ok_or(MemberProblem::Unknown)?;
        if !may_act_on(&clerk, &other) {
            return Err(Refused::Roles(RolesProblem::AdministratorsOnly));
        }
        members::set_locked(write, id, lock == Lock::On)?;
        if lock == Lock::On {
            session::end_of_member(write, id)?;
        }
        Ok(())
    });
    set.await.map_err(|refused| match refused {
        Refused::Store(error) | Refused::Member(MemberProblem::Store(error)) => error.into(),
        Refused::Member(_) => Failure::NotFound,
        Refused::Roles(_) | Refused::OwnTerm | Refused::Changed => {
            not_yours("この職員は事務室または監査の役割を持っています。", id).into()
        }
    })
}

fn not_yours(why: &str, id: Id<Member>) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "変更できませんでした",
        why: why.to_owned(),
        next: "必要なときは、ほかの事務室管理者に頼んでください。",
        link: Some((member_href(id), "職員のページへ戻る")),
    }
}
