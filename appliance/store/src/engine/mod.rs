//! The smallest interface that an ordered, transactional engine must offer.
//!
//! Bytes in order and one transaction: no feature knows which engine it stands on.

use std::ops::ControlFlow;

use crate::StoreError;

mod redb;
pub use self::redb::RedbEngine;

/// Which end of a range comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// Called for every row of a range, in order, until it breaks.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// One consistent view of everything committed before it was taken.
pub trait Snapshot {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Rows with `low <= key < high`; no `high` means to the table's end.
    fn range(
        &self,
        table: &'static str,
        low: &[u8],
        high: Option<&[u8]>,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError>;

    /// Every table that exists, for backup and verification.
    fn tables(&self) -> Result<Vec<String>, StoreError>;

    /// All rows of a table by its name at run time.
    fn rows(&self, table: &str, visit: &mut Visit<'_>) -> Result<(), StoreError>;
}

/// A row to put, or to delete when it has no value.
pub struct Put {
    pub table: &'static str,
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
}

/// A row as it lies in the engine, of a table whose name comes from a file.
pub struct LoadedRow {
    pub table: String,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

pub trait Engine: Send + Sync {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// All or nothing, durable when it returns.
    fn commit(&self, batch: &[Put]) -> Result<(), StoreError>;

    /// Puts rows that were taken from another engine: restore. All or nothing and durable, too.
    fn load(&self, rows: &[LoadedRow]) -> Result<(), StoreError>;
}

/// The first key after every key that starts with `prefix`.
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}
