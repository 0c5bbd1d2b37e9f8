//! What a feature declares about what it stores.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{self, KEY_BYTES_MAX};
use crate::key::{Key, KeyBytes};
use crate::{KeyRing, StoreError};

/// One row of one table. Its serde shape is its stored shape: a change is a new `VERSION`, a
/// migration and a golden file.
pub trait Record: Serialize + DeserializeOwned {
    type Key: Key;
    const TABLE: &'static str;
    const VERSION: u8;
    /// The tables of this record's indexes; `put` looks for old entries only if there are any.
    const INDEXES: &'static [&'static str] = &[];

    fn key(&self) -> Self::Key;

    /// Names every index entry of this row; `put` and `delete` keep them.
    fn index(&self, _indexer: &mut Indexer<'_>) {}
}

/// May be read in any snapshot.
pub trait Plain: Record {}

/// Holds what is said about patients: read only through `Store::view` or `Store::glance`, which
/// write an access row, or inside an act.
pub trait Sensitive: Record {}

/// Noise that may be written without a row in the trail: sessions, last seen.
pub trait Housekeeping: Plain {}

/// A second order of a record's rows.
pub trait Index {
    type Record: Record;
    type Key: Key;
    const TABLE: &'static str;
}

/// Collects the index entries of one row.
pub struct Indexer<'a> {
    ring: &'a KeyRing,
    primary: Vec<u8>,
    pub(crate) entries: Vec<(&'static str, Vec<u8>)>,
}

impl<'a> Indexer<'a> {
    pub(crate) fn entries_of<R: Record>(ring: &'a KeyRing, record: &R) -> Self {
        let primary = KeyBytes::of(&record.key());
        let mut indexer = Self { ring, primary, entries: Vec::new() };
        record.index(&mut indexer);
        indexer
    }

    pub fn add<I: Index>(&mut self, key: &I::Key) {
        let mut bytes = KeyBytes::of(key);
        bytes.extend_from_slice(&self.primary);
        let length = u16::try_from(self.primary.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        self.entries.push((I::TABLE, bytes));
    }

    /// A keyed hash that finds equal words without showing them in the file.
    pub fn blind(&self, word: &[u8]) -> [u8; 16] {
        self.ring.blind(word)
    }
}

/// The row's own key, from the end of an index entry.
pub(crate) fn primary_of(entry: &[u8]) -> Option<&[u8]> {
    let (rest, length) = entry.split_last_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    rest.get(rest.len().checked_sub(length)?..)
}

pub(crate) fn encode<R: Record>(record: &R) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let key = KeyBytes::of(&record.key());
    check_key(R::TABLE, &key)?;
    Ok((key, codec::encode(R::TABLE, R::VERSION, record)?))
}

pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, StoreError> {
    codec::decode(R::TABLE, R::VERSION, bytes)
}

pub(crate) fn check_key(table: &'static str, key: &[u8]) -> Result<(), StoreError> {
    if key.len() > KEY_BYTES_MAX {
        return Err(StoreError::TooLarge { table, bytes: key.len(), bytes_max: KEY_BYTES_MAX });
    }
    Ok(())
}
