//! The store: opening, reading, and the three ways to write.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, oneshot};

use crate::engine::{Engine, RedbEngine};
use crate::files::{folder_of, make_folder};
use crate::migrate::{self, Migration};
use crate::recent::Recent;
use crate::writer::{Batch, Generations, Job, Patience, Writer};
use crate::{
    Act, Blobs, Change, Clock, House, KeyRing, KeyRingError, MasterKey, Read, SealedFolder,
    StoreError, View, Write,
};

/// Acts that may wait at once; beyond it callers wait for a place, so memory stays bounded.
const WAITING_ACTS_MAX: usize = 4096;

/// Access rows of lists that may be on their way at once. A commit takes hundreds of them, so that
/// many wait only while a sync hangs; at some three hundred bytes each they are two megabytes.
pub const GLANCES_MAX: usize = 8192;

/// Changes a slow listener may fall behind before it has to look at the log.
const CHANGES_BUFFERED: usize = 4096;

/// Where a store's files lie.
#[derive(Clone, Debug)]
pub struct Layout {
    pub folder: PathBuf,
    /// redb's cache; a quarter of the memory is a good choice for a box of its own.
    pub cache_bytes: usize,
}

impl Layout {
    pub fn file(&self) -> PathBuf {
        self.folder.join("store.redb")
    }

    pub fn keyring(&self) -> PathBuf {
        self.folder.join("keyring")
    }

