//! Changes that are not committed yet, laid over a snapshot: what an act sees of itself and of
//! the acts before it in the same batch.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::{Bound, ControlFlow};

use crate::engine::{Order, Put, Snapshot, Visit};
use crate::recent::Recent;
use crate::{KeyRing, StoreError};

type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Plaintext rows put, or deleted where there is no value.
#[derive(Default)]
pub(crate) struct Overlay {
    tables: BTreeMap<&'static str, Rows>,
}

impl Overlay {
    pub fn set(&mut self, table: &'static str, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.tables.entry(table).or_default().insert(key, value);
    }

    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    pub fn tables(&self) -> impl Iterator<Item = &'static str> {
        self.tables.keys().copied()
    }

    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &Vec<u8>, &Option<Vec<u8>>)> {
        self.tables
            .iter()
            .flat_map(|(table, rows)| rows.iter().map(|(key, value)| (*table, key, value)))
    }

    pub fn absorb(&mut self, later: Self) {
        for (table, rows) in later.tables {
            match self.tables.entry(table) {
                Entry::Vacant(place) => drop(place.insert(rows)),
                Entry::Occupied(mut place) => place.get_mut().extend(rows),
            }
        }
    }

    /// Sealed once here, however often the batch rewrote a row.
    pub fn sealed(self, ring: &KeyRing) -> Vec<Put> {
        let count = self.tables.values().map(BTreeMap::len).sum();
        let mut puts = Vec::with_capacity(count);
        let mut sealing = ring.sealing(count);
        for (table, rows) in self.tables {
            puts.extend(rows.into_iter().map(|(key, value)| {
                let value = value.map(|plain| sealing.seal(table, &key, &plain));
                Put { table, key, value }
            }));
        }
        puts
    }

    fn get(&self, table: &str, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.tables.get(table)?.get(key)
    }

    fn copy_range(&self, table: &str, low: &[u8], high: Option<&[u8]>, into: &mut Rows) {
        let Some(rows) = self.tables.get(table) else { return };
        let bounds = (Bound::Included(low), high.map_or(Bound::Unbounded, Bound::Excluded));
        for (key, value) in rows.range::<[u8], _>(bounds) {
            into.insert(key.clone(), value.clone());
        }
    }
}

/// A snapshot with overlays on top, the later ones winning; yields plaintext.
pub(crate) struct Layers<'a> {
    pub snapshot: &'a dyn Snapshot,
    pub ring: &'a KeyRing,
    pub overlays: &'a [&'a Overlay],
    /// Only on the writer's thread.
    pub recent: Option<&'a Recent>,
}

impl Layers<'_> {
    pub fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        for overlay in self.overlays.iter().rev() {
            if let Some(value) = overlay.get(table, key) {
                return Ok(value.clone());
            }
        }
        if let Some(value) = self.recent.and_then(|recent| recent.get(table, key)) {
            return Ok(value);
        }
        let value = match self.snapshot.get(table, key)? {
            Some(sealed) => Some(self.ring.unseal(table, key, &sealed)?),
            None => None,
        };
        if let Some(recent) = self.recent {
            recent.remember(table, key, value.clone());
        }
        Ok(value)
    }

    pub fn range(
        &self,
        table: &'static str,
        low: &[u8],
        high: Option<&[u8]>,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        if high.is_some_and(|high| high <= low) {
            return Ok(());
        }
        let mut above = Rows::new();
        for overlay in self.overlays {
            overlay.copy_range(table, low, high, &mut above);
        }
        let mut merge = Merge { above, order, stopped: false };
        let mut damage = None;
        self.snapshot.range(table, low, high, order, &mut |key, sealed| {
            merge.above_before(key, visit);
            if merge.stopped {
                return ControlFlow::Break(());
            }
            if let Some(value) = merge.above.remove(key) {
                merge.show(key, value.as_deref(), visit);
            } else {
                match self.ring.unseal(table, key, sealed) {
                    Ok(plain) => merge.show(key, Some(&plain), visit),
                    Err(error) => {
                        damage = Some(error);
                        merge.stopped = true;
                    }
                }
            }
            if merge.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(error) = damage {
            return Err(error);
        }
        merge.rest(visit);
        Ok(())
    }
}

/// Two sorted runs becoming one; what lies above wins over what lies below.
struct Merge {
    above: Rows,
    order: Order,
    stopped: bool,
}

impl Merge {
    fn show(&mut self, key: &[u8], value: Option<&[u8]>, visit: &mut Visit<'_>) {
        if let Some(value) = value
            && !self.stopped
        {
            self.stopped = visit(key, value).is_break();
        }
    }

    fn above_before(&mut self, key: &[u8], visit: &mut Visit<'_>) {
        while !self.stopped {
            let next = match self.order {
                Order::Ascending => self.above.first_key_value(),
                Order::Descending => self.above.last_key_value(),
            };
            let comes_first = next.is_some_and(|(next, _)| match self.order {
                Order::Ascending => next.as_slice() < key,
                Order::Descending => next.as_slice() > key,
            });
            if !comes_first {
                return;
            }
            self.show_next(visit);
        }
    }

    fn rest(&mut self, visit: &mut Visit<'_>) {
        while !self.stopped && !self.above.is_empty() {
            self.show_next(visit);
        }
    }

    fn show_next(&mut self, visit: &mut Visit<'_>) {
        let next = match self.order {
            Order::Ascending => self.above.pop_first(),
            Order::Descending => self.above.pop_last(),
        };
        if let Some((key, value)) = next {
            self.show(&key, value.as_deref(), visit);
        }
    }
}
