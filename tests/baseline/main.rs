//! The baseline of `tokinet bench`: the same page and the same send on the bare libraries,
//! without devices, sessions, rights, trail and sealing. It says what those cost.
//!
//! `baseline FOLDER list SAMPLE.json` or `baseline FOLDER send SENDERS SENDS MAILS`; answers JSON.

mod list;
mod send;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::time::{ClockId, clock_gettime};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().context("baseline FOLDER list|send ...");
    let (folder, what) = (PathBuf::from(next()?), next()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let answer = match what.as_str() {
        "list" => runtime.block_on(list::measure(&folder, &PathBuf::from(next()?)))?,
        "send" => {
            let (senders, sends, mails) = (next()?.parse()?, next()?.parse()?, next()?.parse()?);
            runtime.block_on(send::measure(&folder, senders, sends, mails))?
        }
        _ => bail!("neither list nor send: {what}"),
    };
    #[expect(clippy::print_stdout, reason = "answering is what a command is for")]
    {
        println!("{answer}");
    }
    Ok(())
}

/// What all threads have spent.
fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

fn percentile(all: &mut [Duration], percent: usize) -> Duration {
    all.sort_unstable();
    let place = (all.len() * percent / 100).min(all.len().saturating_sub(1));
    all.get(place).copied().unwrap_or_default()
}

/// A fresh file, made as the product makes its own.
fn fresh(folder: &std::path::Path, name: &str) -> anyhow::Result<redb::Database> {
    const CACHE_BYTES: usize = 256 * 1024 * 1024;
    let path = folder.join(name);
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    Ok(redb::Database::builder().set_cache_size(CACHE_BYTES).create(path)?)
}
