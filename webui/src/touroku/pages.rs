//! From a card to a certificate, step by step.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::cards::{CardNumber, CardSecret};
use provisioning::devices::Platform;
use provisioning::enrolment::{
    self, Enrolment, EnrolmentProblem, EnrolmentState, Form, Redemption, SessionToken,
};
use serde::Serialize;
use store::StoreError;

use super::common::{COOKIE, act, app_origin, mine, own_origin, show, state, user_agent};
use super::tunnel::{Offer, offer};
use super::{limits, recognise};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::OpenFields;
use crate::kit::listen::Ingress;
use crate::kit::page::{Bare, Page};

/// A name that fits on the office's list.
const DEVICE_NAME_CHARS_MAX: usize = 40;

pub async fn show_root() -> Redirect {
    Redirect::to("/e")
}

#[derive(Serialize)]
struct StartPage {
    bare: Bare,
    enrol: Start,
}

impl Page for StartPage {
    const TEMPLATE: &'static str = "touroku/start.html";
}

#[derive(Serialize)]
struct Start {
    card: String,
    secret: &'static str,
    name: String,
    platform: &'static str,
    errors: Errors,
    form: &'static str,
    /// On an iPad in a browser that cannot show a certificate.
    other_browser: Option<&'static str>,
    /// What to open in Safari then.
    address: String,
}

#[derive(Default, Serialize)]
struct Errors {
    form: Option<&'static str>,
    card: Option<&'static str>,
    secret: Option<&'static str>,
    name: Option<&'static str>,
}

/// Chromium's browsers then say with each request which Windows they run on.
const HINTS: (HeaderName, HeaderValue) =
    (HeaderName::from_static("accept-ch"), HeaderValue::from_static("Sec-CH-UA-Platform-Version"));

pub async fn show_start(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let agent = user_agent(&headers);
    let start = Start {
        card: String::new(),
        secret: "",
        name: String::new(),
        platform: recognise::platform(agent).key(),
        errors: Errors::default(),
        form: "",
        other_browser: recognise::not_safari(agent),
        address: format!("{}/e", own_origin(&app, &headers)),
    };
    let page =
        show(&app, "端末の登録", StatusCode::OK, |bare| StartPage { bare, enrol: start })?;
    Ok(([HINTS], page).into_response())
}

