//! Facilities: the list, one of them, and the form.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use provisioning::devices::{self, DeviceState};
use provisioning::directory::Directory;
use provisioning::facilities::{
    self, Facility, FacilityCode, FacilityDetails, FacilityKind, FacilityProblem, FacilityState,
};
use provisioning::members::Role;
use serde::{Deserialize, Serialize};
use store::{Id, Read, StoreError};

use super::model::{Problems, Typed, is_doubtful, parse};
use super::route::{RouteView, route_view};
use super::say as words;
use crate::kit::app::App;
use crate::kit::cutting::ties_of_facility;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::office::counts::{Office, office};
use crate::office::lists::Asked;
use crate::office::rows::{
    DeviceRow, MemberRow, Ticked, day, device_row, facility_href, facility_state, member_row,
};
use crate::office::say;
use crate::office::seen::{Now, is_old, seen, told};

const LIST: &str = "/office/facilities";

#[derive(Default, Deserialize)]
pub struct Purpose {
    #[serde(default, rename = "for")]
    purpose: String,
}

#[derive(Serialize)]
struct ListPage {
    office: Office,
    list: List,
}

impl Page for ListPage {
    const TEMPLATE: &'static str = "office/facilities/list.html";
}

#[derive(Serialize)]
struct List {
    q: String,
    rows: Vec<Row>,
    note: Option<&'static str>,
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
    code: String,
    kind: &'static str,
    members: usize,
    devices: usize,
    state: &'static str,
}

pub async fn show_facilities(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(asked): Query<Asked>,
    Query(Purpose { purpose }): Query<Purpose>,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let for_member = purpose == "member";
    let kept: &[_] = if for_member { &[("for", "member")] } else { &[] };
    let found = directory.facilities_named(asked.q());
    let part = asked.part(found, LIST, kept, |facility| facility.id.to_string());
    let rows = app.store.read(|read| {
        part.rows.iter().map(|one| row(read, &directory, one, for_member)).collect::<Result<_, _>>()
    });
    let list = List {
        q: asked.q().to_owned(),
        rows: rows.map_err(|error: StoreError| Failure::from(error))?,
        note: for_member.then_some("職員を登録する施設を選んでください。"),
        total: Some(part.total),
        first: part.first,
        next: part.next,
        range: part.range,
    };
    frame.show(Nav::Office, "施設", &ListPage { office: office(&app)?, list })
}

fn row(
    read: &Read<'_>,
    directory: &Directory,
    facility: &Facility,
    for_member: bool,
) -> Result<Row, StoreError> {
    let href = facility_href(facility.id);
    let devices = devices::of_facility(read, facility.id)?;
    let active = devices.iter().filter(|device| device.state == DeviceState::Active);
    let members = directory.entries().filter(|entry| entry.member.facility == facility.id);
    Ok(Row {
        href: if for_member { format!("{href}/members/new") } else { href },
        name: facility.details.name.clone(),
        kana: facility.details.kana.clone(),
        code: facility.code.as_str().to_owned(),
        kind: japanese::facility_kind(facility.details.kind),
        members: members.count(),
        devices: active.count(),
        state: facility_state(facility),
    })
}

#[derive(Serialize)]
struct FormPage {
    office: Office,
    form: Form,
}

impl Page for FormPage {
    const TEMPLATE: &'static str = "office/facilities/form.html";
}

#[derive(Serialize)]
struct Form {
    id: Option<Id<Facility>>,
    action: String,
    back: String,
    values: Typed,
    /// What the form was opened on.
    seen: String,
    now: Vec<Now>,
    code_doubt: bool,
    errors: Errors,
    kinds: Vec<Choice>,
}

#[derive(Default, Serialize)]
struct Errors {
    form: Option<String>,
    code: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    kana: Option<String>,
    short: Option<String>,
    postal: Option<String>,
    address: Option<String>,
    phone: Option<String>,
    fax: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    key: &'static str,
    name: &'static str,
}

impl Form {
    fn new(facility: Option<&Facility>, values: Typed) -> Self {
        let href = facility.map_or_else(|| LIST.to_owned(), |one| facility_href(one.id));
        let choice =
            |kind: &FacilityKind| Choice { key: kind.key(), name: japanese::facility_kind(*kind) };
        Self {
            id: facility.map(|facility| facility.id),
            action: href.clone(),
            back: href,
            values,
            seen: facility.map_or_else(String::new, |one| seen(&of(one))),
            now: Vec::new(),
            code_doubt: false,
            errors: Errors::default(),
            kinds: FacilityKind::ALL.iter().map(choice).collect(),
        }
    }

    /// As it was typed, and still opened when it was.
    fn again(facility: Option<&Facility>, fields: &Fields) -> Self {
        let form = Self::new(facility, typed(fields));
        Self { seen: told(fields).unwrap_or_else(|| form.seen.clone()), ..form }
    }

