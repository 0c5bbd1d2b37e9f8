//! A folder of sealed files beside the rows, for what can be made anew from them: indexes.
//!
//! Files are written once and read by ranges, in the frames of `blobs/frames.rs` under keys of
//! their own; a file's name is bound to it. Errors are those of files: `InvalidData` says that
//! a file was changed, cut or is not of this folder. Nothing here is part of a backup.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::blobs::Keys;
use crate::files::{folder_of, make_folder};
use crate::{BlobName, KeyRing, StoreError};

mod cache;
mod reader;
mod writer;

pub use reader::SealedFile;
pub use writer::SealedWriter;

use cache::Cache;

/// Cheap to clone.
#[derive(Clone)]
pub struct SealedFolder(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    keys: Keys,
    cache: Cache,
    /// Files that somebody has open, so that their opened frames are shared.
    open: Mutex<HashMap<String, Weak<SealedFile>>>,
}

impl SealedFolder {
    /// The folder is made if it is missing.
    pub(crate) fn open(folder: &Path, ring: &KeyRing) -> Result<Self, StoreError> {
        make_folder(folder)?;
        let root = blake3::derive_key("tokinet 2026-11 sealed folders", &*ring.blob_key());
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            keys: Keys::of(&root),
            cache: Cache::default(),
            open: Mutex::default(),
        })))
    }

    /// Starts a file that does not exist yet. It can be read once it is finished.
    pub fn create(&self, name: &str) -> io::Result<SealedWriter> {
        SealedWriter::begin(&self.path_of(name)?, name, &self.0.keys)
    }

    pub fn file(&self, name: &str) -> io::Result<Arc<SealedFile>> {
        let path = self.path_of(name)?;
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(name).and_then(Weak::upgrade) {
            return Ok(file);
        }
        let file = Arc::new(SealedFile::open(&path, name, self.clone())?);
        open.retain(|_, file| file.strong_count() > 0);
        open.insert(name.to_owned(), Arc::downgrade(&file));
        Ok(file)
    }

    /// Puts a small file in the place of one of the same name: whole or not at all.
    pub fn replace(&self, name: &str, bytes: &[u8], durable: Durable) -> io::Result<()> {
        use std::io::Write as _;
        let path = self.path_of(name)?;
        let partial = path.with_added_extension("partial");
        match std::fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut writer = SealedWriter::begin(&partial, name, &self.0.keys)?;
        writer.write_all(bytes)?;
        writer.finish(durable)?;
        std::fs::rename(&partial, &path)?;
        self.forget(name);
        match durable {
            Durable::AtOnce => self.sync(),
            Durable::Sometime => Ok(()),
        }
    }

    pub fn exists(&self, name: &str) -> io::Result<bool> {
        self.path_of(name)?.try_exists()
    }

    /// Who has the file open reads on.
    pub fn delete(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path_of(name)?)?;
        self.forget(name);
        Ok(())
    }

    /// Deletes everything.
    pub fn clear(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.0.folder)? {
            std::fs::remove_file(entry?.path())?;
        }
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.0.cache.clear();
        Ok(())
    }

    /// New and renamed files are only safe once their folder is.
    pub fn sync(&self) -> io::Result<()> {
        std::fs::File::open(&self.0.folder)?.sync_all()
    }

    /// What all files take on the disk.
    pub fn bytes(&self) -> io::Result<u64> {
        let mut bytes = 0;
        for entry in std::fs::read_dir(&self.0.folder)? {
            match entry?.metadata() {
                Ok(found) => bytes += found.len(),
                // Deleted meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bytes)
    }

    /// Gives back the memory of opened frames: they are opened again when they are wanted.
    pub fn rest(&self) {
        self.0.cache.clear();
    }

    fn forget(&self, name: &str) {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn path_of(&self, name: &str) -> io::Result<PathBuf> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let path = self.0.folder.join(name);
        if !name.chars().all(plain) || folder_of(&path) != self.0.folder {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a sealed file's name"));
        }
        Ok(path)
    }
}

/// When a file has to be safe from a power loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durable {
    AtOnce,
    /// Losing it costs some time and nothing else.
    Sometime,
}

/// What a file's header is sealed over: its name in this folder.
fn bound_name(name: &str) -> BlobName {
    BlobName::from_bytes(*blake3::hash(name.as_bytes()).as_bytes())
}

fn damaged(error: StoreError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
