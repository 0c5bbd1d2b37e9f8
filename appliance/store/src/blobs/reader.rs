//! Reading a blob by ranges: each frame is opened, and so verified, before a byte of it is seen.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::BlobName;
use super::frames::{self, FRAME_BYTES, FileKeys, HEADER_BYTES, Keys, Shape};
use crate::StoreError;

/// An open blob; stays readable whatever happens to its name.
pub struct BlobReader {
    file: File,
    path: PathBuf,
    keys: FileKeys,
    shape: Shape,
    /// The frame that was read last: neighbouring ranges share it.
    frame: Vec<u8>,
    frame_number: Option<u64>,
}

impl BlobReader {
    pub(super) fn open(path: &Path, name: &BlobName, keys: &Keys) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::file(path))?;
        let file_bytes = file.metadata().map_err(StoreError::file(path))?.len();
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0)
            .map_err(|_| StoreError::Blob("its file is too short for a header"))?;
        let (keys, shape) = frames::open_header(&header, file_bytes, name, keys)?;
        let path = path.to_owned();
        Ok(Self { file, path, keys, shape, frame: Vec::new(), frame_number: None })
    }

    /// The plaintext's length.
    pub fn bytes(&self) -> u64 {
        self.shape.bytes
    }

    /// At most `bytes_max` bytes from `offset` on; fewer only at the end.
    pub fn read_at(&mut self, offset: u64, bytes_max: usize) -> Result<Vec<u8>, StoreError> {
        let left = usize::try_from(self.shape.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = left.min(bytes_max);
        let mut bytes = Vec::with_capacity(wanted);
        let frame_bytes = u64::try_from(FRAME_BYTES).unwrap_or(u64::MAX);
        let mut number = offset / frame_bytes;
        let mut skipped = usize::try_from(offset % frame_bytes).unwrap_or(usize::MAX);
        while bytes.len() < wanted {
            self.turn_to(number)?;
            let fresh = self.frame.get(skipped..).unwrap_or_default();
            let taken = fresh.get(..wanted - bytes.len()).unwrap_or(fresh);
            if taken.is_empty() {
                return Err(StoreError::Blob("a frame is shorter than its file says"));
            }
            bytes.extend_from_slice(taken);
            number += 1;
            skipped = 0;
        }
        Ok(bytes)
    }

    fn turn_to(&mut self, number: u64) -> Result<(), StoreError> {
        if self.frame_number == Some(number) {
            return Ok(());
        }
        // Half-read frames must not be taken for opened ones.
        self.frame_number = None;
        self.frame.resize(self.shape.sealed_bytes(number), 0);
        self.file
            .read_exact_at(&mut self.frame, Shape::offset(number))
            .map_err(StoreError::file(&self.path))?;
        self.keys.open(number, self.shape.place(number), &mut self.frame)?;
        self.frame_number = Some(number);
        Ok(())
    }
}
