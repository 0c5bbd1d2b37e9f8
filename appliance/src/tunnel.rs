//! The gateway within the product: what it is given, what it gives, and how it is told of.
//!
//! A gateway that does not start is said on the office's page and in `tokinet status`; the product
//! serves all the same, because the other way in still stands.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use gateway::engine::Alarm;
use gateway::{
    Config, Gateway, Inside as InsideNetwork, Outside, PeerId, Prepared, Secret32, Session,
    StartProblem,
};
use jiff::{SignedDuration, Timestamp};
use provisioning::tunnel::{self, Home, Inside, Wanted};
use store::{Act, Actor, Clock, Id, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use webui::kit::app::App;
use webui::kit::contact::tell_two_places;
use webui::kit::inside::InsideListeners;
use webui::kit::tunnel::{Dropped, PeerSession, TunnelState, TunnelStatus, TunnelTrouble};

use crate::peers::{self, PeerValue, Peers};
use crate::running::{GatewayChoice, this_program};
use crate::sessions::{self, KEPT_EVERY, Keeper};

/// The hidden command that makes the gateway's network; see `commands`.
pub const NAMESPACE_COMMAND: &str = "namespace";

/// An alarm needs six returns of an endpoint, which take a minute or two.
const ALARMS_EVERY: Duration = Duration::from_secs(10);

/// What every part of the product sees of it; `None` before the start, after the end, and where it
/// failed.
#[derive(Clone, Default)]
struct Running(Arc<Mutex<Option<Gateway>>>);

impl Running {
    fn lock(&self) -> MutexGuard<'_, Option<Gateway>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn peer_at(&self, inside: IpAddr) -> Option<PeerId> {
        self.lock().as_ref()?.peer_at(inside)
    }

    fn status(&self) -> Option<gateway::Status> {
        Some(self.lock().as_ref()?.status())
    }

    fn sessions(&self) -> Option<Vec<Session>> {
        Some(self.lock().as_ref()?.sessions())
    }
}

/// The network's key and inner addresses, made at the first start with a gateway.
pub async fn establish(store: &Store, wanted: Wanted) -> anyhow::Result<()> {
    let kept = store.read(tunnel::home)?;
    let fits = |inside: Inside| {
        wanted.v4.is_none_or(|v4| v4 == inside.v4) && wanted.v6.is_none_or(|v6| v6 == inside.v6)
    };
    if kept.is_some_and(|home| fits(home.inside)) {
        return Ok(());
    }
    let (clock, act) =
        (store.clock().clone(), Act::new(Actor::System, "tunnel.establish", store.clock().now()));
    let made = store.write(act, move |write| tunnel::establish(write, &clock, wanted)).await?;
    if made.stays {
        log::warn!(
            inner_v4:% = made.home.inside.v4, inner_v6:% = made.home.inside.v6;
            "[gateway] other inner addresses are wanted, but devices have some of these: they stay"
        );
    }
    Ok(())
}

/// Starts the gateway and serves the product on what it listens on inside, until `stop`.
pub async fn start(
    app: &App,
    choice: &GatewayChoice,
    prepared: Option<Result<Prepared, StartProblem>>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let home = app.store.read(tunnel::home)?.context("the network has no tunnel")?;
    let peers = peers::follow(app.store.clone(), stop.clone()).await?;
    let config = config(app, choice, &home)?;
    let peers = as_the_gateways(peers, stop.clone());
    // It waits for a process that makes the network: milliseconds, and seconds at a busy boot.
    let start = move || match prepared {
        Some(prepared) => Gateway::start_prepared(&config, prepared?, peers),
        None => Gateway::start(&config, peers),
    };
    let mut gateway = match tokio::task::spawn_blocking(start).await? {
        Ok(gateway) => gateway,
        Err(problem) => {
            tell_failure(app, &problem);
            return Ok(());
        }
    };
    let (since, outside) = (app.now(), gateway.outside().to_vec());
    log::info!(outside:? = outside, inner_v4:% = home.inside.server().v4; "the gateway runs");
    let warnings: Vec<_> =
        gateway.warnings().iter().map(|one| format!("{one}: {}", one.remedy())).collect();
    let listeners = gateway.listeners();
    let running = Running::default();
    *running.lock() = Some(gateway);
    let (shown, clock) = (running.clone(), app.store.clock().clone());
    app.tunnel.watch(move || status(&shown, since, clock.now(), &warnings));
    let whose = running.clone();
    let inside = InsideListeners {
        https: listeners.https,
        http: listeners.http,
        whose: Arc::new(move |address| whose.peer_at(address).map(|id| Id::from_bytes(id.0))),
    };
    tokio::spawn(serve(app.clone(), inside, running.clone(), stop.clone()));
    if let Some(file) = choice.sessions.clone() {
        let (keeper, clock) = (Keeper::new(file), app.store.clock().clone());
        tokio::spawn(keep_sessions(keeper, running.clone(), clock, stop.clone()));
    }
    tokio::spawn(tell_alarms(app.clone(), running, stop));
    Ok(())
}

