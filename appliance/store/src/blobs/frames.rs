//! What a blob's file holds: a header and sealed frames.
//!
//! Header: magic, a random salt, and a seal over name and length. Each frame is 64 KiB of
//! plaintext (the last one less) under AES-256-GCM with a key of this file alone, its number as
//! nonce, and "last or not" bound to it: nothing can be cut, swapped, moved or lengthened.

use std::io::Read;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::BlobName;
use crate::StoreError;

/// Small enough to open for a short range, large enough for the cipher's full speed.
pub(crate) const FRAME_BYTES: usize = 64 * 1024;

const TAG_BYTES: usize = 16;
pub(crate) const SEALED_BYTES: usize = FRAME_BYTES + TAG_BYTES;
const FRAME_LENGTH: u64 = 64 * 1024;
const TAG_LENGTH: u64 = 16;
pub(crate) const SEALED_LENGTH: u64 = FRAME_LENGTH + TAG_LENGTH;

/// The last byte is the format's version.
const MAGIC: [u8; 8] = *b"tokblob\x01";
pub(crate) const HEADER_BYTES: usize = 8 + 32 + 32;
pub(crate) const HEADER_LENGTH: u64 = 8 + 32 + 32;

/// What names and files are sealed with, derived once from the keyring.
pub(crate) struct Keys {
    names: Zeroizing<[u8; 32]>,
    files: Zeroizing<[u8; 32]>,
}

/// The keys of one file.
pub(crate) struct FileKeys {
    frames: LessSafeKey,
    header: Zeroizing<[u8; 32]>,
}

/// How many bytes lie where.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Length of the plaintext.
    pub bytes: u64,
    pub frames: u64,
}

impl Keys {
    pub fn of(blob_key: &[u8; 32]) -> Self {
        Self {
            names: Zeroizing::new(blake3::derive_key("tokinet 2026-11 blob names", blob_key)),
            files: Zeroizing::new(blake3::derive_key("tokinet 2026-11 blob files", blob_key)),
        }
    }

    pub fn namer(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.names)
    }

    pub fn of_file(&self, salt: &[u8; 32]) -> Result<FileKeys, StoreError> {
        let mut secret = Zeroizing::new([0; 64]);
        for (to, from) in secret.iter_mut().zip(self.files.iter().chain(salt)) {
            *to = *from;
        }
        let frames = Zeroizing::new(blake3::derive_key("tokinet 2026-11 blob frames", &*secret));
        let header = blake3::derive_key("tokinet 2026-11 blob header", &*secret);
        Ok(FileKeys {
            frames: UnboundKey::new(&AES_256_GCM, &*frames)
                .map(LessSafeKey::new)
                .map_err(|_| StoreError::Blob("no cipher for its frames"))?,
            header: Zeroizing::new(header),
        })
    }
}

impl FileKeys {
    pub fn header(&self, salt: &[u8; 32], name: &BlobName, bytes: u64) -> Vec<u8> {
        [MAGIC.as_slice(), salt, self.header_seal(name, bytes).as_bytes()].concat()
    }

    fn header_seal(&self, name: &BlobName, bytes: u64) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.header);
        hasher.update(name.bytes()).update(&bytes.to_be_bytes());
        hasher.finalize()
    }

    /// Turns plaintext into its sealed frame.
    pub fn seal(&self, number: u64, place: Place, frame: &mut Vec<u8>) -> Result<(), StoreError> {
        self.frames
            .seal_in_place_append_tag(nonce(number), place.bound(number), frame)
            .map_err(|_| StoreError::Blob("a frame could not be sealed"))
    }

    /// Turns a sealed frame into its plaintext.
    pub fn open(&self, number: u64, place: Place, frame: &mut Vec<u8>) -> Result<(), StoreError> {
        let length = self
            .frames
            .open_in_place(nonce(number), place.bound(number), frame)
            .map_err(|_| StoreError::Blob("a frame was changed or is not of this file"))?
            .len();
        frame.truncate(length);
        Ok(())
    }
}

