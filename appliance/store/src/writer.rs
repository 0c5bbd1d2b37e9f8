//! The one writer: takes waiting acts, runs each on its own overlay, commits them together.
//!
//! An act that fails or panics leaves nothing; the others of its batch go on. Everybody is
//! answered after the commit, so an answer means that the act is durable.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use crate::engine::{Engine, Snapshot};
use crate::overlay::{Layers, Overlay};
use crate::recent::Recent;
use crate::trail::{self, TrailHead};
use crate::{Act, Change, Clock, KeyRing, StoreError, Write, changes};

/// More would make the first of a batch wait for the last; fewer would waste the sync.
const BATCH_ACTS_MAX: usize = 512;

/// How long an access row that nobody waits for may wait for company: the record of lists shown
/// in the last tenth of a second before a power cut is what it costs.
const LAZY_WAIT: Duration = Duration::from_millis(100);

/// How long the first act after a shared commit waits for the others who were answered with it:
/// they ask again within moments, and a commit for one alone would make all of them wait twice.
const COMPANY_WAIT: Duration = Duration::from_micros(500);

/// An act that takes longer makes every other one wait, and is worth a line.
const ACT_SLOW: Duration = Duration::from_millis(20);

/// The change log is swept once in so many acts.
const SWEEP_EVERY_ACTS: u64 = 256;

pub(crate) type Answer = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

pub(crate) struct Job {
    pub run: Box<dyn FnOnce(&mut Batch<'_>) -> Answer + Send>,
    pub patience: Patience,
}

/// Whether somebody waits for the commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    Waiting,
    Lazy,
}

pub(crate) struct Writer {
    pub engine: Arc<dyn Engine>,
    pub ring: Arc<KeyRing>,
    pub clock: Clock,
    pub changes: broadcast::Sender<Arc<Change>>,
    pub generations: Arc<Generations>,
    pub recent: Recent,
}

/// How often each table was changed since the store was opened: what caches look at.
#[derive(Default)]
pub(crate) struct Generations(Mutex<HashMap<String, u64>>);

impl Generations {
    pub fn of(&self, table: &str) -> u64 {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.get(table).copied().unwrap_or_default()
    }

    fn note(&self, changes: &[Change]) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in changes.iter().flat_map(|change| &change.rows) {
            match generations.get_mut(&row.table) {
                Some(generation) => *generation += 1,
                None => drop(generations.insert(row.table.clone(), 1)),
            }
        }
    }
}

/// The acts that will share one commit.
pub(crate) struct Batch<'a> {
    snapshot: &'a dyn Snapshot,
    ring: &'a KeyRing,
    recent: &'a Recent,
    overlay: Overlay,
    head: TrailHead,
    changes: Vec<Change>,
}

impl Writer {
    /// Ends when every sender is gone.
    pub fn run(self, jobs: &Receiver<Job>) {
        let mut company = 0;
        while let Ok(first) = jobs.recv() {
            let batch = gather(first, jobs, company);
            company = batch.iter().filter(|job| job.patience == Patience::Waiting).count();
            self.commit(batch);
        }
    }

    fn commit(&self, jobs: Vec<Job>) {
        let snapshot = match self.engine.snapshot() {
            Ok(snapshot) => snapshot,
            Err(error) => return self.refuse(jobs, &error),
        };
        let layers = Layers { snapshot: &*snapshot, ring: &self.ring, overlays: &[], recent: None };
        let head = match trail::head(&layers) {
            Ok(head) => head,
            Err(error) => return self.refuse(jobs, &error),
        };
        let mut batch = Batch {
            snapshot: &*snapshot,
            ring: &self.ring,
            recent: &self.recent,
            overlay: Overlay::default(),
            head,
            changes: Vec::new(),
        };
        let answers: Vec<_> = jobs.into_iter().map(|job| (job.run)(&mut batch)).collect();
        let outcome = self.make_durable(&mut batch, head);
        // Also after a failure, whose changes may show when the engine is opened anew.
        self.generations.note(&batch.changes);
        if outcome.is_ok() {
            for change in batch.changes.drain(..) {
                // Nobody listening is no fault: the log keeps the change.
                drop(self.changes.send(Arc::new(change)));
            }
        }
        if let Err(error) = &outcome {
            log::error!(error:% = error; "commit failed");
        }
        for answer in answers {
            answer(outcome.as_ref().copied());
        }
    }

