//! From a card to a certificate, step by step.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use provisioning::authority::{DeviceKey, Pkcs12Form, PublicKey, pkcs12, public_key_of_csr};
use provisioning::cards::{CardNumber, CardSecret};
use provisioning::devices::Platform;
use provisioning::enrolment::{
    self, Enrolment, EnrolmentProblem, EnrolmentState, Form, Redemption, SessionToken,
};
use provisioning::facilities::Facility;
use serde::Serialize;
use store::{Act, Actor, StoreError};

use super::{limits, recognise};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::OpenFields;
use crate::kit::listen::Ingress;
use crate::kit::page::{Bare, Page, bare};
use crate::kit::session::cookie;

const COOKIE: &str = "__Host-touroku";

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
}

#[derive(Default, Serialize)]
struct Errors {
    form: Option<&'static str>,
    card: Option<&'static str>,
    secret: Option<&'static str>,
    name: Option<&'static str>,
}

pub async fn show_start(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let start = Start {
        card: String::new(),
        secret: "",
        name: String::new(),
        platform: recognise::platform(user_agent(&headers)).key(),
        errors: Errors::default(),
        form: "",
    };
    show(&app, "端末の登録", StatusCode::OK, |bare| StartPage { bare, enrol: start })
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
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        show(&app, "端末の登録", status, |bare| StartPage { bare, enrol })
    };
    let name = fields.text("name");
    if name.is_empty() || name.chars().count() > DEVICE_NAME_CHARS_MAX {
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
}