    /// The form on what there is now, beside what was typed.
    fn changed(facility: &Facility, fields: &Fields) -> Self {
        let form = Self::new(Some(facility), typed(fields));
        let errors = Errors { form: Some(say::CHANGED.to_owned()), ..Errors::default() };
        Self { now: words::now(of(facility), &form.values), errors, ..form }
    }

    fn show(self, app: &App, frame: Frame) -> Result<Response, Failure> {
        let title = if self.id.is_none() { "施設の登録" } else { "施設の変更" };
        frame.show(Nav::Office, title, &FormPage { office: office(app)?, form: self })
    }

    /// Everything typed comes back, with what is wrong.
    fn show_again(self, app: &App, frame: Frame) -> Result<Response, Failure> {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, self.show(app, frame)?).into_response())
    }
}

fn of(facility: &Facility) -> Typed {
    Typed::of(&facility.code, &facility.details)
}

fn typed(fields: &Fields) -> Typed {
    let text = |name| fields.text(name).to_owned();
    Typed {
        code: text("code"),
        kind: text("kind"),
        name: text("name"),
        kana: text("kana"),
        short: text("short"),
        postal: text("postal"),
        address: text("address"),
        phone: text("phone"),
        fax: text("fax"),
    }
}

fn errors(problems: Problems) -> Errors {
    let line = |what, problem: Option<_>| problem.map(|problem| say::line(what, problem));
    Errors {
        form: None,
        code: problems.code.map(|problem| japanese::code_problem(problem).to_owned()),
        kind: problems.no_kind.then(|| "施設の種別を選んでください".to_owned()),
        name: line("施設名", problems.name),
        kana: line("施設名のふりがな", problems.kana),
        short: line("短い名前", problems.short),
        postal: line("郵便番号", problems.postal),
        address: line("住所", problems.address),
        phone: line("電話番号", problems.phone),
        fax: line("FAX番号", problems.fax),
    }
}

/// What the form wants, or the form again.
fn read_form(
    asked: &OfficeMember,
    fields: &Fields,
    before: Option<&Facility>,
) -> Result<(FacilityCode, FacilityDetails), Box<Form>> {
    let form = |fields| Form::again(before, fields);
    let wanted = match parse(&typed(fields)) {
        Ok(wanted) => wanted,
        Err(problems) => {
            return Err(Box::new(Form { errors: errors(problems), ..form(fields) }));
        }
    };
    // Devices of an office open the desk, so only an administrator makes one.
    let becomes_office = wanted.details.kind == FacilityKind::Office
        && before.is_none_or(|facility| facility.details.kind != FacilityKind::Office);
    let administrates = asked.member().details.roles.has(Role::OfficeAdministrator);
    if becomes_office && !administrates {
        let kind = Some("事務室は、事務室管理者だけが登録できます".to_owned());
        return Err(Box::new(Form {
            errors: Errors { kind, ..Errors::default() },
            ..form(fields)
        }));
    }
    let doubtful = is_doubtful(&wanted.code, before.map(|facility| &facility.code));
    if doubtful && !fields.has("code_ok") {
        return Err(Box::new(Form { code_doubt: true, ..form(fields) }));
    }
    Ok((wanted.code, wanted.details))
}

fn refused(problem: FacilityProblem) -> Result<Errors, Failure> {
    let code = "この医療機関コードは、ほかの施設が使っています。番号を確かめてください";
    match problem {
        FacilityProblem::CodeTaken => {
            Ok(Errors { code: Some(code.to_owned()), ..Errors::default() })
        }
        FacilityProblem::Changed => {
            Ok(Errors { form: Some(say::CHANGED.to_owned()), ..Errors::default() })
        }
        FacilityProblem::Unknown => Err(Failure::NotFound),
        FacilityProblem::Store(error) => Err(error.into()),
    }
}

pub async fn show_new(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    Form::new(None, Typed::default()).show(&app, frame)
}

pub async fn post_new(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (code, details) = match read_form(&asked, &fields, None) {
        Ok(wanted) => wanted,
        Err(form) => return form.show_again(&app, frame),
    };
    let (clock, id) = (app.store.clock().clone(), app.store.clock().id());
    let act = asked.act("facility.register").on("facility", id);
    let registered = app
        .store
        .write(act, move |write| facilities::register_as(write, &clock, id, code, details))
        .await;
    match registered {
        Ok(facility) => Ok(redirect_saying(&facility_href(facility.id), "施設を登録しました")),
        Err(problem) => {
            let errors = refused(problem)?;
            Form { errors, ..Form::new(None, typed(&fields)) }.show_again(&app, frame)
        }
    }
}

#[derive(Serialize)]
struct FacilityPage {
    office: Office,
    facility: Facts,
    members: Vec<MemberRow>,
    devices: Vec<DeviceRow>,
    route: RouteView,
}

impl Page for FacilityPage {
    const TEMPLATE: &'static str = "office/facilities/facility.html";
}

