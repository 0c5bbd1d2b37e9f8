//! The demo's network in this process: a real store in a folder of its own, real TLS on loopback.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use appliance::demo::{self, DemoNetwork};
use appliance::migrations::MIGRATIONS;
use appliance::{Choices, GatewayChoice, Running, start_with};
use jiff::SignedDuration;
use provisioning::authority::DeviceKey;
use provisioning::cards::{self, Approval, Printed};
use provisioning::devices::{Certificate, CertificateState, Device, DeviceState, Platform};
use provisioning::directory::Entry;
use provisioning::enrolment;
use provisioning::facilities::FacilityKind;
use provisioning::tunnel::{Endpoint, Wanted};
use store::{Act, Actor, Clock, Id, Layout, MasterKey, Store, StoreError};
use tempfile::TempDir;
use tokio::net::TcpListener;
use webui::acme::Settings;
use webui::kit::app::{App, Rules};
use webui::kit::connections::Limits;
use webui::kit::tunnel::{NameWay, TunnelRules};
use webui::notices::outside::Outside;

use crate::browser::Browser;
use crate::line::{Identity, Way};

pub const DOMAIN: &str = "tokinet.test";

/// Nobody waits for second thoughts here.
const RULES: Rules = Rules {
    undo: SignedDuration::ZERO,
    urgent_reminder: SignedDuration::from_mins(15),
    urgent_escalation: SignedDuration::from_mins(30),
};

const CACHE_BYTES: usize = 32 * 1024 * 1024;

pub struct TestNetwork {
    pub app: App,
    pub running: Running,
    pub folder: TempDir,
    pub master: [u8; 32],
    pub data: DemoNetwork,
}

/// An enrolled device, as it lies in somebody's hand.
#[derive(Clone)]
pub struct TestDevice {
    pub id: Id<Device>,
    pub identity: Identity,
    pub spki: [u8; 32],
}

impl TestNetwork {
    pub async fn start() -> Self {
        Self::start_within(Limits::USUAL).await
    }

    pub async fn start_within(limits: Limits) -> Self {
        let choices = Choices { limits, ..Choices::usual(RULES) };
        Self::start_at(Clock::system(), loopback().await, choices).await
    }

    /// A box that wants public certificates, on a port that the ACME server knows.
    pub async fn start_with_acme(clock: Clock, listener: TcpListener, acme: Settings) -> Self {
        let choices = Choices { acme: Some(acme), ..Choices::usual(RULES) };
        Self::start_at(clock, listener, choices).await
    }

    /// A box whose product has a second name, which leads into the tunnel. Its gateway needs the
    /// product's own program, so here it does not start: tests serve inside by themselves.
    pub async fn start_with_inside_name() -> Self {
        let endpoint = Endpoint::new("vpn.tokinet.test", 51_820).expect("an endpoint");
        let rules = TunnelRules { endpoint, second_port: None, mtu: 1280, way: NameWay::Second };
        let gateway = Some(GatewayChoice { rules, wanted: Wanted::default(), sessions: None });
        let choices = Choices { gateway, ..Choices::usual(RULES) };
        Self::start_at(Clock::system(), loopback().await, choices).await
    }

    /// A clock that the test moves; it starts at the real time, which TLS goes by.
    pub async fn start_with_clock() -> (Self, Clock) {
        let clock = Clock::fixed(Clock::system().now(), 1);
        (Self::start_at(clock.clone(), loopback().await, Choices::usual(RULES)).await, clock)
    }

    /// Notices leave the box, by a clock that the test moves.
    pub async fn start_outside(outside: Outside) -> (Self, Clock) {
        let clock = Clock::fixed(Clock::system().now(), 1);
        let choices = Choices { outside, ..Choices::usual(RULES) };
        (Self::start_at(clock.clone(), loopback().await, choices).await, clock)
    }

