//! Backup: everything a store holds in one file that only the recovery key opens.
//!
//! `make.rs` writes it from one snapshot, `check.rs` reads it whole before it gets its name, and
//! `restore.rs` reads it the same way into a new store. `parts.rs` says what the file holds.
//! The file shows who can read it, not who made it: compare the report's trail head with one
//! that was written down when the backup was made.

use std::path::PathBuf;

use age::secrecy::ExposeSecret as _;
use jiff::Timestamp;

use crate::{KeyRingError, StoreError, TrailFault, TrailHead};

mod make;
pub use make::back_up;

mod restore;
pub use restore::restore;

mod check;
mod parts;

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupReport {
    pub rows: u64,
    pub blobs: u64,
    /// Blobs that were damaged in the store already and were copied as they are.
    pub blobs_damaged: u64,
    /// The file's length.
    pub bytes: u64,
    /// Where the trail stood: the backup holds everything up to this act.
    pub trail: TrailHead,
    pub at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("not the public half of a recovery key: {0}")]
    NotARecipient(&'static str),
    #[error("not a recovery key: {0}")]
    NotAnIdentity(&'static str),
    #[error("the backup does not open with this recovery key")]
    DoesNotOpen(#[source] Box<age::DecryptError>),
    #[error("the backup could not be encrypted")]
    NotEncrypted(#[source] Box<age::EncryptError>),
    #[error("a backup lies in {0} already")]
    Exists(PathBuf),
    #[error("the folder {0} is not empty, and restore replaces nothing")]
    StoreExists(PathBuf),
    #[error("another backup or restore is writing {0}")]
    Busy(PathBuf),
    #[error("the backup has format {found}, this version reads up to {known}")]
    Newer { found: u32, known: u32 },
    #[error("the backup cannot be read to its end")]
    Cut(#[source] std::io::Error),
    #[error("the backup is damaged: {0}")]
    Damaged(&'static str),
    #[error("the trail in the backup is broken")]
    Trail(#[from] TrailFault),
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new recovery key: the secret for paper, and its public half for the box.
pub fn new_recovery_key() -> (String, String) {
    let identity = age::x25519::Identity::generate();
    (identity.to_string().expose_secret().to_owned(), identity.to_public().to_string())
}
