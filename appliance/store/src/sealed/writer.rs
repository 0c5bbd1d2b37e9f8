//! Writing a sealed file, once, from its beginning to its end.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::{Durable, bound_name, damaged};
use crate::BlobName;
use crate::blobs::Keys;
use crate::blobs::frames::{FRAME_BYTES, FileKeys, HEADER_BYTES, Place};
use crate::clock::fill;

/// A file under construction: without its header, which comes last, it does not open.
pub struct SealedWriter {
    file: File,
    name: BlobName,
    salt: [u8; 32],
    keys: FileKeys,
    frame: Vec<u8>,
    frames: u64,
    bytes: u64,
}

impl SealedWriter {
    pub(super) fn begin(path: &Path, name: &str, keys: &Keys) -> io::Result<Self> {
        let mut salt = [0; 32];
        fill(&mut salt);
        let keys = keys.of_file(&salt).map_err(damaged)?;
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&[0; HEADER_BYTES])?;
        let name = bound_name(name);
        Ok(Self { file, name, salt, keys, frame: Vec::new(), frames: 0, bytes: 0 })
    }

    pub fn finish(&mut self, durable: Durable) -> io::Result<()> {
        self.put_frame(Place::Last)?;
        let header = self.keys.header(&self.salt, &self.name, self.bytes);
        self.file.write_all_at(&header, 0)?;
        match durable {
            Durable::AtOnce => self.file.sync_data(),
            Durable::Sometime => Ok(()),
        }
    }

    fn put_frame(&mut self, place: Place) -> io::Result<()> {
        self.keys.seal(self.frames, place, &mut self.frame).map_err(damaged)?;
        self.file.write_all(&self.frame)?;
        self.frame.clear();
        self.frames += 1;
        Ok(())
    }
}

impl Write for SealedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full frame waits for the byte after it: only then is it known not to be the last.
        if self.frame.len() == FRAME_BYTES && !bytes.is_empty() {
            self.put_frame(Place::Inner)?;
        }
        let room = FRAME_BYTES - self.frame.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.frame.extend_from_slice(taken);
        self.bytes += u64::try_from(taken.len()).unwrap_or(u64::MAX);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
