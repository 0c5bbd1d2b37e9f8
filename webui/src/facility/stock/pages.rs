//! The manager's answers, all of them or some.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use provisioning::devices::Device;
use provisioning::facilities::Facility;
use provisioning::members::Member;
use provisioning::stock::{self, StockProblem, StockTake, There};
use serde::Serialize;
use store::{Id, Read, StoreError, Write};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying, redirect_warning};
use crate::kit::japanese;
use crate::kit::member::Manager;
use crate::kit::page::Page;
use crate::office::rows::{day, seen};

const HERE: &str = "/facility/stock";

#[derive(Serialize)]
struct StockPage {
    stock: Option<Stock>,
}

impl Page for StockPage {
    const TEMPLATE: &'static str = "facility/stock/stock.html";
}

#[derive(Serialize)]
struct Stock {
    until: String,
    left: usize,
    rows: Vec<StockRow>,
}

/// A device that is asked about.
#[derive(Serialize)]
pub struct StockRow {
    id: Id<Device>,
    name: String,
    platform: &'static str,
    seen: Option<String>,
    here: bool,
    there: Option<&'static str>,
    when: Option<String>,
}

pub async fn show_stock(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (facility, here, now) = (asked.facility().id, asked.device().id, asked.now());
    let stock = app.store.read(|read| {
        let Some(take) = stock::current(read)? else { return Ok(None) };
        let rows = stock_rows(read, &take, facility, Some(here), now)?;
        let left = rows.iter().filter(|row| row.there.is_none()).count();
        Ok::<_, StoreError>(Some(Stock { until: day(take.answer_by()), left, rows }))
    })?;
    frame.show(Nav::Facility, "端末の棚卸し", &StockPage { stock })
}

pub fn stock_rows(
    read: &Read<'_>,
    take: &StockTake,
    facility: Id<Facility>,
    here: Option<Id<Device>>,
    now: Timestamp,
) -> Result<Vec<StockRow>, StoreError> {
    let asked = stock::asked_of(read, take, facility)?;
    let row = |one: stock::Asked| {
        let (there, at) = one.answer.map(|one| (one.there.key(), one.at)).unzip();
        Ok(StockRow {
            id: one.device.id,
            platform: one.device.platform.key(),
            seen: seen(read, one.device.id, now)?,
            here: Some(one.device.id) == here,
            there,
            when: at.map(|at| japanese::short(at, now)),
            name: one.device.name,
        })
    };
    asked.into_iter().map(row).collect()
}

/// Answers that a form brings: `there-<device>`, empty where somebody has not chosen yet.
pub fn answers(fields: &Fields) -> Vec<(Id<Device>, There)> {
    let ids = fields.all("device").filter_map(|id| id.parse::<Id<Device>>().ok());
    let answer = |id: Id<Device>| {
        There::of_key(fields.text(&format!("there-{id}"))).map(|there| (id, there))
    };
    ids.filter_map(answer).collect()
}

/// All of them in one act, so that a page is either taken or shown again.
pub fn keep(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    answers: &[(Id<Device>, There)],
    by: Id<Member>,
    now: Timestamp,
) -> Result<(), StockProblem> {
    answers
        .iter()
        .try_for_each(|(device, there)| stock::answer(write, facility, *device, *there, by, now))
}

pub async fn post_stock(
    asked: Manager,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let (facility, by, now) = (asked.facility().id, asked.id(), asked.now());
    let answers = answers(&fields);
    if answers.is_empty() {
        return Ok(redirect_warning(HERE, "端末ごとに、ある・ない・わからないを選んでください"));
    }
    let act = asked.act("stock.answer").on("facility", facility);
    let kept = app.store.write(act, move |write| keep(write, facility, &answers, by, now));
    say(kept.await)
}

fn say(kept: Result<(), StockProblem>) -> Result<Response, Failure> {
    let words = match kept {
        Ok(()) => return Ok(redirect_saying(HERE, "回答を保存しました")),
        Err(StockProblem::NotGoingOn | StockProblem::GoingOn) => {
            "棚卸しは終わっています。回答は保存していません"
        }
        Err(StockProblem::Unknown) => {
            "端末の状態が変わっています。もう一度、確かめて回答してください"
        }
        Err(StockProblem::Store(error)) => return Err(error.into()),
    };
    Ok(redirect_warning(HERE, words))
}