fn config(app: &App, choice: &GatewayChoice, home: &Home) -> anyhow::Result<Config> {
    let server = home.inside.server();
    let kept = choice.sessions.as_deref();
    Ok(Config {
        private_key: Secret32(*home.private.bytes()),
        outside: outside(choice.rules.endpoint.port(), choice.rules.second_port),
        inside: InsideNetwork {
            v4: server.v4,
            v6: server.v6,
            v4_prefix: home.inside.v4.bits(),
            v6_prefix: provisioning::tunnel::Prefix::BITS,
        },
        name: app.app_host(),
        mtu: choice.rules.mtu,
        helper: helper()?,
        before: kept.map(|file| sessions::read(file, app.now())).unwrap_or_default(),
    })
}

/// On all addresses: the office decides where devices reach the box by its names.
pub fn outside(port: u16, second_port: Option<u16>) -> Outside {
    Outside { address: None, port, second_port }
}

/// Program and arguments of the process that goes inside.
pub fn helper() -> anyhow::Result<Vec<OsString>> {
    Ok(vec![this_program()?.into(), NAMESPACE_COMMAND.into()])
}

/// The same list in the gateway's own words.
fn as_the_gateways(
    mut peers: Peers,
    stop: CancellationToken,
) -> watch::Receiver<Arc<[gateway::Peer]>> {
    let first = in_its_words(&peers.borrow_and_update());
    let (told, receiver) = watch::channel(first);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = peers.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            drop(told.send_replace(in_its_words(&peers.borrow_and_update())));
        }
    });
    receiver
}

fn in_its_words(peers: &[PeerValue]) -> Arc<[gateway::Peer]> {
    let peer = |value: &PeerValue| gateway::Peer {
        id: PeerId(value.id),
        public_key: value.public_key,
        preshared_key: Secret32(*value.preshared_key.bytes()),
        v4: value.v4,
        v6: value.v6,
    };
    peers.iter().map(peer).collect()
}

/// The product inside, and with its end the gateway's.
async fn serve(app: App, inside: InsideListeners, running: Running, stop: CancellationToken) {
    if let Err(error) = webui::serve_inside(app, inside, stop.clone()).await {
        log::error!(error:% = error; "cannot serve inside of the tunnel");
        stop.cancelled().await;
    }
    let ended = tokio::task::spawn_blocking(move || {
        let gateway = running.lock().take();
        if let Some(gateway) = gateway {
            gateway.stop();
        }
    });
    // A panic of its threads was told on its way.
    drop(ended.await);
}

async fn keep_sessions(
    mut keeper: Keeper,
    running: Running,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut is_last = false;
    while !is_last {
        is_last = tokio::select! {
            () = tokio::time::sleep(KEPT_EVERY) => false,
            () = stop.cancelled() => true,
        };
        let Some(live) = running.sessions() else { return };
        let now = clock.now();
        let kept = tokio::task::spawn_blocking(move || (keeper.keep(live, now), keeper));
        let Ok((kept, back)) = kept.await else { return };
        keeper = back;
        if let Err(error) = kept {
            log::error!(error:% = error; "cannot keep the tunnel's sessions for the next start");
            return;
        }
    }
}