/// Whether frames follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Inner,
    Last,
}

impl Place {
    fn bound(self, number: u64) -> Aad<[u8; 9]> {
        let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
        let last = match self {
            Self::Inner => 0,
            Self::Last => 1,
        };
        Aad::from([a, b, c, d, e, f, g, h, last])
    }
}

/// Never used twice under one key: the key is the file's own and frames are written once.
fn nonce(number: u64) -> Nonce {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    Nonce::assume_unique_for_key([0, 0, 0, 0, a, b, c, d, e, f, g, h])
}

impl Shape {
    /// An empty blob is one empty frame; no other blob ends with one.
    pub fn of_file(file_bytes: u64) -> Option<Self> {
        let sealed = file_bytes.checked_sub(HEADER_LENGTH)?;
        let frames = sealed.div_ceil(SEALED_LENGTH);
        let last = sealed.checked_sub(frames.checked_sub(1)? * SEALED_LENGTH)?;
        let is_whole = last > TAG_LENGTH || (last == TAG_LENGTH && frames == 1);
        is_whole.then_some(Self { bytes: sealed.checked_sub(frames * TAG_LENGTH)?, frames })
    }

    pub fn place(&self, number: u64) -> Place {
        if number + 1 == self.frames { Place::Last } else { Place::Inner }
    }

    /// Where a sealed frame begins in the file.
    pub fn offset(number: u64) -> u64 {
        HEADER_LENGTH + number * SEALED_LENGTH
    }

    pub fn sealed_bytes(&self, number: u64) -> usize {
        match self.place(number) {
            Place::Inner => SEALED_BYTES,
            Place::Last => {
                let last = self.bytes - number * FRAME_LENGTH;
                usize::try_from(last + TAG_LENGTH).unwrap_or(SEALED_BYTES)
            }
        }
    }
}

/// Checks a header against name and length; answers the file's keys.
pub(crate) fn open_header(
    header: &[u8; HEADER_BYTES],
    file_bytes: u64,
    name: &BlobName,
    keys: &Keys,
) -> Result<(FileKeys, Shape), StoreError> {
    const DAMAGED: StoreError = StoreError::Blob("its header is not of this blob");
    let shape = Shape::of_file(file_bytes).ok_or(StoreError::Blob("its file was cut"))?;
    let (magic, rest) = header.split_first_chunk::<8>().ok_or(DAMAGED)?;
    let (salt, rest) = rest.split_first_chunk::<32>().ok_or(DAMAGED)?;
    let found = rest.first_chunk::<32>().ok_or(DAMAGED)?;
    if *magic != MAGIC {
        return Err(DAMAGED);
    }
    let keys = keys.of_file(salt)?;
    // Comparing hashes takes the same time wherever they differ.
    if keys.header_seal(name, shape.bytes) != blake3::Hash::from_bytes(*found) {
        return Err(DAMAGED);
    }
    Ok((keys, shape))
}

/// Opens every frame of a file that comes as a stream and compares content and name.
pub(crate) fn check_stream(
    stream: &mut impl Read,
    file_bytes: u64,
    name: &BlobName,
    keys: &Keys,
) -> Result<u64, StoreError> {
    const CUT: fn(std::io::Error) -> StoreError = |_| StoreError::Blob("it could not be read");
    let mut header = [0; HEADER_BYTES];
    stream.read_exact(&mut header).map_err(CUT)?;
    let (file_keys, shape) = open_header(&header, file_bytes, name, keys)?;
    let mut namer = keys.namer();
    let mut frame = Vec::new();
    for number in 0..shape.frames {
        frame.resize(shape.sealed_bytes(number), 0);
        stream.read_exact(&mut frame).map_err(CUT)?;
        file_keys.open(number, shape.place(number), &mut frame)?;
        namer.update(&frame);
    }
    if BlobName::from_bytes(*namer.finalize().as_bytes()) != *name {
        return Err(StoreError::Blob("its content is not what its name says"));
    }
    Ok(shape.bytes)
}
