//! The program to compare with: the same work on the bare libraries, in the same minutes.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use webui::mail::EntryView;

use super::town::Town;

pub struct Baseline {
    program: PathBuf,
    folder: PathBuf,
}

#[derive(Deserialize)]
pub struct BareList {
    pub cpu_ms: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub bytes: u32,
}

#[derive(Deserialize)]
pub struct BareSend {
    pub per_second: f64,
    pub cpu_us: f64,
    pub p50_ms: f64,
}

impl Baseline {
    pub fn of(program: PathBuf, town: &Town) -> Self {
        Self { program, folder: town.folder().to_owned() }
    }

    /// A page of these rows.
    pub fn list(&self, rows: &[EntryView]) -> anyhow::Result<BareList> {
        let sample = self.folder.join("sample.json");
        std::fs::write(&sample, serde_json::to_vec(rows)?)?;
        self.ask(&["list", path(&sample)?])
    }

    pub fn send(&self, senders: usize, sends: usize, mails: u64) -> anyhow::Result<BareSend> {
        self.ask(&["send", &senders.to_string(), &sends.to_string(), &mails.to_string()])
    }

    fn ask<T: DeserializeOwned>(&self, arguments: &[&str]) -> anyhow::Result<T> {
        let folder = self.folder.join("baseline");
        std::fs::create_dir_all(&folder)?;
        let output = Command::new(&self.program)
            .arg(&folder)
            .args(arguments)
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        if !output.status.success() {
            bail!("the baseline failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).context("the baseline's answer is not understood")
    }
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("the folder's name is not text")
}
