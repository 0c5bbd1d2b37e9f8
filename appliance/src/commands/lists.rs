//! `tokinet facility|member import|export`: the office's lists, from and to a file.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use provisioning::sheets::{FILE_BYTES_MAX, SheetProblem};
use serde_json::Value;
use webui::office::import::{Kind, Tell, say as words};

use super::desk::{Common, answer};
use super::say;
use crate::desk::{Purpose, Request};

#[derive(clap::Args)]
pub struct Import {
    #[command(flatten)]
    common: Common,
    file: PathBuf,
    /// Say what is wrong, new or changed, and change nothing
    #[arg(long)]
    check: bool,
}

#[derive(clap::Args)]
pub struct Export {
    #[command(flatten)]
    common: Common,
    /// The file to make; one that is there stays as it is
    file: PathBuf,
    /// utf8, cp932 or xlsx; without it, what the file's name says
    #[arg(long)]
    form: Option<String>,
}

/// A screen; `--json` has all of them.
const DOUBTS_SHOWN_MAX: usize = 20;

impl Import {
    pub fn run(self, kind: Kind) -> anyhow::Result<()> {
        let file = self.read()?;
        let purpose = if self.check { Purpose::Check } else { Purpose::Take };
        let tell = if std::io::stderr().is_terminal() { on_terminal() } else { Tell::nobody() };
        let request = Request::ListImport { kind, file, purpose };
        let answer = answer(&self.common, request, &tell)?;
        if self.common.json {
            say(&answer);
        }
        let said = |name: &str| -> Vec<&str> {
            let rows = answer.get(name).and_then(Value::as_array).into_iter().flatten();
            rows.filter_map(|row| row.get("said")?.as_str()).collect()
        };
        let mistakes = said("mistakes");
        for line in &mistakes {
            eprintln!("{line}");
        }
        if !mistakes.is_empty() {
            bail!(words::not_taken(mistakes.len()));
        }
        if !self.common.json {
            // What somebody should look at, and what does not stand in the way.
            let doubts = said("doubts");
            doubts.iter().take(DOUBTS_SHOWN_MAX).for_each(|line| eprintln!("{line}"));
            if let Some(more) = doubts.len().checked_sub(DOUBTS_SHOWN_MAX).filter(|more| *more > 0)
            {
                eprintln!("{}", words::more(more));
            }
            let number = |name| {
                let number = answer.get(name).and_then(Value::as_u64).unwrap_or_default();
                usize::try_from(number).unwrap_or(usize::MAX)
            };
            let taken = answer.get("taken").and_then(Value::as_bool).unwrap_or_default();
            let [new, changed, unchanged] = ["new", "changed", "unchanged"].map(number);
            say(words::outcome(taken, new, changed, unchanged));
        }
        Ok(())
    }

    /// In base64, as it goes to the product.
    fn read(&self) -> anyhow::Result<String> {
        let file = &self.file;
        let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
        let mut bytes = Vec::new();
        opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).map_or(true, |bytes| bytes > FILE_BYTES_MAX) {
            bail!(words::sheet(&SheetProblem::TooLarge));
        }
        Ok(data_encoding::BASE64.encode(&bytes))
    }
}

/// One line that is written over.
fn on_terminal() -> Tell {
    Tell::to(|progress| {
        let end = if progress.done == progress.of { "\n" } else { "" };
        eprint!("\r{}{end}", words::underway(progress));
    })
}

impl Export {
    pub fn run(self, kind: Kind) -> anyhow::Result<()> {
        let is_xlsx = self.file.extension().is_some_and(|ending| ending == "xlsx");
        let form = self.form.unwrap_or_else(|| if is_xlsx { "xlsx" } else { "utf8" }.to_owned());
        let path = self.file.display();
        // Names of people, so nobody else's to read; and nobody's work is written over.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.file)
            .with_context(|| format!("cannot make {path}"))?;
        let request = Request::ListExport { kind, form };
        let written = answer(&self.common, request, &Tell::nobody()).and_then(|answer| {
            let bytes = answer.get("file").and_then(Value::as_str).context("no list came")?;
            file.write_all(&data_encoding::BASE64.decode(bytes.as_bytes())?)?;
            file.sync_all()?;
            Ok(answer.get("rows").cloned().unwrap_or_default())
        });
        let rows = match written {
            Ok(rows) => rows,
            Err(error) => {
                drop(file);
                std::fs::remove_file(&self.file)?;
                return Err(error);
            }
        };
        match self.common.json {
            true => say(serde_json::json!({ "file": self.file, "rows": rows })),
            false => say(format_args!("{path}: {rows}")),
        }
        Ok(())
    }
}
