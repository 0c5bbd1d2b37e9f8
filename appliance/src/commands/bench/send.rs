//! A durable send to five: the draft is started, then sent, each an act that is synced.

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use store::Id;
use tokio::task::JoinSet;
use webui::kit::app::App;
use webui::mail::drafts::{self, Draft, DraftProblem};
use webui::mail::outbox::{self, Leave};

use super::baseline::Baseline;
use super::fill::{Draw, any};
use super::meter::{Meter, Spent, Spread};
use super::report::{Section, millis, number};
use super::town::{Resident, Town, act};

const RECIPIENTS: usize = 5;

/// How many send at once, and how many each sends.
const ROUNDS: [(usize, usize); 3] = [(1, 300), (8, 150), (64, 100)];

const BODY_BYTES: usize = 1_000;

pub async fn measure(
    town: &Town,
    mails: u64,
    baseline: Option<&Baseline>,
) -> anyhow::Result<Section> {
    let app = town.open()?;
    let mut section = Section::new(
        "send",
        format!(
            "{RECIPIENTS} of {} members as recipients, body of {BODY_BYTES} bytes, on a real \
             file; all drafts are started, then all sent; CPU of all threads",
            town.people.len()
        ),
    );
    section.millis("fdatasync of 4 KiB, p50", sync_time(town)?);
    for (senders, each) in ROUNDS {
        let sends = senders * each;
        let drafts = drafts_of(&app, town, sends)?;
        let ids: Vec<_> = drafts.iter().map(|draft| (draft.owner, draft.id)).collect();
        let start = Phase::run(&app, senders, drafts, start_one).await?;
        let send = Phase::run(&app, senders, ids, send_one).await?;
        let line = |what: &str| format!("{senders} at once: {what}");
        section.add(line("sends"), send.per_second(), "/s");
        section.millis(line("p50 of a send"), send.latencies.median());
        section.millis(line("p99 of a send"), send.latencies.percentile(99));
        section.micros(line("CPU a send"), send.cpu());
        section.micros(line("CPU a draft's start"), start.cpu());
        if let Some(baseline) = baseline {
            let bare = baseline.send(senders, sends, mails)?;
            section.add(line("baseline, 13 puts"), bare.per_second, "/s");
            section.add(line("baseline, p50"), bare.p50_ms, "ms");
            section.add(line("baseline, CPU"), bare.cpu_us, "us");
            let ratio = millis(send.cpu()) * 1_000.0 / bare.cpu_us;
            section.add(line("CPU a send, times the baseline's"), ratio, "x");
        }
    }
    Ok(section)
}

/// What this disk takes for the smallest thing that is durable.
fn sync_time(town: &Town) -> anyhow::Result<Duration> {
    const SYNCS: u64 = 200;
    const PAGE: usize = 4_096;
    let file = std::fs::File::create(town.folder().join("synced"))?;
    let mut spread = Spread::default();
    for n in 0..SYNCS {
        file.write_all_at(&[1; PAGE], n * 4_096)?;
        let started = Instant::now();
        file.sync_data()?;
        spread.add(started.elapsed());
    }
    Ok(spread.median())
}

fn drafts_of(app: &App, town: &Town, count: usize) -> anyhow::Result<Vec<Draft>> {
    let mut draw = Draw::of(u64::try_from(count)?);
    let clock = app.store.clock();
    let one = |_| {
        let mut recipients = Vec::new();
        while recipients.len() < RECIPIENTS {
            let member = any(&mut draw, &town.people)?.person.owner;
            if !recipients.contains(&member) {
                recipients.push(member);
            }
        }
        let owner: &Resident = any(&mut draw, &town.people)?;
        Ok(Draft {
            recipients,
            subject: "bench".to_owned(),
            body: "b".repeat(BODY_BYTES),
            ..Draft::blank(clock.id(), owner.member, clock.now())
        })
    };
    (0..count).map(one).collect()
}

async fn start_one(app: App, draft: Draft) -> Result<(), DraftProblem> {
    let act = act(&app.store, "draft.start").on("draft", draft.id);
    app.store.write(act, move |write| drafts::start(write, &draft)).await.map_err(Into::into)
}

type Sent = (Id<provisioning::members::Member>, Id<Draft>);

async fn send_one(app: App, (owner, id): Sent) -> Result<(), DraftProblem> {
    let clock = app.store.clock().clone();
    let act = act(&app.store, "mail.send").on("draft", id);
    let leave = Leave::Soon { undo: SignedDuration::ZERO };
    let sent = app.store.write(act, move |write| outbox::send(write, &clock, owner, id, 1, leave));
    sent.await.map(drop)
}

/// The same act many times, by several at once.
struct Phase {
    spent: Spent,
    latencies: Spread,
    count: usize,
}

impl Phase {
    async fn run<T, F>(
        app: &App,
        senders: usize,
        work: Vec<T>,
        one: impl Fn(App, T) -> F + Send + Sync + 'static,
    ) -> anyhow::Result<Self>
    where
        T: Send + 'static,
        F: Future<Output = Result<(), DraftProblem>> + Send + 'static,
    {
        let (count, one) = (work.len(), Arc::new(one));
        let mut shares: Vec<Vec<T>> = (0..senders).map(|_| Vec::new()).collect();
        for (n, item) in work.into_iter().enumerate() {
            if let Some(share) = shares.get_mut(n % senders) {
                share.push(item);
            }
        }
        let meter = Meter::start();
        let mut tasks = JoinSet::new();
        for share in shares {
            let (app, one) = (app.clone(), one.clone());
            tasks.spawn(async move {
                let mut latencies = Spread::default();
                for item in share {
                    let started = Instant::now();
                    one(app.clone(), item).await?;
                    latencies.add(started.elapsed());
                }
                Ok::<_, DraftProblem>(latencies)
            });
        }
        let mut latencies = Spread::default();
        while let Some(done) = tasks.join_next().await {
            latencies.join(done??);
        }
        Ok(Self { spent: meter.stop(), latencies, count })
    }

    fn per_second(&self) -> f64 {
        number(self.count) / self.spent.wall.as_secs_f64()
    }

    fn cpu(&self) -> Duration {
        self.spent.process / u32::try_from(self.count).unwrap_or(u32::MAX).max(1)
    }
}