fn tell_failure(app: &App, problem: &StartProblem) {
    let (code, remedy) = (problem.code(), problem.remedy());
    log::error!(code = code, remedy = remedy; "no tunnel, because {problem}: {remedy}");
    let state = TunnelState::Failed {
        trouble: trouble(problem),
        detail: format!("{problem}: {}", problem.remedy()),
    };
    app.tunnel.watch(move || TunnelStatus { state: state.clone(), ..TunnelStatus::default() });
}

/// Which words the office reads.
fn trouble(problem: &StartProblem) -> TunnelTrouble {
    match problem {
        StartProblem::TunMissing | StartProblem::TunWithoutDriver => TunnelTrouble::NoTunDevice,
        StartProblem::TunNotAllowed { .. }
        | StartProblem::TunBlocked
        | StartProblem::TunUnusable { .. }
        | StartProblem::TunRefused { .. } => TunnelTrouble::TunNotPermitted,
        StartProblem::UserNamespacesAbsent
        | StartProblem::UserNamespacesOff
        | StartProblem::UserNamespacesDebian
        | StartProblem::UserNamespacesAppArmor
        | StartProblem::UserNamespacesFiltered
        | StartProblem::UserNamespacesUsedUp { .. }
        | StartProblem::NetNamespacesOff
        | StartProblem::NamespaceRefused { .. } => TunnelTrouble::NoUserNamespaces,
        StartProblem::PortTaken { .. } => TunnelTrouble::PortTaken,
        StartProblem::PlanWrong { .. } => TunnelTrouble::Config,
        StartProblem::KernelTooOld { .. }
        | StartProblem::Interface { .. }
        | StartProblem::WouldForward
        | StartProblem::Listen { .. }
        | StartProblem::Outside { .. }
        | StartProblem::Threads { .. }
        | StartProblem::Helper { .. } => TunnelTrouble::Internal,
    }
}

fn status(
    running: &Running,
    since: Timestamp,
    now: Timestamp,
    warnings: &[String],
) -> TunnelStatus {
    let Some(status) = running.status() else { return TunnelStatus::default() };
    let ago = |age: Duration| SignedDuration::try_from(age).ok().map(|age| now - age);
    let session = |one: &gateway::engine::PeerStatus| PeerSession {
        peer: Id::from_bytes(one.id.0),
        from: one.outside.map(|address| address.ip().to_canonical()),
        handshake_at: one.since_handshake.and_then(ago),
        clock_behind_at: one.clock_behind.and_then(ago),
        bytes_in: one.received_bytes,
        bytes_out: one.sent_bytes,
    };
    let dropped = |(why, packets): &(gateway::engine::Drop, u64)| Dropped {
        reason: why.code(),
        packets: *packets,
    };
    TunnelStatus {
        state: TunnelState::Running { since },
        peers: status.peers.len(),
        live: status.peers.iter().filter(|one| one.is_live).count(),
        handshakes: status.peers.iter().map(|one| one.handshakes).sum(),
        bytes_in: status.inside_received_bytes,
        bytes_out: status.inside_sent_bytes,
        drops: status.drops.iter().map(dropped).collect(),
        floods: status.flood.floods,
        is_flooded: status.flood.is_under_load,
        warnings: warnings.to_vec(),
        sessions: status.peers.iter().filter(|one| one.handshakes > 0).map(session).collect(),
    }
}

/// Looks for keys that are in two places, and tells each alarm once.
async fn tell_alarms(app: App, running: Running, stop: CancellationToken) {
    let mut told: HashMap<PeerId, Alarm> = HashMap::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(ALARMS_EVERY) => {}
            () = stop.cancelled() => return,
        }
        let Some(status) = running.status() else { return };
        for one in status.peers {
            let Some(alarm) = one.alarm else { continue };
            if told.insert(one.id, alarm) == Some(alarm) {
                continue;
            }
            let addresses = alarm.places.map(|place| place.ip().to_canonical());
            if let Err(error) = tell_two_places(&app, Id::from_bytes(one.id.0), addresses).await {
                log::error!(error:% = error; "cannot tell that a key is in two places");
                told.remove(&one.id);
            }
        }
    }
}
