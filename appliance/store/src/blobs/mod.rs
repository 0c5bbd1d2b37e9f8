//! Attachments: encrypted files beside the rows, read by ranges.
//!
//! A blob is written, synced and named before the act that names it in a row; what no row names
//! is swept a day later. Start at [`Blobs`]; `frames.rs` says what a file holds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::files::make_folder;
use crate::{KeyRing, StoreError};

mod name;
pub use name::{BlobName, NotABlobName};

mod writer;
pub use writer::BlobWriter;

mod kept;
pub use kept::KeptName;

mod reader;
pub use reader::BlobReader;

mod sweep;
pub use sweep::{BlobNames, SweepReport, UNNAMED_KEPT};

pub(crate) mod frames;
pub(crate) use frames::{Keys, check_stream};

/// A folder of blobs. Cheap to clone.
#[derive(Clone)]
pub struct Blobs(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    keys: Keys,
    state: Mutex<State>,
}

/// Guards the moments in which a file gets or loses its name.
#[derive(Default)]
struct State {
    /// Sub-folders that are known to be durable.
    folders: BTreeSet<PathBuf>,
    holds: usize,
}

/// While it lives, no blob is swept.
pub(crate) struct Hold(Blobs);

impl Blobs {
    pub fn open(folder: &Path, ring: &KeyRing) -> Result<Self, StoreError> {
        let partial = folder.join(PARTIAL);
        make_folder(&partial)?;
        let keys = Keys::of(&ring.blob_key());
        let (folder, state) = (folder.to_owned(), Mutex::default());
        Ok(Self(Arc::new(Inner { folder, keys, state })))
    }

    /// Starts a blob; it has no name and leaves nothing behind until it is finished.
    pub fn begin(&self) -> Result<BlobWriter, StoreError> {
        BlobWriter::begin(self.clone())
    }

    pub fn reader(&self, name: &BlobName) -> Result<BlobReader, StoreError> {
        BlobReader::open(&self.path_of(name), name, &self.0.keys)
    }

    /// Reads a whole blob again; answers its plaintext's length, or what is wrong with it.
    pub fn scrub(&self, name: &BlobName) -> Result<u64, StoreError> {
        let path = self.path_of(name);
        let mut file = std::fs::File::open(&path).map_err(StoreError::file(&path))?;
        let file_bytes = file.metadata().map_err(StoreError::file(&path))?.len();
        check_stream(&mut file, file_bytes, name, &self.0.keys)
    }

    /// Keeps every blob where it is: taken before a snapshot whose blobs will be copied.
    pub(crate) fn hold(&self) -> Hold {
        self.state().holds += 1;
        Hold(self.clone())
    }

    fn partial_path(&self, name: &KeptName) -> PathBuf {
        self.0.folder.join(PARTIAL).join(name.to_string())
    }

    pub(crate) fn path_of(&self, name: &BlobName) -> PathBuf {
        path_in(&self.0.folder, name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.holds = state.holds.saturating_sub(1);
    }
}

/// The sub-folder of blobs that are still being written.
const PARTIAL: &str = "partial";

/// One level of 256 sub-folders keeps each below a few thousand files on the largest box.
pub(crate) fn path_in(folder: &Path, name: &BlobName) -> PathBuf {
    folder.join(name.folder()).join(name.to_string())
}
