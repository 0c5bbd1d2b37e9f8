//! redb behind the engine's interface: one table a name, bytes to bytes, quick repair always.

use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock};

use redb::{Database, ReadableDatabase, StorageBackend, TableDefinition};

use self::snapshot::RedbSnapshot;
use super::{Engine, LoadedRow, Put, Snapshot};
use crate::StoreError;
use crate::files::{folder_of, sync_folder};

mod snapshot;

type Bytes = &'static [u8];

type Opener = Box<dyn Fn() -> Result<Database, StoreError> + Send + Sync>;

/// One redb file, or a backend of its own in tests.
pub struct RedbEngine {
    opener: Opener,
    /// Empty only after a failed commit, until it could be opened again.
    database: RwLock<Option<Database>>,
}

impl RedbEngine {
    /// Makes a new file, under a temporary name until it is whole: a file that lost power
    /// while it was made must never lie where the real one is looked for.
    pub fn create(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let partial = path.with_extension("partial");
        match std::fs::remove_file(&partial) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::file(&partial)(error));
            }
            Ok(()) | Err(_) => {}
        }
        let database =
            builder(cache_bytes).create(&partial).map_err(StoreError::engine("create the file"))?;
        drop(database);
        let file = std::fs::File::open(&partial).map_err(StoreError::file(&partial))?;
        file.sync_all().map_err(StoreError::file(&partial))?;
        std::fs::rename(&partial, path).map_err(StoreError::file(path))?;
        sync_folder(folder_of(path))?;
        Self::open(path, cache_bytes)
    }

    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self, StoreError> {
        let path = path.to_owned();
        Self::with_opener(Box::new(move || {
            builder(cache_bytes).open(&path).map_err(StoreError::engine("open the file"))
        }))
    }

    /// For tests: memory, or a disk that loses power.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, StoreError> {
        let once = Mutex::new(Some(backend));
        Self::with_backends(move || once.lock().unwrap_or_else(PoisonError::into_inner).take())
    }

    /// For tests: `next` gives another handle of the same bytes whenever they are opened anew.
    pub fn with_backends<B: StorageBackend>(
        next: impl Fn() -> Option<B> + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        const CACHE_BYTES: usize = 4 * 1024 * 1024;
        Self::with_opener(Box::new(move || {
            builder(CACHE_BYTES)
                .create_with_backend(next().ok_or(StoreError::Closed)?)
                .map_err(StoreError::engine("open the backend"))
        }))
    }

    pub fn in_memory() -> Result<Self, StoreError> {
        Self::with_backend(redb::backends::InMemoryBackend::new())
    }

    fn with_opener(opener: Opener) -> Result<Self, StoreError> {
        let database = opener()?;
        Ok(Self { opener, database: RwLock::new(Some(database)) })
    }

    /// redb refuses everything after an I/O error until the file is opened anew; a full disk
    /// that was emptied again must not need a restart.
    fn close(&self) {
        drop(self.database.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn with_database<T>(
        &self,
        ask: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(database) = &*database {
                return ask(database);
            }
        }
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if database.is_none() {
            *database = Some((self.opener)()?);
        }
        ask(database.as_ref().ok_or(StoreError::Closed)?)
    }

    fn commit_or_close(
        &self,
        fill: impl FnOnce(&redb::WriteTransaction) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let outcome = self.with_database(|database| {
            let mut transaction =
                database.begin_write().map_err(StoreError::engine("begin a transaction"))?;
            transaction.set_quick_repair(true);
            fill(&transaction)?;
            transaction.commit().map_err(StoreError::engine("commit"))
        });
        if outcome.is_err() {
            self.close();
        }
        outcome
    }
}

impl Engine for RedbEngine {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let transaction = self.with_database(|database| {
            database.begin_read().map_err(StoreError::engine("begin a read"))
        })?;
        Ok(Box::new(RedbSnapshot::of(transaction)))
    }

    fn commit(&self, batch: &[Put]) -> Result<(), StoreError> {
        self.commit_or_close(|transaction| {
            for rows in batch.chunk_by(|one, next| one.table == next.table) {
                let Some(first) = rows.first() else { continue };
                let mut table = transaction
                    .open_table(definition(first.table))
                    .map_err(StoreError::engine("open a table"))?;
                for row in rows {
                    let key = row.key.as_slice();
                    match &row.value {
                        Some(value) => table
                            .insert(key, value.as_slice())
                            .map(drop)
                            .map_err(StoreError::engine("put a row"))?,
                        None => table
                            .remove(key)
                            .map(drop)
                            .map_err(StoreError::engine("delete a row"))?,
                    }
                }
            }
            Ok(())
        })
    }

    fn load(&self, rows: &[LoadedRow]) -> Result<(), StoreError> {
        self.commit_or_close(|transaction| {
            for rows in rows.chunk_by(|one, next| one.table == next.table) {
                let Some(first) = rows.first() else { continue };
                let mut table = transaction
                    .open_table(definition(&first.table))
                    .map_err(StoreError::engine("open a table"))?;
                for row in rows {
                    table
                        .insert(row.key.as_slice(), row.value.as_slice())
                        .map_err(StoreError::engine("load a row"))?;
                }
            }
            Ok(())
        })
    }
}

fn definition(name: &str) -> TableDefinition<'_, Bytes, Bytes> {
    TableDefinition::new(name)
}

fn builder(cache_bytes: usize) -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(cache_bytes);
    builder
}
