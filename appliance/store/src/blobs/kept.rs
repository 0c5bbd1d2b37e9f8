//! Going on with a blob after the line or the server was lost.
//!
//! Its temporary file holds the salt in the header's place and whole frames behind it. What lies
//! there is opened frame by frame before anything is added; a frame that does not open, or only
//! a part of one, ends the attempt: the file begins anew with another key, because a frame's
//! number may be sealed only once under one key.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::frames::{FRAME_BYTES, HEADER_BYTES, HEADER_LENGTH, Place, SEALED_BYTES, SEALED_LENGTH};
use super::writer::Found;
use super::{BlobName, BlobWriter, Blobs};
use crate::StoreError;
use crate::clock::fill;

/// The last byte is the format's version.
const MAGIC: [u8; 8] = *b"tokpart\x01";

/// The name of a blob under construction that outlives its writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptName([u8; 32]);

impl KeptName {
    pub fn random() -> Self {
        let mut random = [0; 32];
        fill(&mut random);
        Self(random)
    }
}

impl fmt::Display for KeptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        BlobName::from_bytes(self.0).fmt(f)
    }
}

impl Blobs {
    /// Goes on behind the last whole frame, or begins; dropped, it leaves its whole frames for
    /// the next time. Reads everything that lies there. One writer at a time.
    pub fn go_on(&self, name: &KeptName) -> Result<BlobWriter, StoreError> {
        let path = self.partial_path(name);
        let found = match self.find(&path)? {
            Some(found) => found,
            None => self.begin_kept(&path)?,
        };
        Ok(BlobWriter::go_on(self.clone(), path, found))
    }

    /// How much of it `go_on` will find, by the length of its file alone.
    pub fn kept_bytes(&self, name: &KeptName) -> Result<u64, StoreError> {
        let path = self.partial_path(name);
        match std::fs::metadata(&path) {
            Ok(found) => Ok(whole_frames(found.len()).unwrap_or_default() * frame_bytes()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(StoreError::file(&path)(error)),
        }
    }

    /// Nobody goes on with it; it may be gone already.
    pub fn forget(&self, name: &KeptName) -> Result<(), StoreError> {
        let path = self.partial_path(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(StoreError::file(&path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn begin_kept(&self, path: &Path) -> Result<Found, StoreError> {
        let mut salt = [0; 32];
        fill(&mut salt);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(path).map_err(StoreError::file(path))?;
        let mut header = [MAGIC.as_slice(), &salt].concat();
        header.resize(HEADER_BYTES, 0);
        file.write_all(&header).map_err(StoreError::file(path))?;
        let keys = self.0.keys.of_file(&salt)?;
        Ok(Found { file, salt, keys, namer: self.0.keys.namer(), frames: 0 })
    }

    /// `None` where nothing lies, or nothing that can be gone on with.
    fn find(&self, path: &Path) -> Result<Option<Found>, StoreError> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::file(path)(error)),
        };
        let bytes = file.metadata().map_err(StoreError::file(path))?.len();
        let Some(frames) = whole_frames(bytes) else { return Ok(None) };
        let Some(salt) = read_salt(&mut file).map_err(StoreError::file(path))? else {
            return Ok(None);
        };
        let keys = self.0.keys.of_file(&salt)?;
        let mut namer = self.0.keys.namer();
        let mut frame = Vec::new();
        for number in 0..frames {
            frame.resize(SEALED_BYTES, 0);
            file.read_exact(&mut frame).map_err(StoreError::file(path))?;
            if keys.open(number, Place::Inner, &mut frame).is_err() {
                return Ok(None);
            }
            namer.update(&frame);
        }
        file.seek(SeekFrom::End(0)).map_err(StoreError::file(path))?;
        Ok(Some(Found { file, salt, keys, namer, frames }))
    }
}

fn read_salt(file: &mut File) -> std::io::Result<Option<[u8; 32]>> {
    let mut header = [0; HEADER_BYTES];
    file.read_exact(&mut header)?;
    let rest = header.strip_prefix(&MAGIC);
    Ok(rest.and_then(|rest| rest.first_chunk::<32>()).copied())
}

/// `None` where a frame was cut.
fn whole_frames(file_bytes: u64) -> Option<u64> {
    let sealed = file_bytes.checked_sub(HEADER_LENGTH)?;
    sealed.is_multiple_of(SEALED_LENGTH).then_some(sealed / SEALED_LENGTH)
}

fn frame_bytes() -> u64 {
    u64::try_from(FRAME_BYTES).unwrap_or(u64::MAX)
}