    async fn start_at(clock: Clock, listener: TcpListener, choices: Choices) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DemoNetwork::read().expect("the demo's data");
        let master = Clock::system().random();
        let layout = layout(folder.path());
        let making = tokio::task::spawn_blocking(move || {
            let key = MasterKey::new(master);
            let store = Store::create(&layout, &key, clock, MIGRATIONS).expect("a store");
            let data = DemoNetwork::read().expect("the demo's data");
            demo::found(&store, &data, DOMAIN).expect("the demo's network");
            store
        });
        let store = making.await.expect("a network");
        let running = start_with(store, listener, choices).await.expect("a start");
        Self { app: running.app.clone(), running, folder, master, data }
    }

    /// Stops the product and starts it again on the same folder.
    pub async fn restart(self) -> Self {
        self.restart_with(None).await
    }

    pub async fn restart_with(self, acme: Option<Settings>) -> Self {
        let Self { app, running, folder, master, data } = self;
        drop(app);
        running.stop().await;
        let layout = layout(folder.path());
        let open = || Store::open(&layout, &MasterKey::new(master), Clock::system(), MIGRATIONS);
        // The last clone of the old store closes its files a moment after `stop`.
        let store = poll(Duration::from_secs(10), || open().ok()).await.expect("opens again");
        let choices = Choices { acme, ..Choices::usual(RULES) };
        let running = start_with(store, loopback().await, choices).await.expect("a start");
        Self { app: running.app.clone(), running, folder, master, data }
    }

    /// Somebody by the key of the demo's data.
    pub fn member(&self, key: &str) -> Arc<Entry> {
        let one = self.data.member.iter().find(|one| one.key == key).expect("a member's key");
        let facility = self.data.facility.iter().find(|place| place.key == one.facility);
        let code = &facility.expect("a facility").code;
        let directory = self.app.directory().expect("a directory");
        let found = directory.entries().find(|entry| {
            entry.member.login.as_str() == one.login && entry.facility.code.as_str() == code
        });
        found.expect("a member").clone()
    }

    /// A device of this member's facility, enrolled without a card.
    pub async fn device(&self, key: &str) -> TestDevice {
        let entry = self.member(key);
        let secret = DeviceKey::generate().expect("a key");
        let (app, public) = (&self.app, secret.public_key());
        let clock = app.store.clock();
        let (id, certificate) =
            enrolment::prepare(&app.authority, clock, &entry.facility, &public).expect("a leaf");
        let device = Device {
            id,
            facility: entry.facility.id,
            name: "PC".to_owned(),
            platform: Platform::Linux,
            office: entry.facility.details.kind == FacilityKind::Office,
            state: DeviceState::Active,
            enrolled_by: entry.member.id,
            enrolled_at: app.now(),
            first_seen_at: Some(app.now()),
        };
        let row = Certificate {
            spki: certificate.spki_sha256,
            device: id,
            serial: certificate.serial.as_bytes().to_vec(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            state: CertificateState::Active,
        };
        let put = app.store.write(self.act("test.enrol"), move |write| {
            write.put(&device)?;
            write.put(&row)?;
            Ok::<_, StoreError>(())
        });
        put.await.expect("a device");
        let device_ca = app.authority.device_anchors().next().expect("a CA").to_vec();
        let chain = vec![certificate.der, device_ca];
        let identity = Identity { chain, pkcs8: secret.pkcs8().as_bytes().to_vec() };
        TestDevice { id, identity, spki: certificate.spki_sha256 }
    }

    pub async fn card(&self, key: &str, approval: Approval) -> Printed {
        let (id, app) = (self.member(key).member.id, self.app.clone());
        let issued = self.app.store.write(self.act("card.issue"), move |write| {
            cards::issue(write, app.store.clock(), &app.authority, id, approval, None)
        });
        issued.await.expect("a card")
    }

    pub fn act(&self, action: &'static str) -> Act {
        Act::new(Actor::System, action, self.app.now())
    }

    pub fn app_way(&self, who: Option<&Identity>) -> Way {
        let root = self.app.authority.root_certificate();
        Way::new(self.running.address, &self.app.app_host(), root, who)
    }

    pub fn touroku_way(&self) -> Way {
        let root = self.app.authority.root_certificate();
        Way::new(self.running.address, &self.app.touroku_host(), root, None)
    }

    /// Somebody who sits at a device and has not logged in.
    pub fn browser(&self, device: &TestDevice) -> Browser {
        Browser::at(self.app_way(Some(&device.identity)))
    }

    pub async fn log_in(&self, key: &str, device: &TestDevice) -> Browser {
        let entry = self.member(key);
        let mut browser = self.browser(device);
        let (code, user) = (entry.facility.code.as_str(), entry.member.login.as_str());
        browser.login(code, user, demo::PASSWORD).await;
        browser
    }
}

pub fn layout(folder: &Path) -> Layout {
    Layout { folder: folder.join("store"), cache_bytes: CACHE_BYTES }
}

async fn loopback() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port")
}

/// Asks until there is an answer or the time is over: for what the operating system does when it
/// likes.
pub async fn poll<T>(within: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = tokio::time::Instant::now() + within;
    let mut turn = tokio::time::interval(Duration::from_millis(5));
    while tokio::time::Instant::now() < deadline {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        turn.tick().await;
    }
    None
}
