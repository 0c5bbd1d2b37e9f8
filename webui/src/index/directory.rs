//! The index's files, sealed: what tantivy asks of a folder, answered by the store's.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use store::{Durable, SealedFile, SealedFolder, SealedWriter};
use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite,
    WatchCallback, WatchHandle, WritePtr,
};

/// The list of files to tidy away. Losing its newest state leaves a stray file at worst.
const MANAGED: &str = ".managed.json";

#[derive(Clone)]
pub(super) struct SealedDirectory(Arc<Inner>);

struct Inner {
    folder: SealedFolder,
    /// Whether a file was found changed, cut or missing.
    damaged: Arc<AtomicBool>,
    /// Within this process: the store's own lock keeps every other one out.
    locks: Mutex<BTreeSet<PathBuf>>,
    unlocked: Condvar,
}

impl SealedDirectory {
    pub fn new(folder: SealedFolder) -> Self {
        Self(Arc::new(Inner {
            folder,
            damaged: Arc::default(),
            locks: Mutex::default(),
            unlocked: Condvar::new(),
        }))
    }

    pub fn is_damaged(&self) -> bool {
        self.0.damaged.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for SealedDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedDirectory")
    }
}

impl Directory for SealedDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let file = self.0.folder.file(name(path)).map_err(|error| self.unreadable(error, path))?;
        Ok(Arc::new(Handle { file, damaged: self.0.damaged.clone() }))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.0.folder.delete(name(path)).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                return DeleteError::FileDoesNotExist(path.to_owned());
            }
            DeleteError::IoError { io_error: Arc::new(error), filepath: path.to_owned() }
        })
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let found = self.0.folder.exists(name(path));
        found.map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let writer = self.0.folder.create(name(path)).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                return OpenWriteError::FileAlreadyExists(path.to_owned());
            }
            OpenWriteError::wrap_io_error(error, path.to_owned())
        })?;
        Ok(BufWriter::new(Box::new(Writing(writer))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let read = self.0.folder.file(name(path)).and_then(|file| file.read(0..file.bytes()));
        read.map_err(|error| {
            // Asked of an index that is not there yet.
            if error.kind() == io::ErrorKind::NotFound {
                return OpenReadError::FileDoesNotExist(path.to_owned());
            }
            self.unreadable(error, path)
        })
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let name = name(path);
        let durable = if name == MANAGED { Durable::Sometime } else { Durable::AtOnce };
        self.0.folder.replace(name, data, durable)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.0.folder.sync()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let path = lock.filepath.clone();
        let mut held = self.0.locks.lock().unwrap_or_else(PoisonError::into_inner);
        while held.contains(&path) {
            if !lock.is_blocking {
                return Err(LockError::LockBusy);
            }
            held = self.0.unlocked.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        held.insert(path.clone());
        Ok(DirectoryLock::from(Box::new(Held { directory: self.clone(), path })))
    }

    /// Readers are told by whoever commits.
    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

impl SealedDirectory {
    fn unreadable(&self, error: io::Error, path: &Path) -> OpenReadError {
        note(&self.0.damaged, &error);
        if error.kind() == io::ErrorKind::NotFound {
            return OpenReadError::FileDoesNotExist(path.to_owned());
        }
        OpenReadError::wrap_io_error(error, path.to_owned())
    }
}

/// A disk that fails for a moment is no damage: what lies there may be read the next time.
fn note(damaged: &AtomicBool, error: &io::Error) {
    if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound) {
        damaged.store(true, Ordering::Relaxed);
    }
}

/// Names that are no text are none of the index's.
fn name(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

struct Held {
    directory: SealedDirectory,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.directory.0.locks.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&self.path);
        self.directory.0.unlocked.notify_all();
    }
}

struct Handle {
    file: Arc<SealedFile>,
    damaged: Arc<AtomicBool>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({} bytes)", self.file.bytes())
    }
}

impl HasLen for Handle {
    fn len(&self) -> usize {
        self.file.bytes()
    }
}

impl FileHandle for Handle {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let read = self.file.read(range).inspect_err(|error| note(&self.damaged, error));
        read.map(OwnedBytes::new)
    }
}

struct Writing(SealedWriter);

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TerminatingWrite for Writing {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.finish(Durable::AtOnce)
    }
}