    fn make_durable(&self, batch: &mut Batch<'_>, before: TrailHead) -> Result<(), StoreError> {
        if batch.overlay.is_empty() {
            return Ok(());
        }
        if batch.head != before {
            trail::set_head(&batch.head, &mut batch.overlay)?;
            if batch.head.number / SWEEP_EVERY_ACTS != before.number / SWEEP_EVERY_ACTS {
                let (snapshot, ring) = (batch.snapshot, &*self.ring);
                let layers = Layers { snapshot, ring, overlays: &[], recent: None };
                changes::sweep(&layers, self.clock.now(), &mut batch.overlay)?;
            }
        }
        self.recent.follow(&batch.overlay);
        let puts = std::mem::take(&mut batch.overlay).sealed(&self.ring);
        let committed = self.engine.commit(&puts);
        if committed.is_err() {
            self.recent.forget();
        }
        committed
    }

    fn refuse(&self, jobs: Vec<Job>, error: &StoreError) {
        log::error!(error:%; "cannot read the store for an act");
        // The acts still have to be answered, so each runs into the same wall.
        let (snapshot, recent) = (Unreadable, Recent::default());
        let mut batch = Batch {
            snapshot: &snapshot,
            ring: &self.ring,
            recent: &recent,
            overlay: Overlay::default(),
            head: TrailHead::default(),
            changes: Vec::new(),
        };
        let answers: Vec<_> = jobs.into_iter().map(|job| (job.run)(&mut batch)).collect();
        for answer in answers {
            answer(Err(error));
        }
    }
}

impl Batch<'_> {
    /// Runs an act; what it changed joins the batch only if it succeeds.
    pub fn act<R, E: From<StoreError>>(
        &mut self,
        act: &Act,
        run: impl FnOnce(&mut Write<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let (outcome, own) = self.run(act.action, run)?;
        let mut rows = Overlay::default();
        let head = trail::append(self.head, act, &own, &mut rows)?;
        let changes = changes::append(head.number, act.at, &own, &mut rows)?;
        self.overlay.absorb(own);
        self.overlay.absorb(rows);
        self.head = head;
        self.changes.extend(changes);
        Ok(outcome)
    }

    /// Runs housekeeping, which leaves no row in the trail.
    pub fn keep_house<R, E: From<StoreError>>(
        &mut self,
        run: impl FnOnce(&mut Write<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let (outcome, own) = self.run("housekeeping", run)?;
        self.overlay.absorb(own);
        Ok(outcome)
    }

    fn run<R, E: From<StoreError>>(
        &self,
        action: &'static str,
        run: impl FnOnce(&mut Write<'_>) -> Result<R, E>,
    ) -> Result<(R, Overlay), E> {
        let mut write = Write {
            snapshot: self.snapshot,
            ring: self.ring,
            batch: &self.overlay,
            own: Overlay::default(),
            recent: self.recent,
        };
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&mut write)));
        let took = started.elapsed();
        if took > ACT_SLOW {
            log::warn!(action, took_ms = u64::try_from(took.as_millis()).unwrap_or(0); "slow act");
        }
        match outcome {
            Ok(outcome) => outcome.map(|outcome| (outcome, write.own)),
            Err(_) => {
                log::error!(action; "an act panicked");
                Err(StoreError::ActPanicked.into())
            }
        }
    }
}

/// The first job, those that already wait, a moment's grace if nobody waits for them, and a shorter
/// one while fewer wait than in the commit before.
fn gather(first: Job, jobs: &Receiver<Job>, company: usize) -> Vec<Job> {
    let mut batch = vec![first];
    let started = Instant::now();
    while batch.len() < BATCH_ACTS_MAX {
        let waiting = batch.iter().filter(|job| job.patience == Patience::Waiting).count();
        let grace = match waiting {
            0 => LAZY_WAIT,
            few if few < company => COMPANY_WAIT,
            _ => Duration::ZERO,
        };
        let left = (started + grace).saturating_duration_since(Instant::now());
        let next = if left.is_zero() {
            jobs.try_recv().map_err(|_| RecvTimeoutError::Timeout)
        } else {
            jobs.recv_timeout(left)
        };
        match next {
            Ok(job) => batch.push(job),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    batch
}

struct Unreadable;

impl Snapshot for Unreadable {
    fn get(&self, _: &'static str, _: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError::Closed)
    }

    fn range(
        &self,
        _: &'static str,
        _: &[u8],
        _: Option<&[u8]>,
        _: crate::engine::Order,
        _: &mut crate::engine::Visit<'_>,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    fn tables(&self) -> Result<Vec<String>, StoreError> {
        Err(StoreError::Closed)
    }

    fn rows(&self, _: &str, _: &mut crate::engine::Visit<'_>) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }
}
