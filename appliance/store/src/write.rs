//! Writing: what an act may do to the rows, on an overlay that is kept only if the act succeeds.

use crate::engine::Order;
use crate::key::{Key, KeyBytes};
use crate::overlay::{Layers, Overlay};
use crate::read::{self, Cursor, Page};
use crate::recent::Recent;
use crate::record::{self, Housekeeping, Index, Indexer, Record};
use crate::{KeyRing, StoreError};

/// A number that many acts add to.
pub trait Counter {
    type Key: Key;
    const TABLE: &'static str;
}

/// The inside of one act.
pub struct Write<'a> {
    pub(crate) snapshot: &'a dyn crate::engine::Snapshot,
    pub(crate) ring: &'a KeyRing,
    pub(crate) batch: &'a Overlay,
    pub(crate) own: Overlay,
    pub(crate) recent: &'a Recent,
}

impl Write<'_> {
    pub fn get<R: Record>(&self, key: &R::Key) -> Result<Option<R>, StoreError> {
        self.with_layers(|layers| read::get(layers, key))
    }

    pub fn page<R: Record>(
        &self,
        prefix: &impl Key,
        order: Order,
        after: Option<&Cursor>,
        rows_max: usize,
    ) -> Result<Page<R>, StoreError> {
        self.with_layers(|layers| read::page(layers, prefix, order, after, rows_max))
    }

    pub fn page_by<I: Index>(
        &self,
        prefix: &impl Key,
        order: Order,
        after: Option<&Cursor>,
        rows_max: usize,
    ) -> Result<Page<I::Record>, StoreError> {
        self.with_layers(|layers| read::page_by::<I>(layers, prefix, order, after, rows_max))
    }

    pub fn first_by<I: Index>(&self, prefix: &impl Key) -> Result<Option<I::Record>, StoreError> {
        Ok(self.page_by::<I>(prefix, Order::Ascending, None, 1)?.rows.pop())
    }

    pub fn put<R: Record>(&mut self, record: &R) -> Result<(), StoreError> {
        let (key, value) = record::encode(record)?;
        if R::INDEXES.is_empty() {
            self.own.set(R::TABLE, key, Some(value));
            return Ok(());
        }
        self.forget_entries::<R>(&key)?;
        let indexer = Indexer::entries_of(self.ring, record);
        for (table, entry) in indexer.entries {
            assert!(R::INDEXES.contains(&table), "{table} is not declared by {}", R::TABLE);
            record::check_key(table, &entry)?;
            self.own.set(table, entry, Some(Vec::new()));
        }
        self.own.set(R::TABLE, key, Some(value));
        Ok(())
    }

    pub fn delete<R: Record>(&mut self, key: &R::Key) -> Result<(), StoreError> {
        let key = KeyBytes::of(key);
        if !R::INDEXES.is_empty() {
            self.forget_entries::<R>(&key)?;
        }
        self.own.set(R::TABLE, key, None);
        Ok(())
    }

    pub fn counter<C: Counter>(&self, key: &C::Key) -> Result<i64, StoreError> {
        self.with_layers(|layers| read::counter::<C>(layers, key))
    }

    pub fn add<C: Counter>(&mut self, key: &C::Key, delta: i64) -> Result<(), StoreError> {
        let sum = self.counter::<C>(key)?.saturating_add(delta);
        self.own.set(C::TABLE, KeyBytes::of(key), Some(sum.to_be_bytes().to_vec()));
        Ok(())
    }

    pub fn blind(&self, word: &[u8]) -> [u8; 16] {
        self.ring.blind(word)
    }

    fn forget_entries<R: Record>(&mut self, key: &[u8]) -> Result<(), StoreError> {
        let Some(old) = self.with_layers(|layers| layers.get(R::TABLE, key))? else {
            return Ok(());
        };
        let old: R = record::decode(&old)?;
        for (table, entry) in Indexer::entries_of(self.ring, &old).entries {
            self.own.set(table, entry, None);
        }
        Ok(())
    }

    pub(crate) fn with_layers<T>(&self, ask: impl FnOnce(&Layers<'_>) -> T) -> T {
        let overlays = [self.batch, &self.own];
        ask(&Layers {
            snapshot: self.snapshot,
            ring: self.ring,
            overlays: &overlays,
            recent: Some(self.recent),
        })
    }
}

/// The inside of `Store::keep_house`: only rows marked as housekeeping.
pub struct House<'a, 'b>(pub(crate) &'a mut Write<'b>);

impl House<'_, '_> {
    pub fn get<R: Housekeeping>(&self, key: &R::Key) -> Result<Option<R>, StoreError> {
        self.0.get(key)
    }

    pub fn put<R: Housekeeping>(&mut self, record: &R) -> Result<(), StoreError> {
        self.0.put(record)
    }

    pub fn delete<R: Housekeeping>(&mut self, key: &R::Key) -> Result<(), StoreError> {
        self.0.delete::<R>(key)
    }

    pub fn page_by<I: Index<Record: Housekeeping>>(
        &self,
        prefix: &impl Key,
        rows_max: usize,
    ) -> Result<Vec<I::Record>, StoreError> {
        Ok(self.0.page_by::<I>(prefix, Order::Ascending, None, rows_max)?.rows)
    }
}
