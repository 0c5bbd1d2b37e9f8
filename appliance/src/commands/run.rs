//! `tokinet run`: serve until told to stop.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use store::{Clock, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{runtime, say};
use crate::config::Config;
use crate::migrations::MIGRATIONS;
use crate::{control, master, start};

#[derive(clap::Args)]
pub struct Args {
    #[arg(long, default_value = "tokinet.toml")]
    config: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let master = master::read(config.master_key.as_deref())?;
    let store = Store::open(&config.layout(), &master, Clock::system(), MIGRATIONS)?;
    runtime()?.block_on(serve(config, store))
}

async fn serve(config: Config, store: Store) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let mut running = start(store, listener, config.mail.rules()).await?;
    let config = Arc::new(config);
    let control = control::listen(config.clone(), running.app.clone())?;
    say(format_args!("ready on {}", running.address));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        ended = running.wait() => return ended,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    control.abort();
    drop(std::fs::remove_file(config.control_socket()));
    running.stop().await;
    Ok(())
}
