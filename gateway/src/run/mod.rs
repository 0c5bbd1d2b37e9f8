//! The gateway as it runs: three threads around the engine.
//!
//! `worker.rs` moves packets both ways, `handshakes.rs` answers initiations and ticks, `reload.rs`
//! follows the list of peers. `outside.rs` and `tun.rs` are the two ends.

mod batch;
mod handshakes;
mod outside;
mod prepared;
mod reload;
mod tun;
mod worker;

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rustix::event::EventfdFlags;
use rustix::time::ClockId;
use tokio::sync::watch;

use crate::config::{Config, Inside, Peer, PeerId, Session};
use crate::dns::{Answerer, Zone};
use crate::engine::{Drop, Engine, Flood, Moment, PeerStatus};
use crate::filter::Addresses;
use crate::namespace::{self, Made, Plan, StartProblem, Warning};
use outside::Outside;
pub use prepared::Prepared;
use tun::Tun;

/// The endpoint, until [`Gateway::stop`].
pub struct Gateway {
    shared: Arc<Shared>,
    listeners: Listeners,
    outside: Vec<SocketAddr>,
    warnings: Vec<Warning>,
    threads: Vec<JoinHandle<()>>,
    reload: JoinHandle<()>,
    names: Answerer,
    /// The namespace lives as long as these.
    user_namespace: Option<OwnedFd>,
    net_namespace: OwnedFd,
}

/// What peers reach inside, for whoever serves it. All are non-blocking.
#[derive(Debug, Default)]
pub struct Listeners {
    pub https: Vec<TcpListener>,
    pub http: Vec<TcpListener>,
}

/// How it goes.
#[derive(Clone, Debug)]
pub struct Status {
    pub peers: Vec<PeerStatus>,
    pub flood: Flood,
    /// Counts since the start, of those that happened.
    pub drops: Vec<(Drop, u64)>,
    /// Of packets, without what the tunnel adds.
    pub inside_received_bytes: u64,
    pub inside_sent_bytes: u64,
}

/// What the threads have in common.
struct Shared {
    engine: Engine,
    outside: Outside,
    tun: Tun,
    connections: Option<namespace::Connections>,
    stopping: AtomicBool,
    /// Wakes the worker for the end.
    stop: OwnedFd,
    /// Wakes the thread for handshakes.
    queued: Condvar,
    has_queued: Mutex<bool>,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
}

impl Gateway {
    /// Makes the namespace and begins to answer; the first peers are known when it returns.
    /// A program that comes with rights of the start prepares before it has a second thread, and
    /// then starts with [`Gateway::start_prepared`].
    ///
    /// # Errors
    ///
    /// By what the administrator can do about it.
    pub fn start(
        config: &Config,
        peers: watch::Receiver<Arc<[Peer]>>,
    ) -> Result<Self, StartProblem> {
        Self::start_prepared(config, Prepared::new(&config.outside, &config.helper)?, peers)
    }

    /// The same with what was taken before; `outside` and `helper` of the config are not used.
    ///
    /// # Errors
    ///
    /// By what the administrator can do about it.
    pub fn start_prepared(
        config: &Config,
        prepared: Prepared,
        mut peers: watch::Receiver<Arc<[Peer]>>,
    ) -> Result<Self, StartProblem> {
        let Prepared { outside, helper } = prepared;
        let inside = config.inside;
        let Inside { v4, v6, v4_prefix, v6_prefix } = inside;
        let plan = Plan { v4, v6, v4_prefix, v6_prefix, mtu: config.mtu };
        let made = namespace::make(&plan, helper)?;
        let Made { tun, https, http, dns_udp, dns_tcp, connections, .. } = made;
        let zone = zone(config)?;
        let names = Answerer::start(dns_udp, dns_tcp, zone).map_err(failed)?;
        let addresses = Addresses { v4: inside.v4, v6: inside.v6 };
        let engine = Engine::new(&config.private_key, addresses, Box::new(random));
        let stop = rustix::event::eventfd(0, EventfdFlags::CLOEXEC).map_err(failed)?;
        let bound = outside.addresses();
        let shared = Arc::new(Shared {
            engine,
            outside,
            tun: Tun::new(tun, config.mtu.into()),
            connections,
            stopping: AtomicBool::new(false),
            stop,
            queued: Condvar::new(),
            has_queued: Mutex::new(false),
            received_bytes: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
        });
        shared.engine.call_back(now(), &config.before);
        let first = Arc::clone(&peers.borrow_and_update());
        shared.engine.change_peers(now(), &first);
        let worker = worker::Worker::new(Arc::clone(&shared)).map_err(failed)?;
        let threads = vec![
            spawn("tunnel", move || worker.run())?,
            spawn("handshakes", {
                let shared = Arc::clone(&shared);
                move || handshakes::run(&shared)
            })?,
        ];
        let reload = spawn("peers", {
            let shared = Arc::clone(&shared);
            move || reload::run(&shared, peers)
        })?;
        Ok(Self {
            shared,
            listeners: Listeners { https, http },
            names,
            outside: bound,
            warnings: made.warnings,
            threads,
            reload,
            user_namespace: made.user_namespace,
            net_namespace: made.net_namespace,
        })
    }

