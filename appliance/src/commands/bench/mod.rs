//! `tokinet bench`: the product's figures on this machine. It measures and prints; it judges
//! nothing.
//!
//! `town` is what is measured, `meter` and `report` are how; every other file is a measurement.

mod meter;
mod report;

mod device;
mod fill;
mod served;
mod town;

mod baseline;
mod files;
mod gate;
mod hostile;
mod list;
mod login;
mod memory;
mod pages;
mod revoke;
mod search;
mod send;
mod slow;
mod starting;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;

use self::baseline::Baseline;
use self::fill::Mails;
use self::report::Section;
use self::town::Town;
use super::{runtime, say};

#[derive(clap::Args)]
pub struct Args {
    /// Mails in the store
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Measure only this; may come more than once
    #[arg(long)]
    only: Vec<Name>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Where the store is made; its disk is what is measured
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The baseline program, to be measured in the same run
    #[arg(long)]
    beside: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    List,
    Send,
    Gate,
    Revoke,
    Start,
    Memory,
    Flat,
    Files,
    Login,
    Search,
    Served,
    Slow,
    Hostile,
}

/// Sizes of the store at which the list page is measured on the way to its full size.
const STEPS: [u64; 2] = [10_000, 100_000];

pub fn run(args: &Args) -> anyhow::Result<()> {
    let scratch = match &args.folder {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let scratch = scratch.context("cannot make a scratch folder")?;
    let town = Town::found(scratch.path().to_owned())?;
    let baseline = args.beside.clone().map(|program| Baseline::of(program, &town));
    let mut bench = Bench { args, town, baseline, sections: Vec::new() };
    bench.measure_inside()?;
    bench.measure_served()?;
    if args.json {
        say(serde_json::to_string_pretty(&bench.sections)?);
    }
    Ok(())
}

struct Bench<'a> {
    args: &'a Args,
    town: Town,
    baseline: Option<Baseline>,
    sections: Vec<Section>,
}

impl Bench<'_> {
    fn wants(&self, name: Name) -> bool {
        self.args.only.is_empty() || self.args.only.contains(&name)
    }

    /// Printed at once, because a whole run takes minutes.
    fn keep(&mut self, section: Section) {
        if !self.args.json {
            say(section.text().trim_end());
        }
        self.sections.push(section);
    }

    /// What runs in this process. A runtime each, so that nothing of the one before is left.
    fn measure_inside(&mut self) -> anyhow::Result<()> {
        self.fill()?;
        if self.wants(Name::List) {
            let section = runtime()?.block_on(list::measure(&self.town, self.baseline.as_ref()))?;
            self.keep(section);
        }
        if self.wants(Name::Gate) {
            let section = runtime()?.block_on(gate::measure(&self.town))?;
            self.keep(section);
        }
        if self.wants(Name::Login) {
            let section = runtime()?.block_on(login::measure(&self.town))?;
            self.keep(section);
        }
        if self.wants(Name::Search) {
            let section = runtime()?.block_on(search::measure(&self.town, self.args.rows))?;
            self.keep(section);
        }
        if self.wants(Name::Send) {
            let section = runtime()?.block_on(send::measure(
                &self.town,
                self.args.rows,
                self.baseline.as_ref(),
            ))?;
            self.keep(section);
        }
        if self.wants(Name::Revoke) {
            let section = runtime()?.block_on(revoke::measure(&self.town))?;
            self.keep(section);
        }
        Ok(())
    }

    /// Grows the store to its size, looking at the list page on the way.
    fn fill(&mut self) -> anyhow::Result<()> {
        let mut section = Section::new("flat", list::FLAT_METHOD);
        let mut mails = Mails::none(&self.town.open_store()?);
        let flat = self.wants(Name::Flat);
        let steps = STEPS.into_iter().filter(|step| flat && *step < self.args.rows);
        for step in steps.chain([self.args.rows]) {
            let store = self.town.open_store()?;
            let meter = meter::Meter::start();
            let before = mails.count();
            mails.grow(&store, &self.town, step)?;
            let spent = meter.stop();
            drop(store);
            if !flat {
                continue;
            }
            let pages = runtime()?.block_on(list::pages(&self.town))?;
            section.millis(format!("server CPU a page at {step} mails"), pages.cpu_a_page());
            let each = u32::try_from(step - before).unwrap_or(u32::MAX).max(1);
            section.micros(format!("filling up to {step}: CPU a mail"), spent.process / each);
        }
        if flat {
            self.keep(section);
        }
        Ok(())
    }

    /// What needs a process of its own: the store is handed over to `tokinet run`.
    fn measure_served(&mut self) -> anyhow::Result<()> {
        if self.wants(Name::Start) {
            let section = runtime()?.block_on(starting::measure(&self.town))?;
            self.keep(section);
        }
        if self.wants(Name::Memory) {
            let section = runtime()?.block_on(memory::measure(&self.town))?;
            self.keep(section);
        }
        if self.wants(Name::Served) {
            let section = runtime()?.block_on(pages::measure(&self.town))?;
            self.keep(section);
        }
        if self.wants(Name::Slow) {
            let section = runtime()?.block_on(slow::measure(&self.town))?;
            self.keep(section);
        }
        if self.wants(Name::Hostile) {
            let section = runtime()?.block_on(hostile::measure(&self.town))?;
            self.keep(section);
        }
        if self.wants(Name::Files) {
            let section = runtime()?.block_on(files::measure(&self.town))?;
            self.keep(section);
        }
        Ok(())
    }
}