    pub fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("a store lies in {0} already")]
    Exists(PathBuf),
    #[error("no store lies in {0}")]
    Missing(PathBuf),
    #[error("the store was written by a newer version: schema {found}, this one knows {known}")]
    Newer { found: u64, known: u64 },
    #[error("migration {name} failed and the store was left as it was")]
    Migration { name: &'static str, source: StoreError },
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Cheap to clone; the files close with the last clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    engine: Arc<dyn Engine>,
    ring: Arc<KeyRing>,
    clock: Clock,
    blobs: Blobs,
    folder: PathBuf,
    changes: broadcast::Sender<Arc<Change>>,
    generations: Arc<Generations>,
    places: Arc<Semaphore>,
    glances: Arc<Semaphore>,
    /// The last access row that nobody waited for could not be kept.
    access_lost: Arc<AtomicBool>,
    jobs: Mutex<Option<Sender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Makes a new store in an empty or missing folder.
    pub fn create(
        layout: &Layout,
        master: &MasterKey,
        clock: Clock,
        migrations: &[Migration],
    ) -> Result<Self, OpenError> {
        if layout.file().exists() {
            return Err(OpenError::Exists(layout.folder.clone()));
        }
        make_folder(&layout.folder)?;
        // A keyring without a file is what a creation that was cut short leaves. It is used, not
        // replaced: should it belong to a file that was moved away, nothing is lost.
        let ring = if layout.keyring().exists() {
            KeyRing::open(&layout.keyring(), master)?
        } else {
            let ring = KeyRing::random();
            ring.save(&layout.keyring(), master)?;
            ring
        };
        let engine = RedbEngine::create(&layout.file(), layout.cache_bytes)?;
        migrate::mark_new(&engine, &ring, migrations)?;
        Ok(Self::start(Arc::new(engine), ring, clock, &layout.blobs())?)
    }

    /// Opens a store and runs the migrations that it misses.
    pub fn open(
        layout: &Layout,
        master: &MasterKey,
        clock: Clock,
        migrations: &[Migration],
    ) -> Result<Self, OpenError> {
        if !layout.file().exists() {
            return Err(OpenError::Missing(layout.folder.clone()));
        }
        let ring = KeyRing::open(&layout.keyring(), master)?;
        let engine = RedbEngine::open(&layout.file(), layout.cache_bytes)?;
        migrate::bring_up(&engine, &ring, migrations, &layout.file())?;
        Ok(Self::start(Arc::new(engine), ring, clock, &layout.blobs())?)
    }

    /// For tests: rows in memory, blobs in `folder`.
    pub fn in_memory(folder: &Path, clock: Clock) -> Result<Self, StoreError> {
        let engine = RedbEngine::in_memory()?;
        Self::start(Arc::new(engine), KeyRing::random(), clock, &folder.join("blobs"))
    }

    /// For tests that bring their own engine.
    pub fn on_engine(
        engine: Arc<dyn Engine>,
        ring: KeyRing,
        clock: Clock,
        blobs: &Path,
    ) -> Result<Self, StoreError> {
        Self::start(engine, ring, clock, blobs)
    }

    fn start(
        engine: Arc<dyn Engine>,
        ring: KeyRing,
        clock: Clock,
        blobs: &Path,
    ) -> Result<Self, StoreError> {
        let ring = Arc::new(ring);
        let folder = folder_of(blobs).to_owned();
        let blobs = Blobs::open(blobs, &ring)?;
        let (changes, _) = broadcast::channel(CHANGES_BUFFERED);
        let (jobs, waiting) = channel();
        let generations = Arc::new(Generations::default());
        let writer = Writer {
            engine: engine.clone(),
            ring: ring.clone(),
            clock: clock.clone(),
            changes: changes.clone(),
            generations: generations.clone(),
            recent: Recent::default(),
        };
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(StoreError::engine("start the writer"))?;
        Ok(Self(Arc::new(Inner {
            blobs,
            folder,
            engine,
            ring,
            clock,
            changes,
            generations,
            places: Arc::new(Semaphore::new(WAITING_ACTS_MAX)),
            glances: Arc::new(Semaphore::new(GLANCES_MAX)),
            access_lost: Arc::default(),
            jobs: Mutex::new(Some(jobs)),
            writer: Mutex::new(Some(writer)),
        })))
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Sealed files beside the rows, for what can be made from them again. Not in backups.
    pub fn sealed_folder(&self, name: &'static str) -> Result<SealedFolder, StoreError> {
        SealedFolder::open(&self.0.folder.join(name), &self.0.ring)
    }

    pub fn ring(&self) -> &KeyRing {
        &self.0.ring
    }

    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.0.engine
    }

    /// Every change from now on, in the order of the trail.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Change>> {
        self.0.changes.subscribe()
    }

    /// Rises with every change of a table: a cache that remembers it knows when it is stale.
    pub fn generation(&self, table: &str) -> u64 {
        self.0.generations.of(table)
    }

    /// Reads one snapshot: microseconds, so it may run on an async thread.
    pub fn read<R, E: From<StoreError>>(
        &self,
        ask: impl FnOnce(&Read<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let snapshot = self.0.engine.snapshot()?;
        ask(&Read { snapshot, ring: &self.0.ring })
    }

    /// Reads what is said about patients, once the access row is durable.
    pub async fn view<R, E: From<StoreError> + Send + 'static>(
        &self,
        act: Act,
        ask: impl FnOnce(&View<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        self.write(act, |_| Ok::<(), E>(())).await?;
        self.reveal(ask)
    }

    /// Reads a list that names patients; its access row is committed within a tenth of a second,
    /// together with others, and nobody waits for it. While more than `GLANCES_MAX` of them are on
    /// their way nothing is shown: this runs on threads that serve everybody, which must not wait.
    pub fn glance<R, E: From<StoreError>>(
        &self,
        act: Act,
        ask: impl FnOnce(&View<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let place = self.0.glances.clone().try_acquire_owned().map_err(|_| {
            StoreError::NotCommitted("too many access rows are on their way".to_owned())
        })?;
        let lost = self.0.access_lost.clone();
        let run = move |batch: &mut Batch<'_>| -> crate::writer::Answer {
            let outcome = batch.act(&act, |_| Ok::<(), StoreError>(()));
            Box::new(move |committed| {
                let failed = outcome.is_err() || committed.is_err();
                lost.store(failed, Ordering::Relaxed);
                if failed {
                    log::error!(action = act.action; "an access row was not kept");
                }
                drop(place);
            })
        };
        self.send(Job { run: Box::new(run), patience: Patience::Lazy })?;
        // While rows cannot be kept nothing is shown; the row sent first opens the door again.
        if self.0.access_lost.load(Ordering::Relaxed) {
            return Err(StoreError::NotCommitted("access rows are not kept".to_owned()).into());
        }
        self.reveal(ask)
    }

    fn reveal<R, E: From<StoreError>>(
        &self,
        ask: impl FnOnce(&View<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let snapshot = self.0.engine.snapshot()?;
        ask(&View(Read { snapshot, ring: &self.0.ring }))
    }

    /// Runs an act on the writer thread; answers when it is durable. The closure is quick and
    /// pure: no files, no waiting. Rules that depend on rows belong inside it.
    pub async fn write<R, E>(
        &self,
        act: Act,
        run: impl FnOnce(&mut Write<'_>) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let place = self.0.places.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let answer = self.post(Some(place), move |batch| batch.act(&act, run))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// `write` for threads that may wait: commands, tests.
    pub fn write_and_wait<R, E>(
        &self,
        act: Act,
        run: impl FnOnce(&mut Write<'_>) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let answer = self.post(None, move |batch| batch.act(&act, run))?;
        answer.blocking_recv().map_err(|_| StoreError::Closed)?
    }

    /// Writes rows marked as housekeeping, without a row in the trail.
    pub async fn keep_house<R, E>(
        &self,
        run: impl FnOnce(&mut House<'_, '_>) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let place = self.0.places.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let answer =
            self.post(Some(place), move |batch| batch.keep_house(|write| run(&mut House(write))))?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Opens every row of every table; answers how many there are.
    pub fn verify_rows(&self) -> Result<u64, StoreError> {
        let snapshot = self.0.engine.snapshot()?;
        let mut count = 0;
        for table in snapshot.tables()? {
            let mut closed = false;
            snapshot.rows(&table, &mut |key, value| {
                closed = self.0.ring.open_sealed(&table, key, value).is_none();
                count += 1;
                if closed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            if closed {
                log::error!(table = table.as_str(); "a row does not open");
                return Err(StoreError::Damaged { table: "a table", why: "a row does not open" });
            }
        }
        Ok(count)
    }

    /// Ends the writer after everything that waits; later writes answer `Closed`.
    pub fn close(&self) {
        drop(self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            log::error!("the store's writer had panicked");
        }
    }

    fn post<R, E>(
        &self,
        place: Option<OwnedSemaphorePermit>,
        run: impl FnOnce(&mut Batch<'_>) -> Result<R, E> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<R, E>>, StoreError>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run = move |batch: &mut Batch<'_>| -> crate::writer::Answer {
            let outcome = run(batch);
            Box::new(move |committed| {
                let outcome = match (outcome, committed) {
                    (Ok(_), Err(why)) => Err(StoreError::NotCommitted(why.to_string()).into()),
                    (outcome, _) => outcome,
                };
                // Whoever asked may have gone; the act stands all the same.
                drop(answer.send(outcome));
                drop(place);
            })
        };
        self.send(Job { run: Box::new(run), patience: Patience::Waiting })?;
        Ok(answered)
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let jobs = self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs = jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).map_err(|_| StoreError::Closed)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The last clone may die inside an act, on the writer's own thread: it ends by itself.
        if let Some(writer) = writer
            && writer.thread().id() != std::thread::current().id()
            && writer.join().is_err()
        {
            log::error!("the store's writer had panicked");
        }
    }
}