pub async fn show_wait(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let Some((enrolment, _)) = mine(&app, &headers)? else {
        return Ok(Redirect::to("/e").into_response());
    };
    match state(&enrolment, &app) {
        "waiting" => show_waiting(&app, &enrolment),
        "approved" => Ok(Redirect::to("/e/take").into_response()),
        "done" => show(&app, "登録が終わりました", StatusCode::OK, |bare| DonePage {
            bare,
            done: Done { name: enrolment.device_name.clone(), app: address(&app, &headers) },
        }),
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

/// For scripts and programs that wait.
pub async fn show_status(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let state = match mine(&app, &headers)? {
        Some((enrolment, _)) => state(&enrolment, &app),
        None => "expired",
    };
    Ok(axum::Json(serde_json::json!({ "state": state })).into_response())
}

fn state(enrolment: &Enrolment, app: &App) -> &'static str {
    if enrolment.is_expired(app.now()) {
        return "expired";
    }
    match enrolment.state {
        EnrolmentState::WaitingApproval => "waiting",
        EnrolmentState::Approved | EnrolmentState::Issued => "approved",
        EnrolmentState::FirstSeen => "done",
        EnrolmentState::Refused => "refused",
    }
}

#[derive(Serialize)]
struct TakePage {
    bare: Bare,
    take: Take,
}

impl Page for TakePage {
    const TEMPLATE: &'static str = "touroku/take.html";
}

#[derive(Serialize)]
struct Take {
    password: Vec<String>,
    platform: &'static str,
    file: String,
    fetched: bool,
    app: String,
    name: String,
    form: &'static str,
}

pub async fn show_take(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let Some((enrolment, token)) = mine(&app, &headers)? else {
        return Ok(Redirect::to("/e").into_response());
    };
    if state(&enrolment, &app) != "approved" {
        return Ok(Redirect::to("/e/wait").into_response());
    }
    let password = app.store.read(|read| Ok::<_, StoreError>(token.p12_password(read)))?;
    let take = Take {
        password: password.split('-').map(str::to_owned).collect(),
        platform: enrolment.platform.key(),
        file: file_name(&enrolment),
        fetched: enrolment.state != EnrolmentState::Approved,
        app: address(&app, &headers),
        name: enrolment.device_name,
        form: "",
    };
    show(&app, "証明書の受け取り", StatusCode::OK, |bare| TakePage { bare, take })
}

/// The one download: the key is made, certified, packed and forgotten.
pub async fn post_p12(headers: HeaderMap, State(app): State<App>) -> Result<Response, Failure> {
    let (enrolment, token) = mine(&app, &headers)?.ok_or(Failure::NotFound)?;
    let form = match enrolment.form {
        Form::Pkcs12 => Pkcs12Form::Aes256,
        Form::Pkcs12Old => Pkcs12Form::TripleDes,
        Form::Request => return Err(Failure::NotFound),
    };
    let key = DeviceKey::generate().map_err(|error| Failure::Internal(Box::new(error)))?;
    let leaf = certify(&app, &enrolment, &key.public_key()).await?;
    let password = app.store.read(|read| Ok::<_, StoreError>(token.p12_password(read)))?;
    // The hyphens are for eyes; what is typed and copied has none.
    let password = password.replace('-', "");
    let device_ca = app.authority.device_anchors().next().unwrap_or_default().to_vec();
    let chain = [leaf, device_ca, app.authority.root_certificate().to_vec()];
    let label = label(&app.network.name, &enrolment.device_name);
    let packed = pkcs12(&key, &chain, &password, form, &label)
        .map_err(|error| Failure::Internal(Box::new(error)))?;
    let disposition = format!("attachment; filename=\"{}\"", file_name(&enrolment));
    let headers = [
        (header::CONTENT_TYPE, "application/x-pkcs12".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, packed.to_vec()).into_response())
}

/// What a certificate store lists. Its format is short and has no emoji, a device's name may.
fn label(network: &str, device: &str) -> String {
    const LABEL_CHARS_MAX: usize = 64;
    let is_plain = |c: &char| !c.is_control() && u32::from(*c) <= 0xffff;
    format!("{device} {network}").chars().filter(is_plain).take(LABEL_CHARS_MAX).collect()
}

/// For programs that made their own key: the request's public key, certified.
pub async fn post_certificate(
    headers: HeaderMap,
    State(app): State<App>,
    body: axum::body::Body,
) -> Result<Response, Failure> {
    const REQUEST_BYTES_MAX: usize = 16 * 1024;
    let body =
        axum::body::to_bytes(body, REQUEST_BYTES_MAX).await.map_err(|_| Failure::TooLarge)?;
    let (enrolment, _) = mine(&app, &headers)?.ok_or(Failure::NotFound)?;
    if enrolment.form != Form::Request {
        return Err(Failure::NotFound);
    }
    let key = public_key_of_csr(&body).map_err(|_| Failure::StaleForm)?;
    let leaf = certify(&app, &enrolment, &key).await?;
    let encode = |der: &[u8]| data_encoding::BASE64.encode(der);
    let answer = serde_json::json!({
        "certificate": encode(&leaf),
        "device_ca": app.authority.device_anchors().next().map(encode),
        "root": encode(app.authority.root_certificate()),
        "app": app.app_host(),
    });
    Ok(axum::Json(answer).into_response())
}

async fn certify(app: &App, enrolment: &Enrolment, key: &PublicKey) -> Result<Vec<u8>, Failure> {
    let facility = app.store.read(|read| read.get::<Facility>(&enrolment.facility))?;
    let facility = facility.ok_or(Failure::NotFound)?;
    let (device, certificate) =
        enrolment::prepare(&app.authority, app.store.clock(), &facility, key).map_err(stop)?;
    let (id, now, der) = (enrolment.id, app.now(), certificate.der.clone());
    let act = act(app, "device.issue").on("device", device);
    app.store
        .write(act, move |write| enrolment::complete(write, id, device, &certificate, now))
        .await
        .map_err(stop)?;
    Ok(der)
}

fn stop(problem: EnrolmentProblem) -> Failure {
    match problem {
        EnrolmentProblem::Store(error) => error.into(),
        EnrolmentProblem::Authority(error) => Failure::Internal(Box::new(error)),
        EnrolmentProblem::WrongCard
        | EnrolmentProblem::Locked
        | EnrolmentProblem::Unknown
        | EnrolmentProblem::OtherDigits
        | EnrolmentProblem::OtherStep
        | EnrolmentProblem::Expired
        | EnrolmentProblem::KeyKnown => Failure::NotFound,
    }
}

fn act(app: &App, action: &'static str) -> Act {
    Act::new(Actor::Stranger { device: None }, action, app.now())
}

fn mine(app: &App, headers: &HeaderMap) -> Result<Option<(Enrolment, SessionToken)>, StoreError> {
    let Some(token) = cookie(headers, COOKIE).and_then(|text| SessionToken::parse(&text)) else {
        return Ok(None);
    };
    let found = app.store.read(|read| enrolment::by_session(read, &token))?;
    Ok(found.map(|enrolment| (enrolment, token)))
}

fn show<P: Page>(
    app: &App,
    title: &'static str,
    status: StatusCode,
    page: impl FnOnce(Bare) -> P,
) -> Result<Response, Failure> {
    let html = app.templates.render(&page(bare(app, title)))?;
    Ok((status, Html(html)).into_response())
}

/// The product's address, with the port that was used to come here.
fn address(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.split_once(':') {
        Some((_, port)) => format!("https://{}:{port}", app.app_host()),
        None => format!("https://{}", app.app_host()),
    }
}

fn file_name(enrolment: &Enrolment) -> String {
    format!("tokinet-{}.p12", enrolment.card.plain().get(..4).unwrap_or_default())
}

fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
}
