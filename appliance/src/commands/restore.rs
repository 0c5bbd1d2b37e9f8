//! `tokinet restore`: a backup becomes a store again.

use std::path::PathBuf;

use anyhow::Context as _;

use super::say;
use crate::config::Config;
use crate::master;

#[derive(clap::Args)]
pub struct Args {
    #[arg(long, default_value = "tokinet.toml")]
    config: PathBuf,
    /// The backup's file
    from: PathBuf,
    /// The file with the recovery key that `init` printed
    #[arg(long)]
    recovery_key: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let identity = std::fs::read_to_string(&args.recovery_key)
        .with_context(|| format!("cannot read {}", args.recovery_key.display()))?;
    let master = match (&config.master_key, master::read(config.master_key.as_deref())) {
        (_, Ok(master)) => master,
        // A new box has no key yet: it gets one of its own.
        (Some(path), Err(_)) if !path.exists() => master::create(path)?,
        (_, Err(error)) => return Err(error),
    };
    let report = store::restore(&args.from, identity.trim(), &config.layout(), &master)?;
    say(format_args!(
        "restored {} rows and {} attachments of {}; the trail has {} rows and ends in {}",
        report.rows,
        report.blobs,
        report.at,
        report.trail.number,
        data_encoding::HEXLOWER.encode(&report.trail.hash),
    ));
    Ok(())
}
