//! `tokinet verify`: every row opens, the trail's chain holds, every attachment is whole.

use std::path::PathBuf;

use anyhow::bail;
use store::{Clock, Store, StoreError};

use super::say;
use crate::config::Config;
use crate::master;
use crate::migrations::MIGRATIONS;

#[derive(clap::Args)]
pub struct Args {
    #[arg(long, default_value = "tokinet.toml")]
    config: PathBuf,
    /// One line of JSON for scripts
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let master = master::read(config.master_key.as_deref())?;
    let store = Store::open(&config.layout(), &master, Clock::system(), MIGRATIONS)?;
    let rows = store.verify_rows()?;
    let acts = store.read(|read| Ok::<_, StoreError>(read.verify_trail()))??;
    let (mut whole, mut damaged) = (0u64, Vec::new());
    for name in store.blobs().names()? {
        let name = name?;
        match store.blobs().scrub(&name) {
            Ok(_) => whole += 1,
            Err(error) => damaged.push(format!("{name}: {error}")),
        }
    }
    store.close();
    if args.json {
        let report = serde_json::json!({
            "rows": rows, "acts": acts, "attachments": whole, "damaged": damaged,
        });
        say(report);
    } else {
        say(format_args!("{rows} rows, {acts} acts in an unbroken chain, {whole} attachments"));
    }
    if !damaged.is_empty() {
        bail!("damaged attachments:\n{}", damaged.join("\n"));
    }
    Ok(())
}
