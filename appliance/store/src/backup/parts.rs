//! The plaintext of a backup: a format number, then tagged parts, the last of which counts and
//! hashes everything before it.
//!
//! A part is a tag, a length and that many bytes; a blob's bytes follow its part. Numbers are
//! big-endian. Order: header, keyring, tables each followed by its rows, blobs, end.

use std::io::{Read, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::BackupError;
use crate::{BlobName, TrailHead, codec};

/// Readers of all older numbers stay for ever.
pub(super) const FORMAT: u32 = 1;

pub(super) const MAGIC: [u8; 16] = *b"tokinet backup\0\n";

/// The longest row: a key, a sealed value and their lengths, rounded up.
const PART_BYTES_MAX: u32 = 128 * 1024;

const TABLE: &str = "backup";
const VERSION: u8 = 1;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    #[serde(with = "crate::micros")]
    pub at: Timestamp,
    pub trail: TrailHead,
    pub schema: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub tables: u64,
    pub rows: u64,
    pub blobs: u64,
    pub hash: [u8; 32],
}

pub(super) enum Part {
    Header(Header),
    Keyring(Zeroizing<Vec<u8>>),
    Table(String),
    Row { key: Vec<u8>, value: Vec<u8> },
    Blob { name: BlobName, file_bytes: u64 },
    End(End),
}

const HEADER: u8 = b'H';
const KEYRING: u8 = b'K';
const TABLE_NAME: u8 = b'T';
const ROW: u8 = b'R';
const BLOB: u8 = b'B';
const END: u8 = b'E';

/// A stream that is hashed on its way.
pub(super) struct Hashed<S> {
    stream: S,
    hasher: blake3::Hasher,
}

impl<S> Hashed<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, hasher: blake3::Hasher::new() }
    }

    pub fn hash(&self) -> [u8; 32] {
        *self.hasher.finalize().as_bytes()
    }

    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Write> Hashed<S> {
    pub fn put(&mut self, part: &Part) -> Result<(), BackupError> {
        let (tag, body) = part.encode()?;
        let body = Zeroizing::new(body);
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        if length > PART_BYTES_MAX {
            return Err(BackupError::Damaged("a row is longer than any row may be"));
        }
        self.put_bytes(&[tag])?;
        self.put_bytes(&length.to_be_bytes())?;
        self.put_bytes(&body)
    }

    pub fn put_bytes(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.write_all(bytes).map_err(BackupError::Cut)
    }
}

impl<S: Read> Hashed<S> {
    /// The next part; for the last one also the hash of everything before it.
    pub fn next_part(&mut self) -> Result<(Part, [u8; 32]), BackupError> {
        let mut tag = [0];
        self.stream.read_exact(&mut tag).map_err(BackupError::Cut)?;
        let [kind] = tag;
        let hash = if kind == END { self.hash() } else { [0; 32] };
        self.hasher.update(&tag);
        let length = u32::from_be_bytes(self.take_bytes()?);
        if length > PART_BYTES_MAX {
            return Err(BackupError::Damaged("a part is longer than any part may be"));
        }
        let mut body = Zeroizing::new(vec![0; usize::try_from(length).unwrap_or(0)]);
        self.read_exact(&mut body).map_err(BackupError::Cut)?;
        Ok((Part::decode(kind, body)?, hash))
    }

    pub fn take_bytes<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes).map_err(BackupError::Cut)?;
        Ok(bytes)
    }
}

impl<S: Write> Write for Hashed<S> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.stream.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Read> Read for Hashed<S> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let read = self.stream.read(bytes)?;
        self.hasher.update(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl Part {
    fn encode(&self) -> Result<(u8, Vec<u8>), BackupError> {
        Ok(match self {
            Self::Header(header) => (HEADER, codec::encode(TABLE, VERSION, header)?),
            Self::Keyring(secrets) => (KEYRING, secrets.to_vec()),
            Self::Table(name) => (TABLE_NAME, name.clone().into_bytes()),
            Self::Row { key, value } => {
                let key_bytes = u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes();
                (ROW, [key_bytes.as_slice(), key, value].concat())
            }
            Self::Blob { name, file_bytes } => {
                (BLOB, [name.bytes().as_slice(), &file_bytes.to_be_bytes()].concat())
            }
            Self::End(end) => (END, codec::encode(TABLE, VERSION, end)?),
        })
    }

    fn decode(tag: u8, body: Zeroizing<Vec<u8>>) -> Result<Self, BackupError> {
        const SHAPE: BackupError = BackupError::Damaged("a part is not of its shape");
        Ok(match tag {
            HEADER => Self::Header(codec::decode(TABLE, VERSION, &body)?),
            KEYRING => Self::Keyring(body),
            TABLE_NAME => Self::Table(String::from_utf8(body.to_vec()).map_err(|_| SHAPE)?),
            ROW => {
                let (length, rest) = body.split_first_chunk::<4>().ok_or(SHAPE)?;
                let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| SHAPE)?;
                let (key, value) = rest.split_at_checked(length).ok_or(SHAPE)?;
                Self::Row { key: key.to_vec(), value: value.to_vec() }
            }
            BLOB => {
                let (name, length) = body.split_first_chunk::<32>().ok_or(SHAPE)?;
                let file_bytes = u64::from_be_bytes(length.try_into().map_err(|_| SHAPE)?);
                Self::Blob { name: BlobName::from_bytes(*name), file_bytes }
            }
            END => Self::End(codec::decode(TABLE, VERSION, &body)?),
            _ => return Err(BackupError::Damaged("a part is of no known kind")),
        })
    }
}
