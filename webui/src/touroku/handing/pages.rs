//! The page with the steps, and what its buttons hand out.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::authority::{PublicKey, public_key_of_csr};
use provisioning::enrolment::{
    self, Enrolment, EnrolmentProblem, EnrolmentState, Form, TicketToken,
};
use provisioning::mobileconfig::Identity;
use serde::{Deserialize, Serialize};
use store::StoreError;

use super::packing::{Titles, pack_apart, pkcs12_form, prepare, profile, stop};
use super::renewed::by_renewal_ticket;
use super::script::{COMMAND, script_file};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::OpenFields;
use crate::kit::page::{Bare, Page};
use crate::touroku::common::{act, app_origin, mine, show, state, tunnel_origin, user_agent};
use crate::touroku::guides::{About, Guide, GuideWords};
use crate::touroku::recognise;
use crate::touroku::tunnel::{Offer, offer};
use crate::touroku::windows::Mode;

/// What the script sends its ticket in.
const TICKET: &str = "tokinet-ticket";

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    guide: String,
}

#[derive(Serialize)]
struct TakePage {
    bare: Bare,
    take: Take,
}

impl Page for TakePage {
    const TEMPLATE: &'static str = "touroku/handing/take.html";
}

#[derive(Serialize)]
struct Take {
    name: String,
    password: Vec<String>,
    file: String,
    fetched: bool,
    app: String,
    guide: GuideWords,
    guides: Vec<Choice>,
    /// The form of the file that was recognised: an old system's.
    old: bool,
    /// The file comes before the script: TLS 1.3 is missing in what the script would use.
    second_first: bool,
    other_browser: Option<&'static str>,
    command: &'static str,
    tunnel: &'static str,
    /// The profile brings the tunnel, too.
    tunnel_inside: bool,
}

#[derive(Serialize)]
struct Choice {
    key: &'static str,
    name: &'static str,
    current: bool,
}

pub async fn show_take(
    headers: HeaderMap,
    Query(asked): Query<Asked>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let Some((enrolment, token)) = mine(&app, &headers)? else {
        return Ok(Redirect::to("/e").into_response());
    };
    if state(&app, &enrolment)? != "approved" {
        return Ok(Redirect::to("/e/wait").into_response());
    }
    let password = app.store.read(|read| Ok::<_, StoreError>(token.p12_password(read)))?;
    let agent = user_agent(&headers);
    let guide =
        Guide::of_key(&asked.guide).unwrap_or_else(|| recognise::guide(enrolment.platform, agent));
    let about =
        About { network: &app.network.name, host: &app.touroku_host(), app: &app.app_host() };
    let choice = |one: Guide| Choice { key: one.key(), name: one.name(), current: one == guide };
    let version = headers.get("sec-ch-ua-platform-version").and_then(|one| one.to_str().ok());
    let offered = offer(&app, &enrolment)?;
    let take = Take {
        password: password.split('-').map(str::to_owned).collect(),
        file: file_name(&enrolment, "p12"),
        fetched: enrolment.state != EnrolmentState::Approved,
        app: format!("{}/connected", opens_at(&app, &headers, offered)),
        guide: guide.words(about),
        guides: Guide::ALL.into_iter().map(choice).collect(),
        old: enrolment.form == Form::Pkcs12Old,
        second_first: guide == Guide::Windows && recognise::is_windows_10(version).unwrap_or(false),
        other_browser: recognise::not_safari(agent),
        command: COMMAND,
        tunnel: offered.key(),
        tunnel_inside: matches!(guide, Guide::Ipad | Guide::Mac),
        name: enrolment.device_name,
    };
    show(&app, "証明書の受け取り", StatusCode::OK, |bare| TakePage { bare, take })
}

/// The one download: the key is made, certified, packed and forgotten.
pub async fn post_p12(
    headers: HeaderMap,
    State(app): State<App>,
    OpenFields(fields): OpenFields,
) -> Result<Response, Failure> {
    let (enrolment, token) = mine(&app, &headers)?.ok_or(Failure::NotFound)?;
    let form = pkcs12_form(&enrolment, fields.text("age")).ok_or(Failure::NotFound)?;
    let packed = pack_apart(&app, &enrolment, &token, form).await?;
    packed.prepared.complete(&app, &enrolment).await?;
    let name = file_name(&enrolment, "p12");
    Ok(download("application/x-pkcs12", &name, packed.file.to_vec()))
}

/// The same for Apple's machines: a profile that needs no password typed.
pub async fn post_profile(
    headers: HeaderMap,
    State(app): State<App>,
    OpenFields(fields): OpenFields,
) -> Result<Response, Failure> {
    let (enrolment, token) = mine(&app, &headers)?.ok_or(Failure::NotFound)?;
    let form = pkcs12_form(&enrolment, fields.text("age")).ok_or(Failure::NotFound)?;
    let packed = pack_apart(&app, &enrolment, &token, form).await?;
    let titles = Titles::of(&app.network.name, &enrolment.device_name);
    let identity = Identity {
        pkcs12: &packed.file,
        password: &packed.password,
        title: &packed.label,
        file_name: &file_name(&enrolment, "p12"),
    };
    let device = packed.prepared.device();
    let offered = offer(&app, &enrolment)?;
    let site = opens_at(&app, &headers, offered);
    // Without the tunnel every byte is ready before the device exists.
    let wants = match offered {
        Offer::None => false,
        Offer::Offered => fields.has("tunnel"),
        Offer::Needed => true,
    };
    let signed = if !wants {
        let signed = profile(&app, &site, device, identity, &titles, None)?;
        packed.prepared.complete(&app, &enrolment).await?;
        signed
    } else {
        let file = packed.prepared.complete_with_tunnel(&app, &enrolment).await?;
        let file = Some((&file, enrolment.platform));
        profile(&app, &site, device, identity, &titles, file)?
    };
    let name = file_name(&enrolment, "mobileconfig");
    Ok(download("application/x-apple-aspen-config", &name, signed))
}

