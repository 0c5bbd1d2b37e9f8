//! Looking over the whole folder: which blobs there are, and which ones nobody needs.

use std::fs::{DirEntry, Metadata, ReadDir};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::{BlobName, Blobs, PARTIAL};
use crate::StoreError;

/// A blob is written before the act that names it; no act waits anywhere near a day.
pub const UNNAMED_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    pub kept: u64,
    pub removed: u64,
    pub removed_bytes: u64,
    /// Temporary files of writers that never finished.
    pub partial_removed: u64,
}

/// The names in a folder, in no order.
pub struct BlobNames {
    folders: ReadDir,
    files: Option<ReadDir>,
}

impl Blobs {
    /// Every blob that lies in the folder.
    pub fn names(&self) -> Result<BlobNames, StoreError> {
        let folder = &self.0.folder;
        let folders = std::fs::read_dir(folder).map_err(StoreError::file(folder))?;
        Ok(BlobNames { folders, files: None })
    }

    /// Removes what is older than [`UNNAMED_KEPT`] and named by nobody. Removes nothing while a
    /// backup copies blobs. `is_named` must see every act that was answered before it is asked.
    pub fn sweep(
        &self,
        mut is_named: impl FnMut(&BlobName) -> Result<bool, StoreError>,
        now: Timestamp,
    ) -> Result<SweepReport, StoreError> {
        let mut report = SweepReport::default();
        for name in self.names()? {
            let name = name?;
            let path = self.path_of(&name);
            match self.remove_if_old(&path, now, || Ok(!is_named(&name)?))? {
                Some(bytes) => {
                    report.removed += 1;
                    report.removed_bytes += bytes;
                }
                None => report.kept += 1,
            }
        }
        let partial = self.0.folder.join(PARTIAL);
        for entry in std::fs::read_dir(&partial).map_err(StoreError::file(&partial))? {
            let path = entry.map_err(StoreError::file(&partial))?.path();
            if self.remove_if_old(&path, now, || Ok(true))?.is_some() {
                report.partial_removed += 1;
            }
        }
        Ok(report)
    }

    /// Asks outside the lock, looks at the age again inside it: a writer that finished an equal
    /// blob in between has made it young.
    fn remove_if_old(
        &self,
        path: &Path,
        now: Timestamp,
        is_unneeded: impl FnOnce() -> Result<bool, StoreError>,
    ) -> Result<Option<u64>, StoreError> {
        let is_candidate = metadata(path)?.is_some_and(|found| is_old(&found, now));
        if !is_candidate || !is_unneeded()? {
            return Ok(None);
        }
        let state = self.state();
        if state.holds > 0 {
            return Ok(None);
        }
        match metadata(path)? {
            Some(found) if is_old(&found, now) => {
                std::fs::remove_file(path).map_err(StoreError::file(path))?;
                Ok(Some(found.len()))
            }
            Some(_) | None => Ok(None),
        }
    }
}

fn metadata(path: &Path) -> Result<Option<Metadata>, StoreError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::file(path)(error)),
    }
}

/// What has no readable time is not old.
fn is_old(found: &Metadata, now: Timestamp) -> bool {
    let written = found.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    written.is_some_and(|written| now.duration_since(written) > UNNAMED_KEPT)
}

impl BlobNames {
    fn next_in<T>(
        entries: &mut ReadDir,
        take: impl Fn(DirEntry) -> Option<T>,
    ) -> Option<Result<T, StoreError>> {
        entries.find_map(|entry| match entry {
            Ok(entry) => take(entry).map(Ok),
            Err(error) => Some(Err(StoreError::file(Path::new("blobs"))(error))),
        })
    }
}

impl Iterator for BlobNames {
    type Item = Result<BlobName, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(files) = &mut self.files
                && let Some(name) =
                    Self::next_in(files, |entry| entry.file_name().to_str()?.parse().ok())
            {
                return Some(name);
            }
            let folder = Self::next_in(&mut self.folders, |entry| {
                let is_ours = entry.file_name().to_str()?.len() == 2;
                is_ours.then(|| entry.path())
            })?;
            let files = folder.and_then(|path| {
                std::fs::read_dir(&path).map_err(|error| StoreError::file(&path)(error))
            });
            match files {
                Ok(files) => self.files = Some(files),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
