//! The product, started: listeners, timers, and the way to stop them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use gateway::{Prepared, StartProblem};
use provisioning::tunnel::Wanted;
use store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use webui::acme::Settings;
use webui::kit::app::{App, Config as WebConfig, Rules};
use webui::kit::connections::Limits;
use webui::kit::tunnel::TunnelRules;
use webui::notices::outside::Outside;

use crate::tunnel;

/// Attachments that nobody names are looked for once a day.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// A started product.
pub struct Running {
    pub app: App,
    pub address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// Starts serving a store that holds a network.
pub async fn start(store: Store, listener: TcpListener, rules: Rules) -> anyhow::Result<Running> {
    start_within(store, listener, rules, Limits::USUAL).await
}

/// The same with other limits for lines.
pub async fn start_within(
    store: Store,
    listener: TcpListener,
    rules: Rules,
    limits: Limits,
) -> anyhow::Result<Running> {
    start_with(store, listener, Choices { limits, ..Choices::usual(rules) }).await
}

/// What an owner or a test may decide about a start.
pub struct Choices {
    pub rules: Rules,
    pub limits: Limits,
    pub acme: Option<Settings>,
    pub outside: Outside,
    /// `None` for a box without a gateway.
    pub gateway: Option<GatewayChoice>,
    /// What the gateway needs and this process took before it had threads; see `rights`.
    pub prepared: Option<Result<Prepared, StartProblem>>,
}

/// What the owner of a box decided about the tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayChoice {
    pub rules: TunnelRules,
    pub wanted: Wanted,
    /// Where live sessions are kept for the next start.
    pub sessions: Option<PathBuf>,
}

impl Choices {
    /// Nothing leaves the box, and the usual limits hold.
    pub fn usual(rules: Rules) -> Self {
        Self {
            rules,
            limits: Limits::USUAL,
            acme: None,
            outside: Outside::default(),
            gateway: None,
            prepared: None,
        }
    }
}

pub async fn start_with(
    store: Store,
    listener: TcpListener,
    choices: Choices,
) -> anyhow::Result<Running> {
    let Choices { rules, limits, acme, outside, gateway, prepared } = choices;
    if let Some(choice) = &gateway {
        tunnel::establish(&store, choice.wanted).await?;
    }
    let given_out = gateway.as_ref().map(|choice| choice.rules.clone());
    let picture_worker = this_program()?;
    let config = WebConfig { picture_worker, rules, limits, acme, outside, tunnel: given_out };
    let app = App::new(store, &config).context("cannot start the product")?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let serving = tokio::spawn(webui::serve(app.clone(), listener, stop.clone()));
    tokio::spawn(sweep(app.clone(), stop.clone()));
    if let Some(choice) = gateway {
        tunnel::start(&app, &choice, prepared, stop.clone()).await?;
    }
    Ok(Running { app, address, stop, serving })
}

async fn sweep(app: App, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
        let app = app.clone();
        let swept = tokio::task::spawn_blocking(move || {
            app.store.blobs().sweep(
                |blob| app.store.read(|read| webui::mail::tables::is_kept(read, blob)),
                app.now(),
            )
        });
        match swept.await {
            Ok(Ok(report)) => log::info!(report:?; "swept the attachments"),
            Ok(Err(error)) => log::error!(error:% = error; "cannot sweep the attachments"),
            Err(error) => log::error!(error:% = error; "sweeping was stopped"),
        }
    }
}

impl Running {
    /// Until it ends by itself, which it does not unless something broke.
    pub async fn wait(&mut self) -> anyhow::Result<()> {
        (&mut self.serving).await.context("serving broke off")
    }

    /// Ends open requests, then the store.
    pub async fn stop(self) {
        self.stop.cancel();
        drop(self.serving.await);
        let app = self.app;
        drop(tokio::task::spawn_blocking(move || app.store.close()).await);
    }
}

/// This binary again, for the child processes that it starts of itself.
pub fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot find this program")
}
