//! The steps to the tunnel after the certificate was taken, and the one download.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use provisioning::enrolment::{Enrolment, EnrolmentState, device_for_key};
use provisioning::facilities::{Facility, RoutePolicy};
use provisioning::tunnel::may_pass;
use serde::{Deserialize, Serialize};
use store::StoreError;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::OpenFields;
use crate::kit::page::{Bare, Page};
use crate::touroku::common::{act, mine, show, tunnel_origin, user_agent};
use crate::touroku::guides::{About, Guide, GuideWords};
use crate::touroku::handing::stop;
use crate::touroku::recognise;
use crate::tunnel::{Machine, Parcel, answer, make, qr_of, quick_config};

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    guide: String,
}

#[derive(Serialize)]
struct TunnelPage {
    bare: Bare,
    tunnel: TunnelView,
}

impl Page for TunnelPage {
    const TEMPLATE: &'static str = "touroku/tunnel/tunnel.html";
}

#[derive(Serialize)]
struct TunnelView {
    name: String,
    needed: bool,
    guide: GuideWords,
    guides: Vec<Choice>,
    qr: Option<minijinja::Value>,
    app: String,
    action: &'static str,
}

#[derive(Serialize)]
struct Choice {
    key: &'static str,
    name: &'static str,
    current: bool,
}

/// What a facility says of the tunnel to somebody who enrols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    None,
    Offered,
    /// Without it the device reaches nothing.
    Needed,
}

impl Offer {
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Offered => "offered",
            Self::Needed => "needed",
        }
    }
}

pub fn offer(app: &App, enrolment: &Enrolment) -> Result<Offer, StoreError> {
    if app.tunnel.rules().is_none() {
        return Ok(Offer::None);
    }
    let facility = app.store.read(|read| read.get::<Facility>(&enrolment.facility))?;
    Ok(match facility.map(|facility| facility.policy) {
        Some(RoutePolicy::Vpn) => Offer::Needed,
        Some(policy) if may_pass(policy) => Offer::Offered,
        Some(_) | None => Offer::None,
    })
}

pub async fn show_tunnel(
    headers: HeaderMap,
    Query(asked): Query<Asked>,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let Some((enrolment, _)) = mine(&app, &headers)? else {
        return Ok(Redirect::to("/e").into_response());
    };
    let is_issued = match enrolment.state {
        EnrolmentState::Issued | EnrolmentState::FirstSeen => true,
        EnrolmentState::WaitingApproval | EnrolmentState::Approved | EnrolmentState::Refused => {
            false
        }
    };
    if !is_issued || offer(&app, &enrolment)? == Offer::None {
        return Ok(Redirect::to("/e/wait").into_response());
    }
    page(&app, &headers, enrolment, &asked.guide, None)
}

fn page(
    app: &App,
    headers: &HeaderMap,
    enrolment: Enrolment,
    guide: &str,
    qr: Option<minijinja::Value>,
) -> Result<Response, Failure> {
    let recognised = || recognise::guide(enrolment.platform, user_agent(headers));
    let guide = Guide::of_key(guide).unwrap_or_else(recognised);
    let (host, product) = (app.touroku_host(), app.app_host());
    let about = About { network: &app.network.name, host: &host, app: &product };
    let choice = |one: Guide| Choice { key: one.key(), name: one.name(), current: one == guide };
    let tunnel = TunnelView {
        needed: offer(app, &enrolment)? == Offer::Needed,
        guide: guide.words(about),
        guides: Guide::ALL.into_iter().map(choice).collect(),
        qr,
        app: format!("{}/connected", tunnel_origin(app, headers)),
        action: "/e/tunnel",
        name: enrolment.device_name,
    };
    show(app, "VPNの設定", StatusCode::OK, |bare| TunnelPage { bare, tunnel })
}

/// Each key goes out once; while none was used, another one may take its place.
pub async fn post_tunnel(
    headers: HeaderMap,
    State(app): State<App>,
    OpenFields(fields): OpenFields,
) -> Result<Response, Failure> {
    let (enrolment, _) = mine(&app, &headers)?.ok_or(Failure::NotFound)?;
    if app.tunnel.rules().is_none() {
        return Err(Failure::NotFound);
    }
    let parcel = Parcel::of_key(fields.text("as"));
    let platform = enrolment.platform;
    let key = parcel.key(platform, fields.text("public"))?;
    let (id, now) = (enrolment.id, app.now());
    let act = act(&app, "device.tunnel_make").on("enrolment", id);
    let made =
        make(&app, act, key, move |write| device_for_key(write, id, now).map_err(stop)).await?;
    let file = quick_config(&app, &made, platform)?;
    match parcel {
        Parcel::Qr => page(&app, &headers, enrolment, "", Some(qr_of(&file)?)),
        Parcel::Conf | Parcel::Zip | Parcel::Json | Parcel::Profile => {
            let device = made.peer.device;
            let machine = Machine { device, name: &enrolment.device_name, platform };
            answer(&app, parcel, machine, &file).await
        }
    }
}