#[derive(Serialize)]
struct Facts {
    id: Id<Facility>,
    name: String,
    kana: String,
    short: String,
    code: String,
    kind: &'static str,
    postal: String,
    address: String,
    phone: String,
    fax: String,
    state: &'static str,
    registered: String,
}

pub async fn show_facility(
    Path(id): Path<Id<Facility>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let facility = directory.facility(id).ok_or(Failure::NotFound)?;
    let now = app.now();
    let members = directory.entries().filter(|entry| entry.member.facility == id);
    let (members, devices) = app.store.read(|read| {
        let row = |entry| member_row(read, asked.member(), entry, Ticked::Nobody, now);
        let members = members.map(|entry| row(entry)).collect::<Result<_, StoreError>>()?;
        let devices = devices::of_facility(read, id)?.into_iter();
        let devices = devices.map(|device| device_row(read, device, None, now));
        Ok::<_, StoreError>((members, devices.collect::<Result<_, _>>()?))
    })?;
    let route = app.store.read(|read| route_view(&app, read, facility, now))?;
    let (office, facility_facts) = (office(&app)?, facts(facility));
    let page = FacilityPage { office, facility: facility_facts, members, devices, route };
    frame.show(Nav::Office, facility.details.name.clone(), &page)
}

fn facts(facility: &Facility) -> Facts {
    let details = facility.details.clone();
    Facts {
        id: facility.id,
        name: details.name,
        kana: details.kana,
        short: details.short,
        code: facility.code.as_str().to_owned(),
        kind: japanese::facility_kind(details.kind),
        postal: details.postal,
        address: details.address,
        phone: details.phone,
        fax: details.fax,
        state: facility_state(facility),
        registered: day(facility.registered_at),
    }
}

pub async fn show_edit(
    Path(id): Path<Id<Facility>>,
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let facility = one(&app, id)?;
    let values = Typed::of(&facility.code, &facility.details);
    Form::new(Some(&facility), values).show(&app, frame)
}

pub async fn post_edit(
    Path(id): Path<Id<Facility>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let facility = one(&app, id)?;
    let (code, details) = match read_form(&asked, &fields, Some(&facility)) {
        Ok(wanted) => wanted,
        Err(form) => return form.show_again(&app, frame),
    };
    let opened_on = fields.text("seen").to_owned();
    let act = asked.act("facility.change").on("facility", id);
    let changed = app.store.write(act, move |write| {
        let before: Facility = write.get(&id)?.ok_or(FacilityProblem::Unknown)?;
        if is_old(&opened_on, &of(&before)) {
            return Err(FacilityProblem::Changed);
        }
        facilities::change(write, id, code, details)
    });
    match changed.await {
        Ok(_) => Ok(redirect_saying(&facility_href(id), "変更を保存しました")),
        Err(FacilityProblem::Changed) => {
            Form::changed(&one(&app, id)?, &fields).show_again(&app, frame)
        }
        Err(problem) => {
            let errors = refused(problem)?;
            Form { errors, ..Form::again(Some(&facility), &fields) }.show_again(&app, frame)
        }
    }
}

fn one(app: &App, id: Id<Facility>) -> Result<Facility, Failure> {
    app.store.read(|read| read.get::<Facility>(&id))?.ok_or(Failure::NotFound)
}

/// The devices stop with the act; what is open at that moment is cut after it.
pub async fn post_suspend(
    Path(id): Path<Id<Facility>>,
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    if id == asked.facility().id {
        return Err(own_facility().into());
    }
    set_state(&app, &asked, id, FacilityState::Suspended).await?;
    let ties = app.store.read(|read| ties_of_facility(read, id))?;
    let cut = app.connections.cut(&ties);
    let words = format!("利用を止めました。接続中 {cut} 件を切断しました");
    Ok(redirect_saying(&facility_href(id), &words))
}

pub async fn post_resume(
    Path(id): Path<Id<Facility>>,
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    set_state(&app, &asked, id, FacilityState::Active).await?;
    Ok(redirect_saying(&facility_href(id), "利用を再開しました"))
}

async fn set_state(
    app: &App,
    asked: &OfficeMember,
    id: Id<Facility>,
    state: FacilityState,
) -> Result<Facility, Failure> {
    let action = match state {
        FacilityState::Active => "facility.resume",
        FacilityState::Suspended => "facility.suspend",
    };
    let act = asked.act(action).on("facility", id);
    let set = app.store.write(act, move |write| facilities::set_state(write, id, state)).await;
    set.map_err(|problem| match problem {
        FacilityProblem::Store(error) => error.into(),
        FacilityProblem::Unknown | FacilityProblem::CodeTaken | FacilityProblem::Changed => {
            Failure::NotFound
        }
    })
}

fn own_facility() -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "利用を止められませんでした",
        why: "自分の施設の利用を止めると、事務室の仕事ができなくなります。".to_owned(),
        next: "止める必要があるときは、保守の担当者に連絡してください。",
        link: Some((LIST.to_owned(), "施設の一覧へ戻る")),
    }
}
