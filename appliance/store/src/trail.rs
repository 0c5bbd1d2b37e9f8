//! The trail: one row an act, each carrying the hash of the row before it.
//!
//! The row type never leaves this crate as a record, so no feature can put a forged one. A chain
//! proves nothing if the whole file is replaced: print the newest hash where it lives elsewhere.

use std::ops::ControlFlow;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::act::{Act, Actor, Subject};
use crate::engine::Order;
use crate::key::KeyBytes;
use crate::overlay::{Layers, Overlay};
use crate::{Read, StoreError, codec};

pub(crate) const TABLE: &str = "trail";
pub(crate) const BY_SUBJECT: &str = "trail_by_subject";
pub(crate) const BY_MEMBER: &str = "trail_by_member";
const VERSION: u8 = 1;

/// Who did what to whom, and which tables it touched; never the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailRow {
    pub number: u64,
    #[serde(with = "crate::micros")]
    pub at: Timestamp,
    pub actor: Actor,
    pub action: String,
    pub subject: Option<Subject>,
    pub tables: Vec<String>,
    pub previous: [u8; 32],
}

/// The newest row's number and hash; zero before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailHead {
    pub number: u64,
    pub hash: [u8; 32],
}

/// What a part of the trail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailOf {
    Subject([u8; 16]),
    Member([u8; 16]),
}

/// Where the chain is broken.
#[derive(Debug, thiserror::Error)]
pub enum TrailFault {
    #[error("row {number} of the trail is missing")]
    Missing { number: u64 },
    #[error("row {number} of the trail does not follow from the one before")]
    Broken { number: u64 },
    #[error("the trail ends elsewhere than its head says")]
    WrongHead,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds the row of an act that touched what `changes` holds.
pub(crate) fn append(
    head: TrailHead,
    act: &Act,
    changes: &Overlay,
    into: &mut Overlay,
) -> Result<TrailHead, StoreError> {
    let row = TrailRow {
        number: head.number + 1,
        at: act.at,
        actor: act.actor,
        action: act.action.to_owned(),
        subject: act.subject.clone(),
        tables: changes.tables().map(str::to_owned).collect(),
        previous: head.hash,
    };
    let bytes = codec::encode(TABLE, VERSION, &row)?;
    let hash = hash(&bytes);
    if let Some(subject) = &row.subject {
        into.set(BY_SUBJECT, KeyBytes::of(&(subject.id, row.number)), Some(Vec::new()));
    }
    if let Actor::Member { member, .. } = row.actor {
        into.set(BY_MEMBER, KeyBytes::of(&(member, row.number)), Some(Vec::new()));
    }
    into.set(TABLE, KeyBytes::of(&row.number), Some(bytes));
    Ok(TrailHead { number: row.number, hash })
}

impl Read<'_> {
    /// Newest first, older than `before`.
    pub fn trail(&self, before: Option<u64>, rows_max: usize) -> Result<Vec<TrailRow>, StoreError> {
        let high = before.map(|number| number.to_be_bytes().to_vec());
        let mut rows = Vec::new();
        let mut damage = None;
        self.layers().range(TABLE, &[], high.as_deref(), Order::Descending, &mut |_, value| {
            match codec::decode(TABLE, VERSION, value) {
                Ok(row) if rows.len() < rows_max => {
                    rows.push(row);
                    ControlFlow::Continue(())
                }
                Ok(TrailRow { .. }) => ControlFlow::Break(()),
                Err(error) => {
                    damage = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        damage.map_or(Ok(rows), Err)
    }

    /// What was done to one thing or by one member, newest first, older than `before`.
    pub fn trail_of(
        &self,
        of: TrailOf,
        before: Option<u64>,
        rows_max: usize,
    ) -> Result<Vec<TrailRow>, StoreError> {
        match of {
            TrailOf::Subject(id) => self.trail_by(BY_SUBJECT, id, before, rows_max),
            TrailOf::Member(id) => self.trail_by(BY_MEMBER, id, before, rows_max),
        }
    }

    /// What was done to one thing, newest first.
    pub fn trail_of_subject(
        &self,
        subject: [u8; 16],
        rows_max: usize,
    ) -> Result<Vec<TrailRow>, StoreError> {
        self.trail_of(TrailOf::Subject(subject), None, rows_max)
    }

    /// What one member did, newest first.
    pub fn trail_of_member(
        &self,
        member: [u8; 16],
        rows_max: usize,
    ) -> Result<Vec<TrailRow>, StoreError> {
        self.trail_of(TrailOf::Member(member), None, rows_max)
    }

    /// Follows the whole chain; answers the number of rows.
    pub fn verify_trail(&self) -> Result<u64, TrailFault> {
        let mut chain = Chain::default();
        let mut fault = None;
        self.layers().range(TABLE, &[], None, Order::Ascending, &mut |_, value| {
            fault = chain.follow(value).err();
            if fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        chain.end_at(self.trail_head()?)
    }

    pub fn trail_head(&self) -> Result<TrailHead, StoreError> {
        head(&self.layers())
    }

    fn trail_by(
        &self,
        index: &'static str,
        id: [u8; 16],
        before: Option<u64>,
        rows_max: usize,
    ) -> Result<Vec<TrailRow>, StoreError> {
        let high = match before {
            Some(number) => Some(KeyBytes::of(&(id, number))),
            None => crate::engine::prefix_end(&id),
        };
        let mut numbers = Vec::new();
        self.layers().range(index, &id, high.as_deref(), Order::Descending, &mut |key, _| {
            numbers.extend(key.last_chunk::<8>().copied());
            if numbers.len() < rows_max {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        numbers
            .iter()
            .filter_map(|number| self.layers().get(TABLE, number).transpose())
            .map(|bytes| codec::decode(TABLE, VERSION, &bytes?))
            .collect()
    }
}

/// A check that goes along the rows in their order.
#[derive(Default)]
pub(crate) struct Chain(TrailHead);

impl Chain {
    pub fn follow(&mut self, value: &[u8]) -> Result<(), TrailFault> {
        let number = self.0.number + 1;
        let row: TrailRow = codec::decode(TABLE, VERSION, value)?;
        if row.number != number {
            return Err(TrailFault::Missing { number });
        }
        if row.previous != self.0.hash {
            return Err(TrailFault::Broken { number });
        }
        self.0 = TrailHead { number, hash: hash(value) };
        Ok(())
    }

    pub fn end_at(self, head: TrailHead) -> Result<u64, TrailFault> {
        if self.0 == head { Ok(head.number) } else { Err(TrailFault::WrongHead) }
    }
}

const META: &str = "meta";
const HEAD_KEY: &[u8] = b"trail";

pub(crate) fn head(layers: &Layers<'_>) -> Result<TrailHead, StoreError> {
    let bytes = layers.get(META, HEAD_KEY)?;
    bytes.map_or(Ok(TrailHead::default()), |bytes| decode_head(&bytes))
}

pub(crate) fn decode_head(bytes: &[u8]) -> Result<TrailHead, StoreError> {
    codec::decode(META, VERSION, bytes)
}

pub(crate) fn is_head(table: &str, key: &[u8]) -> bool {
    table == META && key == HEAD_KEY
}

pub(crate) fn set_head(head: &TrailHead, into: &mut Overlay) -> Result<(), StoreError> {
    into.set(META, HEAD_KEY.to_vec(), Some(codec::encode(META, VERSION, head)?));
    Ok(())
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