    /// Once: the second time there are none.
    pub fn listeners(&mut self) -> Listeners {
        std::mem::take(&mut self.listeners)
    }

    /// The addresses and ports that clients reach.
    pub fn outside(&self) -> &[SocketAddr] {
        &self.outside
    }

    /// What it does without.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// For whoever wants to look inside: the user namespace, where there is one, and the network's.
    pub fn namespaces(&self) -> (Option<&OwnedFd>, &OwnedFd) {
        (self.user_namespace.as_ref(), &self.net_namespace)
    }

    /// The device behind an inner address: nobody else can send from it.
    pub fn peer_at(&self, inside: IpAddr) -> Option<PeerId> {
        let table = self.shared.engine.table();
        table.by_inside(inside.to_canonical()).map(|slot| slot.peer.id)
    }

    pub fn status(&self) -> Status {
        let now = now();
        let engine = &self.shared.engine;
        Status {
            peers: engine.table().slots().map(|slot| slot.status(now)).collect(),
            flood: engine.flood(),
            drops: engine.drops.all(),
            inside_received_bytes: self.shared.received_bytes.load(Ordering::Relaxed),
            inside_sent_bytes: self.shared.sent_bytes.load(Ordering::Relaxed),
        }
    }

    /// For [`Config::before`] of the next process, however this one ends: 0.1 us a peer.
    pub fn sessions(&self) -> Vec<Session> {
        self.shared.engine.sessions(now())
    }

    /// Returns when nothing is read or written any more.
    pub fn stop(self) {
        drop(self.names);
        self.shared.stopping.store(true, Ordering::Release);
        // It cannot be full: it is written once.
        let _ = rustix::io::write(&self.shared.stop, &1_u64.to_ne_bytes());
        self.shared.wake_handshakes();
        self.reload.thread().unpark();
        for thread in self.threads.into_iter().chain([self.reload]) {
            if thread.join().is_err() {
                log::error!("a thread of the gateway had panicked");
            }
        }
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn wake_handshakes(&self) {
        *self.has_queued.lock() = true;
        self.queued.notify_one();
    }
}

/// On a clock that runs while the machine sleeps, as the keys' ages do.
fn now() -> Moment {
    let time = rustix::time::clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Moment(Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default()))
}

fn zone(config: &Config) -> Result<Zone, StartProblem> {
    let Inside { v4, v6, .. } = config.inside;
    let zone = Zone::new(&[config.name.as_str()], v4, Some(v6));
    zone.map_err(|problem| StartProblem::PlanWrong { why: format!("its name: {problem}") })
}

fn random() -> u32 {
    let mut bytes = [0; 4];
    while rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()) != Ok(4) {}
    u32::from_ne_bytes(bytes)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartProblem> {
    let named = thread::Builder::new().name(name.to_owned());
    named.spawn(run).map_err(failed)
}

fn failed(error: impl Into<io::Error>) -> StartProblem {
    StartProblem::Threads { errno: error.into().raw_os_error().unwrap_or_default() }
}
