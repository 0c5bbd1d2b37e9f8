//! `tokinet run`: serve until told to stop.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use provisioning::network;
use store::{Clock, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use webui::acme::{Challenge, Settings};
use webui::kit::connections::Limits;
use webui::kit::tunnel::NameWay;
use webui::notices::outside::Outside;

use super::{runtime, say};
use crate::config::{AcmeRules, Config};
use crate::migrations::MIGRATIONS;
use crate::rights::{self, Taken};
use crate::{Choices, GatewayChoice, control, master, names, notify, start_with};

#[derive(clap::Args)]
pub struct Args {
    #[arg(long, default_value = "tokinet.toml")]
    config: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    // Before the store: what is wrong here should be the first thing said.
    let acme = config.acme.as_ref().map(AcmeRules::settings).transpose()?;
    let outside = config.ways().outside()?;
    // The store and the runtime have threads.
    let taken = rights::take(&config)?;
    let master = master::read(config.master_key.as_deref())?;
    let store = Store::open(&config.layout(), &master, Clock::system(), MIGRATIONS)?;
    runtime()?.block_on(serve(config, Away { acme, outside }, taken, store))
}

/// What the product may reach beyond the box.
struct Away {
    acme: Option<Settings>,
    outside: Outside,
}

async fn serve(config: Config, away: Away, taken: Taken, store: Store) -> anyhow::Result<()> {
    let listener = TcpListener::from_std(taken.listener)?;
    let Away { acme, outside } = away;
    let domain = store.read(network::settings)?.context("the store holds no network")?.domain;
    let gateway = config.gateway.as_ref().map(|rules| rules.choice(&domain)).transpose()?.flatten();
    let kept = |choice| GatewayChoice { sessions: Some(config.sessions_file()), ..choice };
    let gateway = gateway.map(kept);
    let (rules, limits) = (config.mail.rules(), Limits::USUAL);
    check_names(acme.as_ref(), gateway.as_ref())?;
    let prepared = taken.gateway;
    let choices = Choices { rules, limits, acme, outside, gateway, prepared };
    let mut running = start_with(store, listener, choices).await?;
    let config = Arc::new(config);
    let control = control::listen(config.clone(), running.app.clone())?;
    let names = tokio::spawn(names::watch(running.app.clone()));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    say(format_args!("ready on {}", running.address));
    notify::ready(running.address, &running.app.tunnel.status());
    tokio::select! {
        ended = running.wait() => return ended,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    notify::stopping();
    control.abort();
    names.abort();
    drop(std::fs::remove_file(config.control_socket()));
    running.stop().await;
    Ok(())
}

/// An authority that looks at port 443 cannot see a name that leads into the tunnel.
fn check_names(acme: Option<&Settings>, gateway: Option<&GatewayChoice>) -> anyhow::Result<()> {
    let over_tls = acme.is_some_and(|acme| matches!(acme.challenge, Challenge::TlsAlpn));
    let has_second = gateway.is_some_and(|choice| choice.rules.way == NameWay::Second);
    ensure!(
        !(over_tls && has_second),
        "[gateway] inside_name needs challenge = \"dns-01\" in [acme]: the authority cannot reach \
         a name that leads into the tunnel"
    );
    Ok(())
}
