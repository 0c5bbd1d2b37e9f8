//! What handlers are given: the store, the authority, and the few things that live in memory.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use provisioning::authority::Authority;
use provisioning::directory::Directory;
use provisioning::facilities::Facility;
use provisioning::mailboxes::Mailbox;
use provisioning::members::Member;
use provisioning::network::{self, Network};
use provisioning::public::Host;
use store::{Id, Record, Store, StoreError};
use tokio::sync::Semaphore;

use super::connections::{Connections, Limits};
use super::japanese;
use super::live::Live;
use super::page::Templates;
use super::places::Places;
use super::tls::{Names, Tls, TlsError};
use super::tunnel::{NameWay, Tunnel, TunnelRules};
use super::turns::Turns;
use super::waiting::Badge;
use crate::acme::{Renewal, Settings};
use crate::index::{Gauge, Index};
use crate::notices::outside::Outside;
use crate::pictures::Cleaner;

/// Password hashes at once: each takes 64 MiB and a core for a tenth of a second, and a flood of
/// log-ins must not stop the pages.
const HASHES_AT_ONCE: usize = 2;

/// What the appliance decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// The program that cleans photos: this binary with its hidden command.
    pub picture_worker: PathBuf,
    pub rules: Rules,
    pub limits: Limits,
    /// Where public certificates come from, if the owner wants any.
    pub acme: Option<Settings>,
    pub outside: Outside,
    /// How devices reach the gateway; `None` where the box has none.
    pub tunnel: Option<TunnelRules>,
}

/// What the owner of a box may set about mail.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How long a mail waits for second thoughts after it was sent; zero sends at once.
    pub undo: SignedDuration,
    /// How long an urgent mail may lie unopened before its reader is reminded.
    pub urgent_reminder: SignedDuration,
    /// How long before the facility's second contact is told.
    pub urgent_escalation: SignedDuration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            undo: SignedDuration::from_secs(15),
            urgent_reminder: SignedDuration::from_mins(15),
            urgent_escalation: SignedDuration::from_mins(30),
        }
    }
}

#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub store: Store,
    pub authority: Authority,
    pub network: Network,
    pub tls: Tls,
    pub renewal: Renewal,
    pub templates: Templates,
    pub live: Live,
    pub connections: Connections,
    pub places: Places,
    pub hashing: Semaphore,
    pub cleaner: Cleaner,
    pub rules: Rules,
    pub outbox: OutboxBell,
    /// Where notices may go beyond the box.
    pub outside: Outside,
    /// Uploads that are being received.
    pub turns: Turns,
    /// Mails by their words, and how many of them are in it.
    pub index: Index,
    pub index_gauge: Gauge,
    pub tunnel: Tunnel,
    directory: Mutex<Option<Cached>>,
}

struct Cached {
    generation: u64,
    directory: Arc<Directory>,
}

/// Wakes whoever watches the outbox, when something was put into it.
#[derive(Default)]
pub struct OutboxBell(tokio::sync::Notify);

impl OutboxBell {
    pub fn wake(&self) {
        self.0.notify_one();
    }

    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the store holds no network yet")]
    NoNetwork,
    #[error("the authority's keys do not fit together")]
    Authority(#[from] provisioning::authority::AuthorityError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a template does not parse")]
    Template(#[from] minijinja::Error),
}

impl App {
    /// Clones that there are: a thread that ended holds none.
    #[cfg(test)]
    pub fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub fn new(store: Store, config: &Config) -> Result<Self, AppError> {
        let network = store.read(network::settings)?.ok_or(AppError::NoNetwork)?;
        let authority = store.read(network::authority)?.ok_or(AppError::NoNetwork)??;
        let index = Index::new(store.sealed_folder("mail-index")?);
        let has_inside = config.tunnel.as_ref().is_some_and(|rules| rules.way == NameWay::Second);
        let names = Names::of(&network.domain, has_inside);
        let tls = Tls::start(&store, &authority, names, config.acme.is_some())?;
        Ok(Self(Arc::new(Parts {
            store,
            authority,
            network,
            tls,
            renewal: Renewal::new(config.acme.clone()),
            templates: Templates::load()?,
            live: Live::default(),
            connections: Connections::within(config.limits),
            places: Places::default(),
            hashing: Semaphore::new(HASHES_AT_ONCE),
            cleaner: Cleaner::new(config.picture_worker.clone()),
            rules: config.rules,
            outbox: OutboxBell::default(),
            outside: config.outside.clone(),
            turns: Turns::default(),
            index,
            index_gauge: Gauge::default(),
            tunnel: Tunnel::new(config.tunnel.clone()),
            directory: Mutex::new(None),
        })))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Parts {
    pub fn app_host(&self) -> String {
        self.tls.name(Host::App).to_owned()
    }

    /// Under which name a device in the tunnel opens the product.
    pub fn tunnel_host(&self) -> String {
        let second = self.tls.hosts().contains(&Host::Inside);
        self.tls.name(if second { Host::Inside } else { Host::App }).to_owned()
    }

    pub fn touroku_host(&self) -> String {
        self.tls.name(Host::Touroku).to_owned()
    }

    /// Whether browsers have to know our own root: see `Tls::is_of_own_authority`.
    pub fn serves_own_certificate(&self) -> bool {
        self.tls.is_of_own_authority()
    }

    /// What people type to come here.
    pub fn address(&self) -> String {
        format!("https://{}/", self.app_host())
    }

    /// The same for a device in the tunnel.
    pub fn tunnel_address(&self) -> String {
        format!("https://{}/", self.tunnel_host())
    }

    pub fn now(&self) -> jiff::Timestamp {
        self.store.clock().now()
    }

    pub fn today(&self) -> jiff::civil::Date {
        japanese::today(self.now())
    }

    /// What waits for a member: counters, so that every page can ask.
    pub fn badge(&self, member: Id<Member>) -> Result<Badge, StoreError> {
        let boxes = self.directory()?.mailboxes_of(member);
        self.store.read(|read| Badge::of(read, member, boxes.iter().map(|entry| entry.mailbox.id)))
    }

    /// Everybody, read anew only after a facility, a mailbox or a member changed.
    pub fn directory(&self) -> Result<Arc<Directory>, StoreError> {
        let tables = [Member::TABLE, Facility::TABLE, Mailbox::TABLE];
        let generation = tables.iter().map(|table| self.store.generation(table)).sum();
        let mut cached = self.directory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = &*cached
            && cached.generation == generation
        {
            return Ok(cached.directory.clone());
        }
        let directory = Arc::new(self.store.read(|read| Directory::read(read, japanese::job))?);
        *cached = Some(Cached { generation, directory: directory.clone() });
        Ok(directory)
    }
}
