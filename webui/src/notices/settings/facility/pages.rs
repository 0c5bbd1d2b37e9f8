//! The manager's page.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use store::StoreError;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::member::Manager;
use crate::kit::page::Page;
use crate::kit::quiet::FacilityQuiet;
use crate::notices::outside::{Address, Holder, policy};
use crate::notices::settings::address::{self, AddressView, CodeProblem, address_view};
use crate::notices::settings::hours::{self, RuleForm, say as say_hours};
use crate::notices::settings::pages::{note_refusal, say_address, say_problem};

const HERE: &str = "/facility/notices";

#[derive(Serialize)]
struct FacilityNoticesPage {
    facility: String,
    rules: Vec<RuleForm>,
    error: Option<&'static str>,
    mail: Option<AddressView>,
    typed: String,
    mail_error: Option<String>,
    code_error: Option<String>,
}

impl Page for FacilityNoticesPage {
    const TEMPLATE: &'static str = "notices/settings/facility/facility.html";
}

pub async fn show_facility(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let page = page(&app, &asked)?;
    frame.show(Nav::Facility, "施設の着信通知", &page)
}

fn page(app: &App, asked: &Manager) -> Result<FacilityNoticesPage, StoreError> {
    let facility = asked.facility();
    app.store.read(|read| {
        let quiet: Option<FacilityQuiet> = read.get(&facility.id)?;
        let may_mail = app.outside.smtp.is_some() && policy(read)?.facilities;
        let holder = Holder::Facility(facility.id);
        let mail = may_mail.then(|| address_view(read, holder, asked.now()));
        Ok(FacilityNoticesPage {
            facility: facility.details.name.clone(),
            rules: hours::forms(&quiet.map(|quiet| quiet.rules).unwrap_or_default()),
            error: None,
            mail: mail.transpose()?,
            typed: String::new(),
            mail_error: None,
            code_error: None,
        })
    })
}

fn again(frame: Frame, page: &FacilityNoticesPage) -> Result<Response, Failure> {
    let page = frame.show(Nav::Facility, "施設の着信通知", page)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

pub async fn post_facility(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let rules = match hours::read(&fields) {
        Ok(rules) => rules,
        Err(rules) => {
            let page = page(&app, &asked)?;
            let error = Some(say_hours::WRONG);
            return again(frame, &FacilityNoticesPage { rules, error, ..page });
        }
    };
    let quiet = FacilityQuiet { facility: asked.facility().id, rules };
    let act = asked.act("notice.facility_hours").on("facility", asked.facility().id);
    app.store.write(act, move |write| write.put(&quiet)).await?;
    Ok(redirect_saying(HERE, "施設の時間を保存しました"))
}

fn is_allowed(app: &App) -> Result<bool, StoreError> {
    Ok(app.outside.smtp.is_some() && app.store.read(policy)?.facilities)
}

const NOT_ALLOWED: &str = "施設へのメールでの通知は、このネットワークでは使えません";

pub async fn post_mail(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let facility = asked.facility().id;
    let act = asked.act("notice.address").on("facility", facility);
    if !is_allowed(&app)? {
        note_refusal(&app, act).await?;
        return Ok(redirect_saying(HERE, NOT_ALLOWED));
    }
    let (typed, holder) = (fields.text("address").to_owned(), Holder::Facility(facility));
    let error = match Address::parse(&typed) {
        None => say_address(),
        Some(address) => match address::send_code(&app, act.clone(), holder, address).await {
            Ok(()) => return Ok(redirect_saying(HERE, "確認コードを送りました")),
            Err(problem) => say_problem(problem)?,
        },
    };
    note_refusal(&app, act).await?;
    let page = page(&app, &asked)?;
    again(frame, &FacilityNoticesPage { typed, mail_error: Some(error), ..page })
}

pub async fn post_code(
    asked: Manager,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let facility = asked.facility().id;
    let act = asked.act("notice.confirm").on("facility", facility);
    if !is_allowed(&app)? {
        note_refusal(&app, act).await?;
        return Ok(redirect_saying(HERE, NOT_ALLOWED));
    }
    let holder = Holder::Facility(facility);
    let problem = match address::confirm(&app, act, holder, fields.text("code")).await {
        Ok(()) => return Ok(redirect_saying(HERE, "このアドレスに通知を送ります")),
        Err(problem) => problem,
    };
    let over = matches!(problem, CodeProblem::Over);
    let words = Some(say_problem(problem)?);
    let page = page(&app, &asked)?;
    let (mail_error, code_error) = if over { (words, None) } else { (None, words) };
    again(frame, &FacilityNoticesPage { mail_error, code_error, ..page })
}

pub async fn post_end(
    asked: Manager,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let facility = asked.facility().id;
    let act = asked.act("notice.address_end").on("facility", facility);
    let holder = Holder::Facility(facility);
    app.store.write(act, move |write| address::end(write, holder)).await?;
    Ok(redirect_saying(HERE, "施設のアドレスへの通知を止めました"))
}
