//! The form for days away.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use provisioning::members::{Member, Standing};
use serde::Serialize;
use store::{Id, StoreError};

use super::Absence;
use super::tables::{AbsenceProblem, set};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;

#[derive(Serialize)]
struct AbsencePage {
    /// `None` where none is set.
    current: Option<Current>,
    from: String,
    until: String,
    colleagues: Vec<Colleague>,
    error: Option<&'static str>,
}

impl Page for AbsencePage {
    const TEMPLATE: &'static str = "me/absence/absence.html";
}

#[derive(Serialize)]
struct Current {
    from: String,
    until: String,
    deputy: Option<String>,
    now: bool,
}

#[derive(Serialize)]
struct Colleague {
    id: Id<Member>,
    name: String,
    job: &'static str,
    chosen: bool,
}

pub async fn show_absence(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let absence = app.store.read(|read| read.get::<Absence>(&asked.id()))?;
    let absence = absence.filter(|absence| absence.until >= app.today());
    let day = |date: Option<jiff::civil::Date>| date.map(japanese::era_date).unwrap_or_default();
    let page = AbsencePage {
        from: day(absence.as_ref().map(|absence| absence.from)),
        until: day(absence.as_ref().map(|absence| absence.until)),
        colleagues: colleagues(&app, &asked, absence.as_ref().and_then(|one| one.deputy))?,
        current: absence.as_ref().map(|absence| current(&app, absence)).transpose()?,
        error: None,
    };
    frame.show(Nav::Me, "不在の設定", &page)
}

fn current(app: &App, absence: &Absence) -> Result<Current, StoreError> {
    let directory = app.directory()?;
    let deputy = absence.deputy.and_then(|deputy| directory.member(deputy));
    Ok(Current {
        from: japanese::week_day(absence.from),
        until: japanese::week_day(absence.until),
        deputy: deputy.map(|deputy| deputy.member.details.name.full()),
        now: absence.covers(app.today()),
    })
}

fn colleagues(
    app: &App,
    asked: &SignedIn,
    chosen: Option<Id<Member>>,
) -> Result<Vec<Colleague>, StoreError> {
    let directory = app.directory()?;
    let all = directory.of_facility(asked.facility().id);
    let others = all.into_iter().filter(|entry| {
        entry.member.id != asked.id() && entry.member.standing(app.today()) == Standing::Welcome
    });
    Ok(others
        .map(|entry| Colleague {
            id: entry.member.id,
            name: entry.member.details.name.full(),
            job: japanese::job(entry.member.details.job),
            chosen: chosen == Some(entry.member.id),
        })
        .collect())
}

pub async fn post_absence(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let dates = [fields.text("from"), fields.text("until")].map(japanese::read_date);
    let deputy: Option<Id<Member>> = fields.id("deputy");
    let saved = match dates {
        [Some(from), Some(until)] => {
            let absence = Absence { member: asked.id(), from, until, deputy };
            let (member, today) = (asked.member().clone(), app.today());
            let act = asked.act("absence.set");
            app.store.write(act, move |write| set(write, &member, &absence, today)).await
        }
        _ => Err(AbsenceProblem::Days),
    };
    let error = match saved {
        Ok(()) => return Ok(redirect_saying("/me/absence", "不在を設定しました")),
        Err(AbsenceProblem::Days) => {
            "初日と最終日を、順に、今日以降で終わるように入力してください（例 令和8年1月5日、1/5ではなく2026/1/5）"
        }
        Err(AbsenceProblem::Deputy) => "代理の方は、同じ施設で利用中の職員から選んでください",
        Err(AbsenceProblem::Store(error)) => return Err(error.into()),
    };
    let page = AbsencePage {
        current: None,
        from: fields.text("from").to_owned(),
        until: fields.text("until").to_owned(),
        colleagues: colleagues(&app, &asked, deputy)?,
        error: Some(error),
    };
    let page = frame.show(Nav::Me, "不在の設定", &page)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

pub async fn post_end(
    asked: SignedIn,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let id = asked.id();
    let ended = app.store.write(asked.act("absence.end"), move |write| {
        write.delete::<Absence>(&id).map_err(AbsenceProblem::Store)
    });
    match ended.await {
        Ok(()) => Ok(redirect_saying("/me/absence", "不在の設定を終わりにしました")),
        Err(AbsenceProblem::Store(error)) => Err(error.into()),
        Err(AbsenceProblem::Days | AbsenceProblem::Deputy) => Err(Failure::NotFound),
    }
}
