//! Search over one's own mail: making the index, its size, and words of all kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use store::{Order, StoreError};
use tower::ServiceExt as _;
use webui::index::{Asked, fold};
use webui::kit::app::App;
use webui::mail::model::{Mail, Owner};
use webui::mail::search::catch_up;

use super::device::{Visitor, log_in};
use super::fill::READERS;
use super::meter::{Meter, Spread};
use super::report::{Section, number};
use super::town::{Town, act};

/// Pages asked for with each word.
const PAGES: usize = 600;

/// Mails whose text is weighed and whose words are looked for.
const SAMPLE: usize = 2_000;

/// Searches over everybody's mail at once: what a mailbox of that size would cost.
const WIDE: usize = 100;

/// A mail that comes is found after how long: tried so often.
const ARRIVALS: usize = 20;

pub async fn measure(town: &Town, mails: u64) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "search",
        format!(
            "the index made anew from all mails in this process, then GET /mail/search through \
             the whole router on a real file, {PAGES} pages a word of {READERS} members in turn, \
             one at a time; CPU of all threads; words are the most frequent two and three signs \
             of the sample mails, and two and three drawn ones of a line that is every mail's own"
        ),
    );
    let app = town.open()?;
    make(&mut section, &app, mails)?;
    let words = words(&app, town)?;
    let readers = town.people.get(..READERS).context("the town is too small")?;
    let visitors = log_in(&app, readers, &town.devices).await?;
    for (what, word) in &words {
        let (cpu, latencies, rows) = pages(&app, town, &visitors, word).await?;
        section.millis(format!("{what}: p50"), latencies.median());
        section.millis(format!("{what}: p95"), latencies.percentile(95));
        section.millis(format!("{what}: p99"), latencies.percentile(99));
        section.millis(format!("{what}: CPU"), cpu);
        section.add(format!("{what}: rows a page"), rows, "");
    }
    let everybody: Vec<_> =
        town.people.iter().map(|one| Owner::member(one.member).bytes()).collect();
    for (what, word) in &words {
        let asked =
            Asked { readers: everybody.clone(), words: vec![fold(word)], ..Asked::default() };
        let mut latencies = Spread::default();
        for _ in 0..WIDE {
            let started = Instant::now();
            app.index.search(&asked, None, ROWS_WIDE)?;
            latencies.add(started.elapsed());
        }
        section.millis(format!("{what}, over everybody's mail: p95"), latencies.percentile(95));
    }
    section.millis("a commit of one mail that came, and the way to it: p50", arrivals(&app).await?);
    Ok(section)
}

const ROWS_WIDE: usize = 100;

fn make(section: &mut Section, app: &App, mails: u64) -> anyhow::Result<()> {
    app.index.discard()?;
    let meter = Meter::start();
    catch_up(app)?;
    let spent = meter.stop();
    let each = u32::try_from(mails)?.max(1);
    section.add("making it anew", spent.wall.as_secs_f64(), "s");
    section.micros("CPU a mail, with merging", spent.process / each);
    let bytes = app.index.bytes()?;
    section.add("index", number(bytes / 1_024) / 1_024.0, "MiB");
    let text = sample(app)?.iter().map(|mail| mail.subject.len() + mail.body.len()).sum::<usize>();
    let a_mail = number(text) / number(SAMPLE.min(usize::try_from(mails)?));
    section.add("text of a mail", a_mail, "bytes");
    let index = number(bytes / 1_024) * 1_024.0 / f64::from(each);
    section.add("index bytes a text byte", index / a_mail, "x");
    Ok(())
}

fn sample(app: &App) -> anyhow::Result<Vec<Mail>> {
    let page = app.store.glance(act(&app.store, "bench.sample"), |view| {
        view.reveal_page::<Mail>(&(), Order::Descending, None, SAMPLE)
    });
    Ok(page.map_err(|error: StoreError| error)?.rows)
}

fn words(app: &App, town: &Town) -> anyhow::Result<Vec<(&'static str, String)>> {
    let own = sample(app)?.into_iter().nth(SAMPLE / 2).context("no mails")?;
    let line = own.body.lines().last().context("a mail has a line of its own")?.to_owned();
    let drawn = |count: usize| line.chars().skip(2).take(count).collect::<String>();
    Ok(vec![
        ("one frequent sign", frequent(town, 1)?),
        ("two frequent signs", frequent(town, 2)?),
        ("three frequent signs", frequent(town, 3)?),
        ("two rare signs", drawn(2)),
        ("three rare signs", drawn(3)),
    ])
}

/// The run of signs that stands in most of the sample mails.
fn frequent(town: &Town, signs: usize) -> anyhow::Result<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, body) in &town.sample {
        let letters: Vec<char> = fold(body).chars().collect();
        let runs: BTreeSet<String> =
            letters.windows(signs).map(|run| run.iter().collect()).collect();
        for run in runs {
            *counts.entry(run).or_default() += 1;
        }
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(run, _)| run).context("no sample mails")
}

async fn pages(
    app: &App,
    town: &Town,
    visitors: &[Visitor],
    word: &str,
) -> anyhow::Result<(Duration, Spread, f64)> {
    let encoded: String = word.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = format!("/mail/search?q={encoded}");
    let router = webui::doors(app).app;
    let ask = async |visitor: &Visitor| -> anyhow::Result<Bytes> {
        let device = town.devices.get(visitor.resident.device).context("no device")?;
        let response = router.clone().oneshot(visitor.inside(device, &path)?).await?;
        if !response.status().is_success() {
            bail!("the page answered {}", response.status());
        }
        Ok(response.into_body().collect().await?.to_bytes())
    };
    for visitor in visitors {
        ask(visitor).await?;
    }
    let (meter, mut latencies, mut rows) = (Meter::start(), Spread::default(), 0);
    for visitor in visitors.iter().cycle().take(PAGES) {
        let started = Instant::now();
        let page = ask(visitor).await?;
        latencies.add(started.elapsed());
        rows += page.windows(ROW.len()).filter(|part| *part == ROW).count();
    }
    let cpu = meter.stop().process / u32::try_from(PAGES)?;
    Ok((cpu, latencies, number(rows) / number(PAGES)))
}

const ROW: &[u8] = b"class=\"row-title\"";

/// The newest mail is sent once more, and the index brought up.
async fn arrivals(app: &App) -> anyhow::Result<Duration> {
    let like = sample(app)?.into_iter().next().context("no mails")?;
    let mut latencies = Spread::default();
    for _ in 0..ARRIVALS {
        let (id, sent_at) = (app.store.clock().id(), app.now());
        let mail = Mail { id, thread: id, sent_at, ..like.clone() };
        let sent = app.store.write(act(&app.store, "bench.send"), move |write| {
            webui::mail::delivery::deliver(write, &mail)
        });
        sent.await?;
        let started = Instant::now();
        catch_up(app)?;
        latencies.add(started.elapsed());
    }
    Ok(latencies.median())
}