/// A device that must come through the tunnel opens the name that leads there.
fn opens_at(app: &App, headers: &HeaderMap, offered: Offer) -> String {
    match offered {
        Offer::Needed => tunnel_origin(app, headers),
        Offer::None | Offer::Offered => app_origin(app, headers),
    }
}

/// The script with a ticket of its own: good for half an hour and one device. A newer one makes
/// the one before worthless.
pub async fn post_script(
    headers: HeaderMap,
    State(app): State<App>,
    OpenFields(fields): OpenFields,
) -> Result<Response, Failure> {
    let (enrolment, _) = mine(&app, &headers)?.ok_or(Failure::NotFound)?;
    if !enrolment.form.is_pkcs12() {
        return Err(Failure::NotFound);
    }
    let ticket = TicketToken::random(app.store.clock());
    let (id, now, given) = (enrolment.id, app.now(), ticket.clone());
    let act = act(&app, "enrolment.script").on("enrolment", id);
    let put = move |write: &mut store::Write<'_>| enrolment::give_ticket(write, id, &given, now);
    app.store.write(act, put).await.map_err(stop)?;
    let (name, kind) = (&enrolment.device_name, fields.text("as"));
    script_file(&app, &headers, name, &ticket, Mode::Enrol, kind)
}

/// For what made its own key: the request's public key, certified. A program comes with the
/// session that redeemed the card, a script with its ticket, for a card or for a renewal.
pub async fn post_certificate(
    headers: HeaderMap,
    State(app): State<App>,
    body: axum::body::Body,
) -> Result<Response, Failure> {
    const REQUEST_BYTES_MAX: usize = 16 * 1024;
    let body =
        axum::body::to_bytes(body, REQUEST_BYTES_MAX).await.map_err(|_| Failure::TooLarge)?;
    if let Some(ticket) = headers.get(TICKET) {
        return by_ticket(&app, ticket.to_str().unwrap_or_default(), &body).await;
    }
    let (enrolment, _) = mine(&app, &headers)?.ok_or(Failure::NotFound)?;
    if enrolment.form != Form::Request {
        return Err(Failure::NotFound);
    }
    let prepared = prepare(&app, &enrolment, &key_of(&body)?)?;
    let answer = chain(&app, prepared.leaf());
    prepared.complete(&app, &enrolment).await?;
    Ok(answer)
}

pub(super) fn key_of(request: &[u8]) -> Result<PublicKey, Failure> {
    public_key_of_csr(request).map_err(|_| Failure::StaleForm)
}

/// Whatever is wrong with a ticket is answered with 410: the script then says what to do.
async fn by_ticket(app: &App, ticket: &str, request: &[u8]) -> Result<Response, Failure> {
    let now = app.now();
    let Some(ticket) = TicketToken::parse(ticket) else { return Ok(gone()) };
    let found = app.store.read(|read| enrolment::enrolment_of_ticket(read, &ticket, now))?;
    let Some(enrolment) = found else { return by_renewal_ticket(app, ticket, request).await };
    if enrolment.state != EnrolmentState::Approved {
        return Ok(gone());
    }
    let prepared = prepare(app, &enrolment, &key_of(request)?)?;
    let answer = chain(app, prepared.leaf());
    let device = prepared.device();
    let certificate = prepared.certificate().clone();
    let act = act(app, "device.issue").on("device", device);
    let completed = app.store.write(act, move |write| {
        enrolment::complete_by_ticket(write, &ticket, device, &certificate, now)
    });
    match completed.await {
        Ok(_) => Ok(answer),
        Err(
            EnrolmentProblem::Unknown | EnrolmentProblem::OtherStep | EnrolmentProblem::Expired,
        ) => Ok(gone()),
        Err(problem) => Err(stop(problem)),
    }
}

pub(super) fn gone() -> Response {
    StatusCode::GONE.into_response()
}

pub(super) fn chain(app: &App, leaf: &[u8]) -> Response {
    let encode = |der: &[u8]| data_encoding::BASE64.encode(der);
    let answer = serde_json::json!({
        "certificate": encode(leaf),
        "device_ca": app.authority.device_anchors().next().map(encode),
        "root": encode(app.authority.root_certificate()),
        "app": app.app_host(),
    });
    axum::Json(answer).into_response()
}

pub(super) fn download(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, bytes).into_response()
}

fn file_name(enrolment: &Enrolment, ending: &str) -> String {
    let number = enrolment.card.plain();
    format!("tokinet-{}.{ending}", number.get(..4).unwrap_or_default())
}
