//! The gateway's state as a page.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use provisioning::devices::Device;
use provisioning::directory::Directory;
use provisioning::public::Host;
use provisioning::tunnel::{self, Peer, home};
use serde::Serialize;
use store::{Read, StoreError};

use super::japanese::{say_drop, say_names, say_should, say_trouble};
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::tunnel::{Leads, NameTrouble, NameWay, PeerSession, TunnelState, TunnelStatus};
use crate::office::counts::{Office, office};
use crate::office::rows::{day, facility_name};

/// More than a page can be looked through; the latest in front.
const SESSIONS_SHOWN_MAX: usize = 200;

#[derive(Serialize)]
struct TunnelPage {
    office: Office,
    tunnel: View,
}

impl Page for TunnelPage {
    const TEMPLATE: &'static str = "office/tunnel/tunnel.html";
}

#[derive(Serialize)]
struct View {
    state: &'static str,
    since: Option<String>,
    trouble: Option<Words>,
    place: Option<Place>,
    live: usize,
    peers: usize,
    handshakes: u64,
    received: String,
    sent: String,
    floods: u64,
    is_flooded: bool,
    clocks_behind: usize,
    drops: Vec<Drop>,
    warnings: Vec<String>,
    sessions: Vec<Row>,
    more: usize,
}

#[derive(Serialize)]
struct Words {
    why: &'static str,
    remedy: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct Place {
    endpoint: String,
    second_port: Option<u16>,
    inner: String,
    inner6: String,
    block: String,
    /// Under which name a device in the tunnel opens the product.
    app: String,
    /// "one" | "second" | "own_server"
    way: &'static str,
    records: Vec<Record>,
    advice: Option<Advice>,
    made: String,
}

/// One name, where it has to lead and where it does.
#[derive(Serialize)]
struct Record {
    name: String,
    should: &'static str,
    /// `None` until somebody looked: "inside" | "elsewhere" | "nowhere"
    leads: Option<&'static str>,
    is_right: bool,
}

#[derive(Serialize)]
struct Advice {
    what: &'static str,
    remedy: &'static str,
}

#[derive(Serialize)]
struct Drop {
    reason: &'static str,
    packets: u64,
}

#[derive(Serialize)]
struct Row {
    device: String,
    platform: &'static str,
    facility: String,
    from: String,
    handshake: Option<String>,
    clock_behind: Option<String>,
    received: String,
    sent: String,
}

pub async fn show_tunnel(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (status, now) = (app.tunnel.status(), app.now());
    let directory = app.directory()?;
    let (place, sessions) = app.store.read(|read| {
        Ok::<_, StoreError>((
            place(&app, read)?,
            sessions(read, &directory, &status.sessions, now)?,
        ))
    })?;
    let more = status.sessions.len().saturating_sub(SESSIONS_SHOWN_MAX);
    let view = view(status, now);
    let page = TunnelPage { office: office(&app)?, tunnel: View { place, sessions, more, ..view } };
    frame.show(Nav::Office, "VPNの状態", &page)
}

fn view(status: TunnelStatus, now: Timestamp) -> View {
    let (state, since, trouble) = match status.state {
        TunnelState::Off => ("off", None, None),
        TunnelState::Starting => ("starting", None, None),
        TunnelState::Running { since } => ("running", Some(japanese::short(since, now)), None),
        TunnelState::Failed { trouble, detail } => {
            let (why, remedy) = say_trouble(trouble);
            ("failed", None, Some(Words { why, remedy, detail }))
        }
    };
    let mut drops = status.drops;
    drops.retain(|one| one.packets > 0);
    drops.sort_by_key(|one| std::cmp::Reverse(one.packets));
    let drop = |one: crate::kit::tunnel::Dropped| Drop {
        reason: say_drop(one.reason),
        packets: one.packets,
    };
    View {
        state,
        since,
        trouble,
        place: None,
        live: status.live,
        peers: status.peers,
        handshakes: status.handshakes,
        received: japanese::size(status.bytes_in),
        sent: japanese::size(status.bytes_out),
        floods: status.floods,
        is_flooded: status.is_flooded,
        clocks_behind: status.sessions.iter().filter(|one| one.clock_behind_at.is_some()).count(),
        drops: drops.into_iter().map(drop).collect(),
        warnings: status.warnings,
        sessions: Vec::new(),
        more: 0,
    }
}

fn place(app: &App, read: &Read<'_>) -> Result<Option<Place>, StoreError> {
    let (Some(rules), Some(home)) = (app.tunnel.rules(), home(read)?) else { return Ok(None) };
    let server = home.inside.server();
    Ok(Some(Place {
        endpoint: rules.endpoint.to_string(),
        second_port: rules.second_port,
        inner: server.v4.to_string(),
        inner6: server.v6.to_string(),
        block: format!("{}・{}", home.inside.v4, home.inside.v6),
        app: app.tunnel_host(),
        way: rules.way.key(),
        records: records(app, rules.way),
        advice: app.tunnel.name_trouble().map(advice),
        made: day(home.made_at),
    }))
}

fn advice(trouble: NameTrouble) -> Advice {
    let (what, remedy) = say_names(trouble);
    Advice { what, remedy }
}

fn records(app: &App, way: NameWay) -> Vec<Record> {
    let named = app.tunnel.named();
    let record = |host, leads: Option<Leads>, should: Option<Leads>| Record {
        name: app.tls.name(host).to_owned(),
        should: say_should(should),
        leads: leads.map(Leads::key),
        is_right: leads
            .is_some_and(|leads| should.map_or(leads != Leads::Nowhere, |should| leads == should)),
    };
    let first = named.map(|named| named.app);
    match way {
        // Nobody but the box answers for it.
        NameWay::OwnServer => Vec::new(),
        NameWay::One => vec![record(Host::App, first, None)],
        NameWay::Second => vec![
            record(Host::App, first, Some(Leads::Elsewhere)),
            record(Host::Inside, named.and_then(|named| named.second), Some(Leads::Inside)),
        ],
    }
}

/// The latest handshake in front.
fn sessions(
    read: &Read<'_>,
    directory: &Directory,
    all: &[PeerSession],
    now: Timestamp,
) -> Result<Vec<Row>, StoreError> {
    let mut latest: Vec<&PeerSession> = all.iter().collect();
    latest.sort_by_key(|one| std::cmp::Reverse(one.handshake_at));
    let mut rows = Vec::new();
    for one in latest.into_iter().take(SESSIONS_SHOWN_MAX) {
        let peer: Option<Peer> = tunnel::peer(read, one.peer)?;
        let Some(peer) = peer else { continue };
        let Some(device) = read.get::<Device>(&peer.device)? else { continue };
        rows.push(Row {
            platform: device.platform.key(),
            facility: facility_name(directory, device.facility),
            device: device.name,
            from: one.from.map_or_else(String::new, |from| from.to_string()),
            handshake: one.handshake_at.map(|at| japanese::short(at, now)),
            clock_behind: one.clock_behind_at.map(|at| japanese::short(at, now)),
            received: japanese::size(one.bytes_in),
            sent: japanese::size(one.bytes_out),
        });
    }
    Ok(rows)
}
