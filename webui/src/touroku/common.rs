//! What the pages of this host share: whose enrolment, its state, addresses, and the page itself.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use provisioning::enrolment::{self, Enrolment, EnrolmentState, SessionToken};
use provisioning::facilities::RoutePolicy;
use provisioning::public::Host;
use store::{Act, Actor, StoreError};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::page::{Bare, Page, bare};
use crate::kit::session::cookie;

pub const COOKIE: &str = "__Host-touroku";

/// The enrolment of whoever asks, by the session that redeemed its card.
pub fn mine(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<(Enrolment, SessionToken)>, StoreError> {
    let Some(token) = cookie(headers, COOKIE).and_then(|text| SessionToken::parse(&text)) else {
        return Ok(None);
    };
    let found = app.store.read(|read| enrolment::by_session(read, &token))?;
    Ok(found.map(|enrolment| (enrolment, token)))
}

/// In the words of `/e/status`. A script that was handed out outlives its download page.
pub fn state(app: &App, enrolment: &Enrolment) -> Result<&'static str, StoreError> {
    let now = app.now();
    if enrolment.is_expired(now)
        && !(enrolment.state == EnrolmentState::Approved && has_script(app, enrolment)?)
    {
        return Ok("expired");
    }
    Ok(match enrolment.state {
        EnrolmentState::WaitingApproval => "waiting",
        EnrolmentState::Approved | EnrolmentState::Issued => "approved",
        EnrolmentState::FirstSeen => "done",
        EnrolmentState::Refused => "refused",
    })
}

fn has_script(app: &App, enrolment: &Enrolment) -> Result<bool, StoreError> {
    let now = app.now();
    app.store.read(|read| enrolment::has_open_ticket(read, enrolment.id, now))
}

pub fn act(app: &App, action: &'static str) -> Act {
    Act::new(Actor::Stranger { device: None }, action, app.now())
}

pub fn show<P: Page>(
    app: &App,
    title: &'static str,
    status: StatusCode,
    page: impl FnOnce(Bare) -> P,
) -> Result<Response, Failure> {
    let html = app.templates.render(&page(bare(app, title)))?;
    Ok((status, Html(html)).into_response())
}

/// The product's origin, with the port that was used to come here.
pub fn app_origin(app: &App, headers: &HeaderMap) -> String {
    origin(&app.app_host(), headers)
}

/// Where a device in the tunnel opens the product. A second name is served at the usual port only.
pub fn tunnel_origin(app: &App, headers: &HeaderMap) -> String {
    match app.tls.hosts().contains(&Host::Inside) {
        true => format!("https://{}", app.tunnel_host()),
        false => app_origin(app, headers),
    }
}

/// Where a device of a facility with this policy opens the product.
pub fn site(app: &App, headers: &HeaderMap, policy: RoutePolicy) -> String {
    match policy {
        RoutePolicy::Vpn => tunnel_origin(app, headers),
        RoutePolicy::Either | RoutePolicy::Tls => app_origin(app, headers),
    }
}

/// This host's own.
pub fn own_origin(app: &App, headers: &HeaderMap) -> String {
    origin(&app.touroku_host(), headers)
}

fn origin(name: &str, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.split_once(':') {
        Some((_, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            format!("https://{name}:{port}")
        }
        Some(_) | None => format!("https://{name}"),
    }
}

pub fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
}
