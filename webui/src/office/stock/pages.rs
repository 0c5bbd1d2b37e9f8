//! How far the facilities have come, and answers that come by telephone.

use axum::extract::State;
use axum::response::Response;
use provisioning::directory::Directory;
use provisioning::facilities::Facility;
use provisioning::stock::{self, Progress, StockProblem, StockTake};
use serde::Serialize;
use store::{Id, StoreError};

use crate::facility::stock::{StockRow, answers, keep, stock_rows};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying, redirect_warning};
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::office::counts::{Office, office};
use crate::office::rows::{day, facility_name, member_words};

const HERE: &str = "/office/stock";

/// Years that anybody looks back.
const FINISHED_SHOWN: usize = 10;

#[derive(Serialize)]
struct StockPage {
    office: Office,
    stock: Option<Stock>,
    finished: Vec<Finished>,
}

impl Page for StockPage {
    const TEMPLATE: &'static str = "office/stock/stock.html";
}

#[derive(Serialize)]
struct Stock {
    since: String,
    until: String,
    late: bool,
    by: String,
    devices: usize,
    answered: usize,
    missing: usize,
    unsure: usize,
    facilities: Vec<FacilityRow>,
}

#[derive(Serialize)]
struct FacilityRow {
    name: String,
    phone: String,
    href: String,
    devices: usize,
    left: usize,
    missing: usize,
    unsure: usize,
}

#[derive(Serialize)]
struct Finished {
    since: String,
    until: String,
    by: String,
}

pub async fn show_stock(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let (stock, finished) = app.store.read(|read| {
        let stock = match stock::current(read)? {
            Some(take) => {
                let of = stock::progress(read, &take)?;
                Some(view(&directory, &take, of, asked.now()))
            }
            None => None,
        };
        Ok::<_, StoreError>((stock, stock::finished(read, FINISHED_SHOWN)?))
    })?;
    let finished = finished.iter().map(|take| Finished {
        since: day(take.started_at),
        until: take.closed_at.map_or_else(String::new, day),
        by: member_words(&directory, take.started_by).0,
    });
    let page = StockPage { office: office(&app)?, stock, finished: finished.collect() };
    frame.show(Nav::Office, "端末の棚卸し", &page)
}

/// Facilities that have most to answer first, those that are done last.
fn view(
    directory: &Directory,
    take: &StockTake,
    of: std::collections::BTreeMap<Id<Facility>, Progress>,
    now: jiff::Timestamp,
) -> Stock {
    let sum = |part: fn(&Progress) -> usize| of.values().map(part).sum();
    let mut facilities: Vec<FacilityRow> = of
        .iter()
        .map(|(id, one)| FacilityRow {
            name: facility_name(directory, *id),
            phone: directory
                .facility(*id)
                .map_or_else(String::new, |one| one.details.phone.clone()),
            href: format!("{HERE}/{id}"),
            devices: one.devices,
            left: one.devices.saturating_sub(one.answered),
            missing: one.missing,
            unsure: one.unsure,
        })
        .collect();
    facilities.sort_by_key(|row| {
        (row.left == 0, row.missing + row.unsure == 0, std::cmp::Reverse(row.left))
    });
    Stock {
        since: day(take.started_at),
        until: day(take.answer_by()),
        late: now > take.answer_by(),
        by: member_words(directory, take.started_by).0,
        devices: sum(|one| one.devices),
        answered: sum(|one| one.answered),
        missing: sum(|one| one.missing),
        unsure: sum(|one| one.unsure),
        facilities,
    }
}

pub async fn post_start(
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let (clock, by) = (app.store.clock().clone(), asked.id());
    let act = asked.act("stock.start");
    let started = app.store.write(act, move |write| stock::start(write, &clock, by));
    say(HERE, started.await.map(drop), "棚卸しを始めました")
}

pub async fn post_close(
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let now = asked.now();
    let closed = app.store.write(asked.act("stock.close"), move |write| stock::close(write, now));
    say(HERE, closed.await.map(drop), "棚卸しを終わりにしました")
}

#[derive(Serialize)]
struct FacilityPage {
    office: Office,
    place: Place,
    rows: Vec<StockRow>,
}

impl Page for FacilityPage {
    const TEMPLATE: &'static str = "office/stock/facility.html";
}

#[derive(Serialize)]
struct Place {
    name: String,
    phone: String,
    href: String,
}

pub async fn show_facility(
    Path(id): Path<Id<Facility>>,
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let facility = directory.facility(id).ok_or(Failure::NotFound)?;
    let rows = app.store.read(|read| {
        let Some(take) = stock::current(read)? else { return Ok(None) };
        Ok::<_, StoreError>(Some(stock_rows(read, &take, id, None, asked.now())?))
    })?;
    let Some(rows) = rows else {
        return Ok(redirect_warning(HERE, "いま行っている棚卸しはありません"));
    };
    let place = Place {
        name: facility.details.name.clone(),
        phone: facility.details.phone.clone(),
        href: format!("{HERE}/{id}"),
    };
    let page = FacilityPage { office: office(&app)?, place, rows };
    frame.show(Nav::Office, "端末の棚卸し", &page)
}

pub async fn post_facility(
    Path(id): Path<Id<Facility>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (by, now, answers) = (asked.id(), asked.now(), answers(&fields));
    let back = format!("{HERE}/{id}");
    if answers.is_empty() {
        return Ok(redirect_warning(&back, "端末ごとに、ある・ない・わからないを選んでください"));
    }
    let act = asked.act("stock.answer").on("facility", id);
    let kept = app.store.write(act, move |write| keep(write, id, &answers, by, now));
    say(&back, kept.await, "回答を保存しました")
}

fn say(to: &str, done: Result<(), StockProblem>, words: &str) -> Result<Response, Failure> {
    let why_not = match done {
        Ok(()) => return Ok(redirect_saying(to, words)),
        Err(StockProblem::GoingOn) => "棚卸しは、もう始まっています",
        Err(StockProblem::NotGoingOn) => "いま行っている棚卸しはありません",
        Err(StockProblem::Unknown) => {
            "端末の状態が変わっています。もう一度、確かめて回答してください"
        }
        Err(StockProblem::Store(error)) => return Err(error.into()),
    };
    Ok(redirect_warning(to, why_not))
}
