//! Typed records on an embedded ordered store, written only by acts that leave a trail.
//!
//! Start at [`Store`]: `read` gives one consistent snapshot, `view` the same after an access
//! row, `write` runs an act on the writer thread. `record.rs` says what a feature declares,
//! `engine/` is the small interface that redb stands behind.

mod store;
pub use store::{GLANCES_MAX, Layout, OpenError, Store};

mod act;
pub use act::{Act, Actor, Subject};

mod record;
pub use record::{Housekeeping, Index, Indexer, Plain, Record, Sensitive};

mod key;
pub use key::{Key, KeyBytes, Newest};

mod id;
pub use id::Id;

mod clock;
pub use clock::{Clock, civil_date, micros};

mod read;
pub use read::{Cursor, NotACursor, Order, Page, Read, View};

mod write;
pub use write::{Counter, House, Write};

mod trail;
pub use trail::{TrailFault, TrailHead, TrailOf, TrailRow};

mod changes;
pub use changes::{Change, ChangedRow};

mod migrate;
pub use migrate::{Migration, MigrationWrite, RawRow};

mod codec;
pub mod engine;
mod error;
mod files;
mod keyring;
mod overlay;
mod recent;
mod writer;

pub use codec::{decode, encode};
pub use error::StoreError;
pub use keyring::{KeyRing, KeyRingError, MasterKey};

mod blobs;
pub use blobs::{
    BlobName, BlobNames, BlobReader, BlobWriter, Blobs, KeptName, NotABlobName, SweepReport,
    UNNAMED_KEPT,
};

mod sealed;
pub use sealed::{Durable, SealedFile, SealedFolder, SealedWriter};

mod backup;
pub use backup::{BackupError, BackupReport, back_up, new_recovery_key, restore};
