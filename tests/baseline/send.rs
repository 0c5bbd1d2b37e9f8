//! A send as thirteen puts in five tables, one writer thread with group commit.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use redb::{Database, TableDefinition};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

const BODIES: Table = TableDefinition::new("bodies");
const INBOXES: Table = TableDefinition::new("inboxes");
const SENT: Table = TableDefinition::new("sent");
const UNREAD: Table = TableDefinition::new("unread");
const AUDIT: Table = TableDefinition::new("audit");

const BODY: [u8; 1_000] = [b'b'; 1_000];
const ROW: [u8; 200] = [b'r'; 200];
const AUDIT_ROW: [u8; 120] = [b'a'; 120];

const MEMBERS: u64 = 5_000;
const RECIPIENTS: u64 = 5;

/// Far from its neighbours, and the same every time.
const STRIDE: u64 = 7_919;

/// Numbers of mails that lie there already, so that none is sent again.
const OLDER: u64 = 1 << 40;

/// The product's.
const BATCH_MAX: usize = 512;

struct Job {
    number: u64,
    done: oneshot::Sender<()>,
}

pub async fn measure(
    folder: &Path,
    senders: u64,
    sends: u64,
    mails: u64,
) -> anyhow::Result<serde_json::Value> {
    let database = super::fresh(folder, "send.redb")?;
    fill(&database, mails)?;
    let (jobs, waiting) = channel();
    let writer = std::thread::spawn(move || write(&database, &waiting));
    let (before, started) = (super::cpu(), Instant::now());
    let mut tasks = JoinSet::new();
    for sender in 0..senders {
        let jobs = jobs.clone();
        tasks.spawn(async move { send_each(&jobs, (sender..sends).step_by(step(senders))).await });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    let (wall, spent) = (started.elapsed(), super::cpu().saturating_sub(before));
    drop(jobs);
    writer.join().map_err(|_| anyhow!("the writer panicked"))??;
    let count = u32::try_from(sends)?;
    Ok(serde_json::json!({
        "per_second": f64::from(count) / wall.as_secs_f64(),
        "cpu_us": super::millis(spent / count) * 1_000.0,
        "p50_ms": super::millis(super::percentile(&mut latencies, 50)),
    }))
}

/// As many mails as the product's store holds, each in three folders: what a send costs depends
/// on how far apart the rows lie that it touches.
fn fill(database: &Database, mails: u64) -> anyhow::Result<()> {
    const FOLDERS_OF_MAIL: u64 = 3;
    const MAILS_A_COMMIT: u64 = 20_000;
    for first in (0..mails).step_by(usize::try_from(MAILS_A_COMMIT)?) {
        let mut rows: Vec<_> = (first..mails.min(first + MAILS_A_COMMIT))
            .flat_map(|mail| (0..FOLDERS_OF_MAIL).map(move |n| mail * FOLDERS_OF_MAIL + n))
            .map(|row| key(row.wrapping_mul(STRIDE) % MEMBERS, OLDER + row))
            .collect();
        rows.sort_unstable();
        let transaction = database.begin_write()?;
        let mut table = transaction.open_table(INBOXES)?;
        for key in rows {
            table.insert(key.as_slice(), ROW.as_slice())?;
        }
        drop(table);
        transaction.commit()?;
    }
    Ok(())
}

fn step(senders: u64) -> usize {
    usize::try_from(senders).unwrap_or(usize::MAX).max(1)
}

async fn send_each(
    jobs: &Sender<Job>,
    numbers: impl Iterator<Item = u64>,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    for number in numbers {
        let started = Instant::now();
        let (done, answer) = oneshot::channel();
        jobs.send(Job { number, done }).map_err(|_| anyhow!("the writer is gone"))?;
        answer.await.context("the writer is gone")?;
        latencies.push(started.elapsed());
    }
    Ok(latencies)
}

fn write(database: &Database, jobs: &Receiver<Job>) -> anyhow::Result<()> {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        let mut transaction = database.begin_write()?;
        transaction.set_quick_repair(true);
        put(&transaction, &batch)?;
        transaction.commit()?;
        for job in batch {
            // Whoever asked may have gone.
            job.done.send(()).ok();
        }
    }
    Ok(())
}

/// Table by table, as the product's overlay does.
fn put(transaction: &redb::WriteTransaction, batch: &[Job]) -> anyhow::Result<()> {
    let mut table = transaction.open_table(BODIES)?;
    for job in batch {
        table.insert(job.number.to_be_bytes().as_slice(), BODY.as_slice())?;
    }
    let mut table = transaction.open_table(INBOXES)?;
    for (job, member) in recipients(batch) {
        table.insert(key(member, job.number).as_slice(), ROW.as_slice())?;
    }
    let mut table = transaction.open_table(SENT)?;
    for job in batch {
        table.insert(key(job.number % MEMBERS, job.number).as_slice(), ROW.as_slice())?;
    }
    let mut table = transaction.open_table(UNREAD)?;
    for (job, member) in recipients(batch) {
        table.insert(member.to_be_bytes().as_slice(), job.number.to_be_bytes().as_slice())?;
    }
    let mut table = transaction.open_table(AUDIT)?;
    for job in batch {
        table.insert(job.number.to_be_bytes().as_slice(), AUDIT_ROW.as_slice())?;
    }
    Ok(())
}

fn recipients(batch: &[Job]) -> impl Iterator<Item = (&Job, u64)> {
    let of_job = |job| (0..RECIPIENTS).map(move |n| (job, n));
    let all = batch.iter().flat_map(of_job);
    all.map(|(job, n): (&Job, u64)| (job, (job.number * RECIPIENTS + n) * STRIDE % MEMBERS))
}

/// Newest first in each member's folder.
fn key(member: u64, number: u64) -> Vec<u8> {
    [member.to_be_bytes(), (u64::MAX - number).to_be_bytes()].concat()
}
