//! The windows of set-up days: open ones, those that are over, and the form for another.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use provisioning::directory::Directory;
use provisioning::enrolment::{SetupWindow, WindowProblem, close_window, open_window, windows};
use provisioning::facilities::{Facility, FacilityState};
use serde::Serialize;
use store::{Act, Id};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::{Fields, number};
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::office::counts::{Office, office};
use crate::office::rows::{facility_name, member_words};

const LIST: &str = "/office/setup";

/// What the form offers; the longest is the limit.
const HOURS: [i64; 5] = [1, 2, 4, 8, SetupWindow::HOURS_MAX];

/// A season's openings.
const SHOWN: usize = 30;

/// The word that stands for every facility in the form.
const ALL: &str = "all";

#[derive(Serialize)]
struct SetupPage {
    office: Office,
    setup: Setup,
}

impl Page for SetupPage {
    const TEMPLATE: &'static str = "office/setup/setup.html";
}

#[derive(Serialize)]
struct Setup {
    open: Vec<Row>,
    past: Vec<Row>,
    facilities: Vec<Choice>,
    hours: [i64; 5],
    chosen: String,
    chosen_hours: i64,
    error: Option<&'static str>,
}

#[derive(Serialize)]
struct Row {
    id: Id<SetupWindow>,
    place: String,
    from: String,
    until: String,
    by: String,
    closed: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    key: String,
    name: String,
}

pub async fn show_setup(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, frame, String::new(), 2, None)
}

fn show(
    app: &App,
    frame: Frame,
    chosen: String,
    chosen_hours: i64,
    error: Option<&'static str>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, app.now());
    let all = app.store.read(|read| windows(read, SHOWN))?;
    let (open, past): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.is_open(now));
    let rows = |all: Vec<SetupWindow>| all.iter().map(|one| row(one, &directory, now)).collect();
    let in_use = directory.facilities().filter(|one| one.state == FacilityState::Active);
    let choice =
        |one: &Facility| Choice { key: one.id.to_string(), name: one.details.name.clone() };
    let setup = Setup {
        open: rows(open),
        past: rows(past),
        facilities: in_use.map(|one| choice(one)).collect(),
        hours: HOURS,
        chosen,
        chosen_hours,
        error,
    };
    frame.show(Nav::Office, "開設日", &SetupPage { office: office(app)?, setup })
}

fn row(one: &SetupWindow, directory: &Directory, now: Timestamp) -> Row {
    Row {
        id: one.id,
        place: place(one, directory),
        from: japanese::short(one.from, now),
        until: japanese::short(one.until, now),
        by: member_words(directory, one.opened_by).0,
        closed: one.closed_at.map(|at| japanese::short(at, now)),
    }
}

fn place(one: &SetupWindow, directory: &Directory) -> String {
    let all = || "すべての施設".to_owned();
    one.facility.map_or_else(all, |facility| facility_name(directory, facility))
}

pub async fn post_setup(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let chosen = fields.text("facility").to_owned();
    let hours = number(fields.text("hours")).unwrap_or_default();
    let facility = match chosen.as_str() {
        ALL => None,
        other => match other.parse() {
            Ok(facility) => Some(facility),
            Err(_) => {
                let words = Some("施設を選んでください");
                let page = show(&app, frame, chosen, hours, words)?;
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
        },
    };
    let act: Act = asked.act("setup.open");
    let act = match facility {
        Some(facility) => act.on("facility", facility),
        None => act,
    };
    let (clock, by) = (app.store.clock().clone(), asked.id());
    let opened =
        app.store.write(act, move |write| open_window(write, &clock, facility, hours, by)).await;
    match opened {
        Ok(_) => Ok(redirect_saying(LIST, "開設日を始めました")),
        Err(WindowProblem::Hours) => {
            let page =
                show(&app, frame, chosen, 2, Some("時間は12時間までの中から選んでください"))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(WindowProblem::Unknown) => Err(Failure::NotFound),
        Err(WindowProblem::Store(error)) => Err(error.into()),
    }
}

pub async fn post_close(
    Path(id): Path<Id<SetupWindow>>,
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let now = app.now();
    let act = asked.act("setup.close").on("window", id);
    let closed = app.store.write(act, move |write| close_window(write, id, now)).await;
    match closed {
        Ok(_) => Ok(redirect_saying(LIST, "開設日を終えました")),
        Err(WindowProblem::Store(error)) => Err(error.into()),
        Err(WindowProblem::Hours | WindowProblem::Unknown) => Err(Failure::NotFound),
    }
}
