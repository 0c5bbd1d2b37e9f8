//! The change log: which rows each act put or deleted, by the act's number in the trail.
//!
//! It names keys, not values: a reader takes the values from a snapshot that is at least as new,
//! which is enough to feed notices, search, incremental backup and a standby. Kept for a bounded
//! time; a reader that comes too late starts from a full copy.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::engine::Order;
use crate::key::KeyBytes;
use crate::overlay::{Layers, Overlay};
use crate::{Read, StoreError, codec};

pub(crate) const TABLE: &str = "changes";
const VERSION: u8 = 1;

/// A standby that was away longer copies everything; a week covers every holiday.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Rows removed with one commit, so that no act waits for a long sweep.
const SWEPT_ROWS_MAX: usize = 512;

/// What one act changed. Index entries are left out: they follow from their rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub number: u64,
    #[serde(with = "crate::micros")]
    pub at: Timestamp,
    pub rows: Vec<ChangedRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedRow {
    pub table: String,
    pub key: Vec<u8>,
    pub deleted: bool,
}

/// One value holds at most this many keys: with the longest of them it stays below the engines'
/// limit for a value.
const ROWS_A_PART: usize = 100;

pub(crate) fn append(
    number: u64,
    at: Timestamp,
    changes: &Overlay,
    into: &mut Overlay,
) -> Result<Vec<Change>, StoreError> {
    let rows = changes.rows().filter(|(table, ..)| !table.contains("_by_"));
    let mut rows: Vec<_> = rows
        .map(|(table, key, value)| ChangedRow {
            table: table.to_owned(),
            key: key.clone(),
            deleted: value.is_none(),
        })
        .collect();
    let mut parts = Vec::new();
    for part in 0u64.. {
        if rows.is_empty() {
            break;
        }
        let later = rows.split_off(rows.len().min(ROWS_A_PART));
        let change = Change { number, at, rows: std::mem::replace(&mut rows, later) };
        let bytes = codec::encode(TABLE, VERSION, &change)?;
        into.set(TABLE, KeyBytes::of(&(number, part)), Some(bytes));
        parts.push(change);
    }
    Ok(parts)
}

/// Forgets what is older than [`KEPT`].
pub(crate) fn sweep(
    layers: &Layers<'_>,
    now: Timestamp,
    into: &mut Overlay,
) -> Result<(), StoreError> {
    let mut old = Vec::new();
    layers.range(TABLE, &[], None, Order::Ascending, &mut |key, value| {
        let change: Result<Change, _> = codec::decode(TABLE, VERSION, value);
        let expired = change.is_ok_and(|change| now.duration_since(change.at) > KEPT);
        if !expired || old.len() == SWEPT_ROWS_MAX {
            return ControlFlow::Break(());
        }
        old.push(key.to_vec());
        ControlFlow::Continue(())
    })?;
    for key in old {
        into.set(TABLE, key, None);
    }
    Ok(())
}

impl Read<'_> {
    /// Changes after act `number`, oldest first. Ends after a whole act, so it answers a few
    /// more than `rows_max` when the last act needed several parts.
    pub fn changes_after(&self, number: u64, rows_max: usize) -> Result<Vec<Change>, StoreError> {
        let low = KeyBytes::of(&number.saturating_add(1));
        let mut changes: Vec<Change> = Vec::new();
        let mut damage = None;
        self.layers().range(TABLE, &low, None, Order::Ascending, &mut |_, value| {
            match codec::decode::<Change>(TABLE, VERSION, value) {
                Ok(change) => {
                    let is_same_act =
                        changes.last().is_some_and(|last| last.number == change.number);
                    if changes.len() >= rows_max && !is_same_act {
                        return ControlFlow::Break(());
                    }
                    changes.push(change);
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    damage = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        damage.map_or(Ok(changes), Err)
    }
}
