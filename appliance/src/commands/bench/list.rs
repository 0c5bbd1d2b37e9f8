//! The inbox: fifty rows through gate, session, rights, trail row and template.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use store::StoreError;
use tower::ServiceExt as _;
use webui::mail::model::{Folder, Owner};
use webui::mail::{EntryView, entry_view, tables};

use super::baseline::Baseline;
use super::device::{Visitor, log_in};
use super::fill::READERS;
use super::meter::{Meter, Spent, Spread};
use super::report::{Section, millis, number};
use super::town::Town;

pub const FLAT_METHOD: &str = "the page of `list` while the store grows";

const PATH: &str = "/mail/inbox";
const ROWS: usize = 50;

const WARM_UP: usize = 600;
const PAGES: usize = 3_000;

/// The best of some rounds: whoever else works on the machine only adds.
const ROUNDS: usize = 3;

pub struct Pages {
    spent: Spent,
    latencies: Spread,
    bytes: usize,
    count: u32,
    sample: Vec<EntryView>,
}

impl Pages {
    /// Of all threads: also the writer's, which commits the access rows.
    pub fn cpu_a_page(&self) -> Duration {
        self.spent.process / self.count
    }
}

pub async fn measure(town: &Town, baseline: Option<&Baseline>) -> anyhow::Result<Section> {
    let pages = pages(town).await?;
    let mut section = Section::new(
        "list",
        format!(
            "GET {PATH} in process through the whole router on a real file, {PAGES} pages of \
             {ROWS} rows of {READERS} members in turn, one at a time, best of {ROUNDS} \
             rounds; CPU of all threads"
        ),
    );
    section.millis("server CPU a page", pages.cpu_a_page());
    let thread = pages.spent.thread / pages.count;
    section.millis("of it on the page's own thread", thread);
    let writer = pages.cpu_a_page().saturating_sub(thread);
    section.millis("of it on others: the access row's commit", writer);
    section.millis("p50", pages.latencies.median());
    section.millis("p99", pages.latencies.percentile(99));
    section.add("page", number(pages.bytes) / 1_024.0, "KiB");
    if let Some(baseline) = baseline {
        let bare = baseline.list(&pages.sample)?;
        section.add("baseline: CPU a page", bare.cpu_ms, "ms");
        section.add("baseline: p50", bare.p50_ms, "ms");
        section.add("baseline: p99", bare.p99_ms, "ms");
        section.add("baseline: page", f64::from(bare.bytes) / 1_024.0, "KiB");
        let ratio = millis(pages.cpu_a_page()) / bare.cpu_ms;
        section.add("CPU a page, times the baseline's", ratio, "x");
    }
    Ok(section)
}

pub async fn pages(town: &Town) -> anyhow::Result<Pages> {
    let app = town.open()?;
    let readers = town.people.get(..READERS).context("the town is too small")?;
    let visitors = log_in(&app, readers, &town.devices).await?;
    let router = webui::doors(&app).app;
    let ask = async |visitor: &Visitor| -> anyhow::Result<Bytes> {
        let device = town.devices.get(visitor.resident.device).context("no device")?;
        let response = router.clone().oneshot(visitor.inside(device, PATH)?).await?;
        if !response.status().is_success() {
            bail!("the page answered {}", response.status());
        }
        Ok(response.into_body().collect().await?.to_bytes())
    };
    let mut bytes = 0;
    for visitor in visitors.iter().cycle().take(WARM_UP) {
        let page = ask(visitor).await?;
        check(&page)?;
        bytes = page.len();
    }
    let mut best: Option<(Spent, Spread)> = None;
    for _ in 0..ROUNDS {
        let (meter, mut latencies) = (Meter::start(), Spread::default());
        for visitor in visitors.iter().cycle().take(PAGES) {
            let started = Instant::now();
            ask(visitor).await?;
            latencies.add(started.elapsed());
        }
        let spent = meter.stop();
        if best.as_ref().is_none_or(|(before, _)| spent.process < before.process) {
            best = Some((spent, latencies));
        }
    }
    let (spent, latencies) = best.context("no round was measured")?;
    let sample = visitors.first().map(|visitor| rows_of(&app, visitor)).context("nobody")??;
    Ok(Pages { spent, latencies, bytes, count: u32::try_from(PAGES)?, sample })
}

/// A page with fewer rows would flatter.
fn check(page: &[u8]) -> anyhow::Result<()> {
    const ROW: &[u8] = b"<a class=\"row";
    let rows = page.windows(ROW.len()).filter(|part| *part == ROW).count();
    if rows != ROWS {
        bail!("the page shows {rows} rows: give --rows 10000 or more");
    }
    Ok(())
}

/// The same rows for the baseline.
fn rows_of(app: &webui::kit::app::App, visitor: &Visitor) -> anyhow::Result<Vec<EntryView>> {
    let (owner, now) = (visitor.resident.member, app.now());
    let act = super::town::act(&app.store, "bench.sample");
    let entries = app.store.glance(act, |view| {
        Ok::<_, StoreError>(
            tables::entries(view, Owner::member(owner), Folder::Inbox, None, ROWS)?.rows,
        )
    })?;
    Ok(entries.iter().map(|entry| entry_view(entry, now, None)).collect())
}
