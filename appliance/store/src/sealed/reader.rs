//! Reading a sealed file by ranges; frames that were opened are shared and kept for a while.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{SealedFolder, bound_name, damaged};
use crate::blobs::frames::{self, FRAME_BYTES, FileKeys, HEADER_BYTES, Shape};

/// A range over more frames than this is read once, from end to end, by whoever merges: kept
/// frames would only push out those that searches want.
const KEPT_FRAMES_MAX: usize = 8;

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// Stays readable whatever happens to its name.
pub struct SealedFile {
    folder: SealedFolder,
    number: u64,
    file: File,
    keys: FileKeys,
    shape: Shape,
}

impl SealedFile {
    pub(super) fn open(path: &Path, name: &str, folder: SealedFolder) -> io::Result<Self> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0).map_err(cut)?;
        let opened = frames::open_header(&header, file_bytes, &bound_name(name), &folder.0.keys);
        let (keys, shape) = opened.map_err(damaged)?;
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        Ok(Self { folder, number, file, keys, shape })
    }

    /// The plaintext's length.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.shape.bytes).unwrap_or(usize::MAX)
    }

    pub fn read(&self, range: Range<usize>) -> io::Result<Vec<u8>> {
        if range.start > range.end || range.end > self.bytes() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "beyond the file's end"));
        }
        let mut bytes = Vec::with_capacity(range.len());
        let keeps = range.len() <= KEPT_FRAMES_MAX * FRAME_BYTES;
        let mut at = range.start;
        while at < range.end {
            let frame = self.frame(at / FRAME_BYTES, keeps)?;
            let skipped = at % FRAME_BYTES;
            let wanted = (range.end - at).min(FRAME_BYTES - skipped);
            let part = frame.get(skipped..skipped + wanted);
            bytes.extend_from_slice(part.ok_or_else(|| cut(io::ErrorKind::UnexpectedEof.into()))?);
            at += wanted;
        }
        Ok(bytes)
    }

    fn frame(&self, number: usize, keep: bool) -> io::Result<Arc<Vec<u8>>> {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let place = (self.number, number);
        if let Some(frame) = self.folder.0.cache.get(place) {
            return Ok(frame);
        }
        let mut frame = vec![0; self.shape.sealed_bytes(number)];
        self.file.read_exact_at(&mut frame, Shape::offset(number)).map_err(cut)?;
        self.keys.open(number, self.shape.place(number), &mut frame).map_err(damaged)?;
        let frame = Arc::new(frame);
        if keep {
            self.folder.0.cache.put(place, frame.clone());
        }
        Ok(frame)
    }
}

fn cut(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::new(io::ErrorKind::InvalidData, error);
    }
    error
}
