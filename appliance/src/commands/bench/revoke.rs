//! Revocation: from the operator's command to the last byte of the device's connections.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use http_body_util::BodyExt as _;
use provisioning::facilities::Facility;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use webui::office::import::Tell;

use super::device::{BenchDevice, Visitor, log_in};
use super::meter::Spread;
use super::report::Section;
use super::town::{Resident, Town};
use crate::client::{send, whole};
use crate::config::{Config, MailRules};
use crate::desk::{self, Request};
use crate::outside::Push;
use crate::{Running, start};

const CONNECTIONS: usize = 20;
const ROUNDS: usize = 9;

/// A cut that takes longer is not one.
const CUT_MAX: Duration = Duration::from_secs(10);

pub async fn measure(town: &Town) -> anyhow::Result<Section> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let running = start(town.open_store()?, listener, MailRules::default().rules()).await?;
    let (mut acts, mut cuts) = (Spread::default(), Spread::default());
    let somebody = town.people.first().context("nobody lives here")?;
    for _ in 0..ROUNDS {
        let (act, cut) = round(&running, somebody).await?;
        acts.add(act);
        cuts.add(cut);
    }
    running.stop().await;
    let mut section = Section::new(
        "revoke",
        format!(
            "a device with {CONNECTIONS} live pages over real mutual TLS, the command as the \
             console gives it; {ROUNDS} rounds, clients in the same process"
        ),
    );
    section.millis("the act alone, durable, p50", acts.median());
    section.millis("until the last connection has ended, p50", cuts.median());
    section.millis("until the last connection has ended, slowest", cuts.percentile(100));
    Ok(section)
}

async fn round(running: &Running, somebody: &Resident) -> anyhow::Result<(Duration, Duration)> {
    let app = &running.app;
    let person = &somebody.person;
    let facility: Option<Facility> = app.store.read(|read| read.get(&person.facility))?;
    let facility = facility.context("the facility exists")?;
    let device = tokio::task::block_in_place(|| {
        BenchDevice::enrol(&app.store, &app.authority, &facility, somebody.member)
    })?;
    let id = device.id;
    let resident = Resident { device: 0, ..somebody.clone() };
    let devices = [device];
    let visitors = log_in(app, &[resident], &devices).await?;
    let visitor = visitors.first().context("nobody")?;
    let mut pages = JoinSet::new();
    let (opened, mut all_open) = tokio::sync::mpsc::channel(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let live = live_page(running, &devices, visitor)?;
        let opened = opened.clone();
        pages.spawn(async move { live.read(opened).await });
    }
    for _ in 0..CONNECTIONS {
        all_open.recv().await.context("a live page did not open")?;
    }
    let started = Instant::now();
    let (config, shared) = (no_config(), app.clone());
    let request = Request::DeviceRevoke { device: id.to_string() };
    let revoking = tokio::task::spawn_blocking(move || {
        desk::perform(&config, &shared.store, Some(&shared), request, &Tell::nobody())?;
        anyhow::Ok(started.elapsed())
    });
    let mut last = Duration::ZERO;
    while let Some(ended) = tokio::time::timeout(CUT_MAX, pages.join_next()).await? {
        last = last.max(ended??.duration_since(started));
    }
    Ok((revoking.await??, last))
}

struct LivePage {
    tls: tokio_rustls::TlsConnector,
    address: String,
    host: String,
    request: hyper::Request<crate::client::Body>,
}

fn live_page(
    running: &Running,
    devices: &[BenchDevice],
    visitor: &Visitor,
) -> anyhow::Result<LivePage> {
    Ok(LivePage {
        tls: devices.first().context("no device")?.tls()?,
        address: running.address.to_string(),
        host: visitor.host.clone(),
        request: visitor.request("/live").body(whole(""))?,
    })
}

impl LivePage {
    /// Reads until the connection ends; says when the first event has come.
    async fn read(self, opened: tokio::sync::mpsc::Sender<()>) -> anyhow::Result<Instant> {
        let response = send(&self.tls, &self.address, &self.host, self.request).await?;
        if !response.status().is_success() {
            bail!("the live page answered {}", response.status());
        }
        let mut body = response.into_body();
        while let Some(Ok(_)) = body.frame().await {
            opened.send(()).await.ok();
        }
        Ok(Instant::now())
    }
}

/// Revoking looks at none of it.
fn no_config() -> Config {
    Config {
        data: PathBuf::new(),
        listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
        cache_mib: 0,
        master_key: None,
        backup_recipient: None,
        mail: MailRules::default(),
        acme: None,
        gateway: None,
        smtp: None,
        push: Push::default(),
    }
}