pub async fn post_card(
    Extension(ingress): Extension<Ingress>,
    headers: HeaderMap,
    State(app): State<App>,
    OpenFields(fields): OpenFields,
) -> Result<Response, Failure> {
    let agent = user_agent(&headers);
    let platform =
        Platform::of_key(fields.text("platform")).unwrap_or_else(|| recognise::platform(agent));
    let again = |errors: Errors| {
        let enrol = Start {
            card: fields.text("card").to_owned(),
            secret: "",
            name: fields.text("name").to_owned(),
            platform: platform.key(),
            errors,
            form: "",
            other_browser: recognise::not_safari(agent),
            address: format!("{}/e", own_origin(&app, &headers)),
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        show(&app, "端末の登録", status, |bare| StartPage { bare, enrol })
    };
    let name = fields.text("name");
    let unseen = name.chars().any(char::is_control);
    if name.is_empty() || unseen || name.chars().count() > DEVICE_NAME_CHARS_MAX {
        let name = Some("この端末の名前を40文字以内で入力してください。例：受付のパソコン");
        return again(Errors { name, ..Errors::default() });
    }
    let Some(number) = CardNumber::parse(fields.text("card")) else {
        let card = Some("カード番号は、カードにある8文字を入力してください。");
        return again(Errors { card, ..Errors::default() });
    };
    let Some(secret) = CardSecret::parse(fields.text("secret")) else {
        let secret = Some("登録コードは、カードにある12文字を入力してください。");
        return again(Errors { secret, ..Errors::default() });
    };
    if !limits::may_try(ingress.address, app.now()) {
        let form =
            Some("短い時間に何度も試されています。1分待ってから、もう一度入力してください。");
        return again(Errors { form, ..Errors::default() });
    }
    let form = match fields.text("form") {
        "request" => Form::Request,
        _ => recognise::form(platform, agent),
    };
    let asked = Redemption {
        device_name: name.to_owned(),
        platform,
        form,
        address: ingress.address.to_string(),
    };
    match redeem(&app, number, secret, asked).await? {
        Ok((enrolment, token)) => Ok(redeemed(&headers, &enrolment, &token)),
        Err(problem) => again(Errors { form: Some(say(&problem)?), ..Errors::default() }),
    }
}

async fn redeem(
    app: &App,
    number: CardNumber,
    secret: CardSecret,
    asked: Redemption,
) -> Result<Result<(Enrolment, SessionToken), EnrolmentProblem>, StoreError> {
    let clock = app.store.clock().clone();
    let token = SessionToken::random(&clock);
    let session = token.clone();
    let redeemed = app.store.write(act(app, "card.redeem"), move |write| {
        enrolment::redeem(write, &clock, number, &secret, &session, asked)
    });
    Ok(redeemed.await?.map(|enrolment| (enrolment, token)))
}

/// A browser goes on to wait; a program reads the digits.
fn redeemed(headers: &HeaderMap, enrolment: &Enrolment, token: &SessionToken) -> Response {
    let program = headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json");
    let mut response = if program {
        let answer = serde_json::json!({ "digits": enrolment.digits });
        axum::Json(answer).into_response()
    } else {
        Redirect::to("/e/wait").into_response()
    };
    let cookie = format!(
        "{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=1800",
        token.text()
    );
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn say(problem: &EnrolmentProblem) -> Result<&'static str, Failure> {
    match problem {
        EnrolmentProblem::WrongCard => {
            Ok("カード番号か登録コードが違うか、このカードは使用済みまたは期限切れです。\
             確かめてもう一度入力するか、事務室へお電話ください。")
        }
        EnrolmentProblem::Locked => {
            Ok("まちがいが続いたため、このカードを止めました。事務室へお電話ください。\
             新しいカードをお渡しします。")
        }
        EnrolmentProblem::Unknown
        | EnrolmentProblem::OtherDigits
        | EnrolmentProblem::OtherStep
        | EnrolmentProblem::Expired
        | EnrolmentProblem::KeyKnown
        | EnrolmentProblem::Authority(_)
        | EnrolmentProblem::Store(_) => Err(Failure::NotFound),
    }
}

#[derive(Serialize)]
struct WaitPage {
    bare: Bare,
    wait: Wait,
}

impl Page for WaitPage {
    const TEMPLATE: &'static str = "touroku/wait.html";
}

#[derive(Serialize)]
struct Wait {
    digits: String,
    name: String,
    member: Whose,
    minutes: i64,
}

#[derive(Serialize)]
struct Whose {
    name: String,
    facility: String,
}

#[derive(Serialize)]
struct ClosedPage {
    bare: Bare,
    closed: Closed,
}

impl Page for ClosedPage {
    const TEMPLATE: &'static str = "touroku/closed.html";
}

#[derive(Serialize)]
struct Closed {
    state: &'static str,
    number: Option<String>,
}

#[derive(Serialize)]
struct DonePage {
    bare: Bare,
    done: Done,
}

impl Page for DonePage {
    const TEMPLATE: &'static str = "touroku/done.html";
}

#[derive(Serialize)]
struct Done {
    name: String,
    app: String,
    tunnel: bool,
}

pub async fn show_wait(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let Some((enrolment, _)) = mine(&app, &headers)? else {
        return Ok(Redirect::to("/e").into_response());
    };
    match state(&app, &enrolment)? {
        "waiting" => show_waiting(&app, &enrolment),
        "approved" => Ok(Redirect::to("/e/take").into_response()),
        "done" => {
            let tunnel = offer(&app, &enrolment)? != Offer::None;
            show(&app, "登録が終わりました", StatusCode::OK, |bare| DonePage {
                bare,
                done: Done {
                    name: enrolment.device_name.clone(),
                    app: app_origin(&app, &headers),
                    tunnel,
                },
            })
        }
        closed => show(&app, "登録できませんでした", StatusCode::OK, |bare| ClosedPage {
            bare,
            closed: Closed { state: closed, number: None },
        }),
    }
}

fn show_waiting(app: &App, enrolment: &Enrolment) -> Result<Response, Failure> {
    let directory = app.directory()?;
    let entry = directory.member(enrolment.member).ok_or(Failure::NotFound)?;
    let waited = app.now().duration_since(enrolment.redeemed_at);
    let wait = Wait {
        digits: enrolment.digits.clone(),
        name: enrolment.device_name.clone(),
        member: Whose {
            name: entry.member.details.name.full(),
            facility: entry.facility.details.name.clone(),
        },
        minutes: Enrolment::SESSION_VALID.saturating_sub(waited).as_mins().max(1),
    };
    show(app, "承認を待っています", StatusCode::OK, |bare| WaitPage { bare, wait })
}

/// For scripts and programs that wait. `issued` says that the certificate has gone out, and so
/// that the next thing to come is the device itself.
pub async fn show_status(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let (state, issued) = match mine(&app, &headers)? {
        Some((enrolment, _)) => {
            (state(&app, &enrolment)?, enrolment.state == EnrolmentState::Issued)
        }
        None => ("expired", false),
    };
    Ok(axum::Json(serde_json::json!({ "state": state, "issued": issued })).into_response())
}
