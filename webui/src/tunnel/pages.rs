//! The tunnel of the device in hand: how to set it up, and the one download.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use provisioning::devices::Device;
use provisioning::facilities::{Facility, RoutePolicy};
use provisioning::tunnel::{self, Peer, PeerState, may_pass};
use serde::Serialize;
use store::{Id, StoreError};

use super::packing::{Machine, Parcel, answer, make, qr_of, quick_config};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::touroku::guides::{About, Guide, GuideWords};

#[derive(Serialize)]
struct TunnelPage {
    tunnel: TunnelView,
}

impl Page for TunnelPage {
    const TEMPLATE: &'static str = "tunnel/tunnel.html";
}

#[derive(Serialize)]
struct TunnelView {
    name: String,
    platform: &'static str,
    /// Why there is nothing to do here, in a word.
    closed: Option<&'static str>,
    needed: bool,
    /// This page came through the tunnel.
    through: bool,
    keys: Vec<KeyRow>,
    guide: GuideWords,
    qr: Option<minijinja::Value>,
    app: String,
    action: &'static str,
}

#[derive(Serialize)]
struct KeyRow {
    state: &'static str,
    when: String,
}

const HERE: &str = "/me/devices/tunnel";

pub async fn show_tunnel(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    show(&app, &asked, frame, None)
}

fn show(
    app: &App,
    asked: &SignedIn,
    frame: Frame,
    qr: Option<minijinja::Value>,
) -> Result<Response, Failure> {
    let (device, now) = (asked.device(), asked.now());
    let peers = app.store.read(|read| tunnel::of_device(read, device.id))?;
    let open = peers.iter().filter(|peer| !peer.is_over(now));
    let (host, product) = (app.touroku_host(), app.app_host());
    let about = About { network: &app.network.name, host: &host, app: &product };
    let view = TunnelView {
        name: device.name.clone(),
        platform: device.platform.key(),
        closed: closed(app, asked),
        needed: asked.admitted().facility().policy == RoutePolicy::Vpn,
        through: asked.admitted().peer().is_some(),
        keys: open.map(|peer| key_row(peer, now)).collect(),
        guide: Guide::of_platform(device.platform).words(about),
        qr,
        app: format!("{}connected", app.tunnel_address()),
        action: HERE,
    };
    frame.show(Nav::Me, "VPNの設定", &TunnelPage { tunnel: view })
}

fn closed(app: &App, asked: &SignedIn) -> Option<&'static str> {
    if app.tunnel.rules().is_none() {
        Some("off")
    } else if asked.guest_until().is_some() {
        Some("guest")
    } else if !may_pass(asked.admitted().facility().policy) {
        Some("policy")
    } else {
        None
    }
}

fn key_row(peer: &Peer, now: jiff::Timestamp) -> KeyRow {
    match peer.state {
        PeerState::InUse { since } => KeyRow { state: "in_use", when: japanese::short(since, now) },
        PeerState::Waiting | PeerState::Ended { .. } => {
            KeyRow { state: "waiting", when: japanese::short(peer.made_at, now) }
        }
    }
}

pub async fn post_tunnel(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    if closed(&app, &asked).is_some() {
        return Err(Failure::NotFound);
    }
    let parcel = Parcel::of_key(fields.text("as"));
    let (device, platform) = (asked.device().id, asked.device().platform);
    let key = parcel.key(platform, fields.text("public"))?;
    let act = asked.act("device.tunnel_make").on("device", device);
    let made = make(&app, act, key, move |write| open_for(write, device)).await?;
    let file = quick_config(&app, &made, platform)?;
    match parcel {
        Parcel::Qr => Ok(show(&app, &asked, frame, Some(qr_of(&file)?))?.into_response()),
        Parcel::Conf | Parcel::Zip | Parcel::Json | Parcel::Profile => {
            let machine = Machine { device, name: &asked.device().name, platform };
            answer(&app, parcel, machine, &file).await
        }
    }
}

/// The facility may have changed its mind since the page was opened.
fn open_for(write: &mut store::Write<'_>, device: Id<Device>) -> Result<Id<Device>, StoreError> {
    let owner: Option<Device> = write.get(&device)?;
    let facility: Option<Facility> = match owner {
        Some(owner) => write.get(&owner.facility)?,
        None => None,
    };
    match facility.is_some_and(|facility| may_pass(facility.policy)) {
        true => Ok(device),
        // Nobody has this id, so the caller finds no device.
        false => Ok(Id::from_bytes([0; 16])),
    }
}
