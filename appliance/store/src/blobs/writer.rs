//! Writing a blob: a stream of any length through one frame's memory.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::num::NonZeroU64;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use rustix::fs::{Advice, fadvise};

use super::frames::{FRAME_BYTES, FileKeys, HEADER_BYTES, Place, Shape};
use super::kept::KeptName;
use super::{BlobName, Blobs};
use crate::StoreError;
use crate::clock::fill;
use crate::files::{make_folder, sync_folder};

/// One blob under construction. Dropped before it is finished, it leaves nothing behind, unless
/// it was begun to be gone on with.
pub struct BlobWriter {
    blobs: Blobs,
    file: File,
    partial: Partial,
    salt: [u8; 32],
    keys: FileKeys,
    namer: blake3::Hasher,
    frame: Vec<u8>,
    frames: u64,
    bytes: u64,
    /// Up to where the disk has been told to begin.
    begun: u64,
}

/// So much is handed to the disk at a time while more comes in; else all of it would wait for the
/// sync at the end.
const HANDED_OVER_BYTES: u64 = 4 * 1024 * 1024;

/// The temporary file, removed unless it was renamed or is gone on with later.
struct Partial {
    path: PathBuf,
    kept: bool,
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            // After the rename nothing lies there; what cannot be removed is swept a day later.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// What a writer that goes on found: the whole frames that lie there already.
pub(super) struct Found {
    pub file: File,
    pub salt: [u8; 32],
    pub keys: FileKeys,
    pub namer: blake3::Hasher,
    pub frames: u64,
}

impl BlobWriter {
    pub(super) fn begin(blobs: Blobs) -> Result<Self, StoreError> {
        let mut salt = [0; 32];
        fill(&mut salt);
        let path = blobs.partial_path(&KeptName::random());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(&path).map_err(StoreError::file(&path))?;
        let partial = Partial { path, kept: false };
        // The header seals name and length, so it is written over this when both are known.
        file.write_all(&[0; HEADER_BYTES]).map_err(StoreError::file(&partial.path))?;
        Ok(Self {
            keys: blobs.0.keys.of_file(&salt)?,
            namer: blobs.0.keys.namer(),
            blobs,
            file,
            partial,
            salt,
            frame: Vec::new(),
            frames: 0,
            bytes: 0,
            begun: 0,
        })
    }

    pub(super) fn go_on(blobs: Blobs, path: PathBuf, found: Found) -> Self {
        let Found { file, salt, keys, namer, frames } = found;
        let bytes = frames * u64::try_from(FRAME_BYTES).unwrap_or(u64::MAX);
        let partial = Partial { path, kept: true };
        let begun = Shape::offset(frames);
        Self { blobs, file, partial, salt, keys, namer, frame: Vec::new(), frames, bytes, begun }
    }

    /// After an error the blob cannot be finished: drop it.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            // A full frame waits for the byte after it: only then is it known not to be the last.
            if self.frame.len() == FRAME_BYTES {
                self.put_frame(Place::Inner)?;
            }
            let room = FRAME_BYTES - self.frame.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.frame.extend_from_slice(now);
            self.namer.update(now);
            self.bytes += u64::try_from(now.len()).unwrap_or(u64::MAX);
            bytes = later;
        }
        Ok(())
    }

    /// The plaintext's length so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the blob durable under its name. An equal one that lies there already is replaced,
    /// which mends it if it was damaged and makes it young again for the sweep.
    pub fn finish(mut self) -> Result<(BlobName, u64), StoreError> {
        self.put_frame(Place::Last)?;
        let name = BlobName::from_bytes(*self.namer.finalize().as_bytes());
        let header = self.keys.header(&self.salt, &name, self.bytes);
        self.file.write_all_at(&header, 0).map_err(StoreError::file(&self.partial.path))?;
        self.file.sync_all().map_err(StoreError::file(&self.partial.path))?;
        let path = self.blobs.path_of(&name);
        let folder = self.blobs.0.folder.join(name.folder());
        {
            let mut state = self.blobs.state();
            if !state.folders.contains(&folder) {
                make_folder(&folder)?;
                sync_folder(&self.blobs.0.folder)?;
                state.folders.insert(folder.clone());
            }
            std::fs::rename(&self.partial.path, &path).map_err(StoreError::file(&path))?;
        }
        sync_folder(&folder)?;
        Ok((name, self.bytes))
    }

    /// The advice that these bytes are not needed in memory makes the kernel write them now. It
    /// is an advice: what comes of it is the sync's business.
    fn hand_over(&mut self) {
        let written = Shape::offset(self.frames).saturating_sub(self.begun);
        if written >= HANDED_OVER_BYTES {
            fadvise(&self.file, self.begun, NonZeroU64::new(written), Advice::DontNeed).ok();
            self.begun += written;
        }
    }

    fn put_frame(&mut self, place: Place) -> Result<(), StoreError> {
        self.keys.seal(self.frames, place, &mut self.frame)?;
        self.file.write_all(&self.frame).map_err(StoreError::file(&self.partial.path))?;
        self.frame.clear();
        self.frames += 1;
        self.hand_over();
        Ok(())
    }
}
