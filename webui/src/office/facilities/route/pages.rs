//! The choice on the facility's page, and its act.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use provisioning::devices::{self, Device, DeviceState};
use provisioning::facilities::{Facility, FacilityProblem, RoutePolicy, set_policy};
use provisioning::tunnel::{self, Factor, PeerState, factor, set_factor};
use serde::Serialize;
use store::{Id, Read, StoreError};

use crate::kit::app::App;
use crate::kit::connections::Tie;
use crate::kit::cutting::ties_of_facility;
use crate::kit::failure::{Failure, Said};
use crate::kit::form::Fields;
use crate::kit::frame::redirect_saying;
use crate::kit::member::OfficeMember;
use crate::kit::path::Path;
use crate::kit::tunnel::{NameTrouble, NameWay};
use crate::office::rows::facility_href;

#[derive(Serialize)]
pub struct RouteView {
    /// "either" | "tls" | "vpn"
    route: &'static str,
    /// "certificate" | "key"
    factor: &'static str,
    /// Whether the box has a gateway at all.
    gateway: bool,
    /// Active devices, and those of them that have used a key for the tunnel.
    devices: usize,
    ready: usize,
    /// How the product is reached in the tunnel: "one" | "second" | "own_server".
    way: &'static str,
    /// The product's name outside, and in the tunnel.
    app: String,
    inside: String,
    /// What of the names keeps devices out: see `NameTrouble`.
    name_trouble: Option<&'static str>,
}

pub fn route_view(
    app: &App,
    read: &Read<'_>,
    facility: &Facility,
    now: Timestamp,
) -> Result<RouteView, StoreError> {
    let mut active = devices::of_facility(read, facility.id)?;
    active.retain(|device| device.state == DeviceState::Active);
    let mut ready = 0;
    for device in &active {
        ready += usize::from(is_ready(read, device, now)?);
    }
    Ok(RouteView {
        route: facility.policy.key(),
        factor: factor(read, facility.id)?.key(),
        gateway: app.tunnel.rules().is_some(),
        devices: active.len(),
        ready,
        way: app.tunnel.rules().map_or(NameWay::One, |rules| rules.way).key(),
        app: app.app_host(),
        inside: app.tunnel_host(),
        name_trouble: app.tunnel.name_trouble().map(NameTrouble::key),
    })
}

fn is_ready(read: &Read<'_>, device: &Device, now: Timestamp) -> Result<bool, StoreError> {
    let peers = tunnel::of_device(read, device.id)?;
    let in_use = |state: &PeerState| matches!(state, PeerState::InUse { .. });
    Ok(peers.iter().any(|peer| in_use(&peer.state) && !peer.is_over(now)))
}

/// What is open at that moment on a way that is forbidden is cut.
pub async fn post_route(
    Path(id): Path<Id<Facility>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let policy = RoutePolicy::of_key(fields.text("route")).ok_or(Failure::StaleForm)?;
    let wanted = Factor::of_key(fields.text("factor")).ok_or(Failure::StaleForm)?;
    if policy == RoutePolicy::Vpn && app.tunnel.rules().is_none() {
        return Err(no_gateway(id).into());
    }
    if id == asked.facility().id && shuts_out(&asked, policy, wanted) {
        return Err(own_way(id).into());
    }
    let act = asked.act("facility.route").on("facility", id);
    let set = app.store.write(act, move |write| {
        set_policy(write, id, policy)?;
        set_factor(write, id, wanted)?;
        Ok::<_, FacilityProblem>(())
    });
    set.await.map_err(|problem| match problem {
        FacilityProblem::Store(error) => error.into(),
        FacilityProblem::Unknown | FacilityProblem::CodeTaken | FacilityProblem::Changed => {
            Failure::NotFound
        }
    })?;
    let ties = app.store.read(|read| ties_of_facility(read, id))?;
    let words = match cut_forbidden(&app, ties, policy, wanted) {
        0 => "つなぎ方を変えました".to_owned(),
        cut => format!("つなぎ方を変えました。接続中 {cut} 件を切断しました"),
    };
    Ok(redirect_saying(&facility_href(id), &words))
}

/// Only what may not go on: the clerk's own line carries the answer.
fn cut_forbidden(app: &App, ties: Vec<Tie>, policy: RoutePolicy, factor: Factor) -> usize {
    let (keys, peers): (Vec<_>, Vec<_>) = ties.into_iter().partition(|tie| match tie {
        Tie::Key(_) => true,
        Tie::Peer(_) => false,
    });
    let by_route = match policy {
        RoutePolicy::Either => 0,
        RoutePolicy::Vpn => app.connections.cut_beyond(&keys, &peers),
        RoutePolicy::Tls => app.connections.cut_beyond(&peers, &[]),
    };
    let by_factor = match factor {
        Factor::CertificateAlways => app.connections.cut_beyond(&peers, &keys),
        Factor::TunnelKeyAlone => 0,
    };
    by_route + by_factor
}

/// The clerk would be the first to be shut out.
fn shuts_out(asked: &OfficeMember, policy: RoutePolicy, factor: Factor) -> bool {
    let through = asked.admitted().peer().is_some();
    let shows_none = asked.admitted().key().is_none();
    if factor == Factor::CertificateAlways && shows_none {
        return true;
    }
    match policy {
        RoutePolicy::Either => false,
        RoutePolicy::Vpn => !through,
        RoutePolicy::Tls => through,
    }
}

fn own_way(id: Id<Facility>) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "つなぎ方を変えられませんでした",
        why: "いま自分が使っているつなぎ方を、自分の施設で禁止することになります。".to_owned(),
        next: "許すほうのつなぎ方で開き直してから、もう一度変えてください。",
        link: Some((facility_href(id), "施設のページへ戻る")),
    }
}

fn no_gateway(id: Id<Facility>) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "つなぎ方を変えられませんでした",
        why: "この箱ではVPNが動いていないため、端末がどこからもつながらなくなります。".to_owned(),
        next: "先に、この箱の担当者に設定ファイルの［gateway］を頼んでください。",
        link: Some((facility_href(id), "施設のページへ戻る")),
    }
}
