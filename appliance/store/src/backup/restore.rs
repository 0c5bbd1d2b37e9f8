//! Restoring: a backup becomes a store, whole or not at all.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::BufReader;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::check::{Content, read_whole};
use super::{BackupError, BackupReport};
use crate::engine::{Engine, LoadedRow, RedbEngine};
use crate::files::{folder_of, make_folder, sync_folder};
use crate::{BlobName, KeyRing, Layout, MasterKey, Read, StoreError, TrailFault, blobs};

/// Rows that share one durable transaction: enough to make its sync cheap, little to hold.
const ROWS_A_LOAD: usize = 2_000;
const BYTES_A_LOAD: usize = 4 * 1024 * 1024;

/// Makes the store that `from` holds, with a keyring that `master` opens. The layout's folder is
/// the store's own: it must be missing or empty, and appears only when everything was verified.
pub fn restore(
    from: &Path,
    identity: &str,
    layout: &Layout,
    master: &MasterKey,
) -> Result<BackupReport, BackupError> {
    let identity: age::x25519::Identity =
        identity.trim().parse().map_err(BackupError::NotAnIdentity)?;
    refuse_unless_empty(&layout.folder)?;
    let file = File::open(from).map_err(StoreError::file(from))?;
    let bytes = file.metadata().map_err(StoreError::file(from))?.len();

    let scratch = Scratch::begin(&layout.folder)?;
    let inner = Layout { folder: scratch.path.clone(), cache_bytes: layout.cache_bytes };
    let mut target = Target::new(&inner, master)?;
    let content = read_whole(BufReader::new(file), &identity, Some(&mut target))?;
    target.finish(&content)?;
    scratch.publish(&layout.folder)?;
    Ok(content.report(bytes))
}

fn refuse_unless_empty(folder: &Path) -> Result<(), BackupError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(BackupError::StoreExists(folder.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::file(folder)(error).into()),
    }
}

/// The store under its temporary name, as far as it has come.
pub(super) struct Target<'a> {
    layout: &'a Layout,
    master: &'a MasterKey,
    engine: RedbEngine,
    waiting: Vec<LoadedRow>,
    waiting_bytes: usize,
    blob_folders: BTreeSet<PathBuf>,
    ring: Option<KeyRing>,
}

impl<'a> Target<'a> {
    fn new(layout: &'a Layout, master: &'a MasterKey) -> Result<Self, BackupError> {
        make_folder(&layout.blobs())?;
        Ok(Self {
            layout,
            master,
            engine: RedbEngine::create(&layout.file(), layout.cache_bytes)?,
            waiting: Vec::new(),
            waiting_bytes: 0,
            blob_folders: BTreeSet::new(),
            ring: None,
        })
    }

    pub fn begin(&mut self, ring: &KeyRing) -> Result<(), BackupError> {
        let path = self.layout.keyring();
        ring.save(&path, self.master)?;
        // Opened from the file, so that what is verified is what the next start will use.
        self.ring = Some(KeyRing::open(&path, self.master)?);
        Ok(())
    }

    pub fn row(&mut self, table: &str, key: Vec<u8>, value: Vec<u8>) -> Result<(), BackupError> {
        self.waiting_bytes += key.len() + value.len();
        self.waiting.push(LoadedRow { table: table.to_owned(), key, value });
        if self.waiting.len() >= ROWS_A_LOAD || self.waiting_bytes >= BYTES_A_LOAD {
            self.load()?;
        }
        Ok(())
    }

    /// The empty file of one blob.
    pub fn blob(&mut self, name: &BlobName) -> Result<File, BackupError> {
        let path = blobs::path_in(&self.layout.blobs(), name);
        let folder = folder_of(&path).to_owned();
        if !self.blob_folders.contains(&folder) {
            make_folder(&folder)?;
            self.blob_folders.insert(folder);
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        Ok(options.open(&path).map_err(StoreError::file(&path))?)
    }

    fn load(&mut self) -> Result<(), BackupError> {
        self.engine.load(&self.waiting)?;
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }

    /// Follows the trail once more in what was written, then makes the folders durable.
    fn finish(mut self, content: &Content) -> Result<(), BackupError> {
        self.load()?;
        let ring = self.ring.take().ok_or(BackupError::Damaged("it has no keyring"))?;
        let read = Read { snapshot: self.engine.snapshot()?, ring: &ring };
        read.verify_trail()?;
        if read.trail_head()? != content.header.trail {
            return Err(TrailFault::WrongHead.into());
        }
        drop(read);
        let outer = [self.layout.blobs(), self.layout.folder.clone()];
        for folder in self.blob_folders.iter().chain(&outer) {
            sync_folder(folder)?;
        }
        Ok(())
    }
}

/// A folder beside the final one; removed unless it is published.
struct Scratch {
    path: PathBuf,
    /// Locked while it lives, so that no two restores share it.
    _lock: File,
}

impl Scratch {
    fn begin(folder: &Path) -> Result<Self, BackupError> {
        let mut path = folder.as_os_str().to_owned();
        path.push(".restoring");
        let path = PathBuf::from(path);
        make_folder(&path)?;
        let lock = File::open(&path).map_err(StoreError::file(&path))?;
        if lock.try_lock().is_err() {
            return Err(BackupError::Busy(path));
        }
        // What lies there is left of a restore that was killed.
        for entry in std::fs::read_dir(&path).map_err(StoreError::file(&path))? {
            let stale = entry.map_err(StoreError::file(&path))?.path();
            let removed = if stale.is_dir() {
                std::fs::remove_dir_all(&stale)
            } else {
                std::fs::remove_file(&stale)
            };
            removed.map_err(StoreError::file(&stale))?;
        }
        Ok(Self { path, _lock: lock })
    }

    /// Renaming a folder replaces nothing but an empty one.
    fn publish(self, folder: &Path) -> Result<(), BackupError> {
        std::fs::rename(&self.path, folder).map_err(StoreError::file(folder))?;
        Ok(sync_folder(folder_of(folder))?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // After the rename nothing lies there.
        drop(std::fs::remove_dir_all(&self.path));
    }
}
