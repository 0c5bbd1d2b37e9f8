//! Reading: one consistent snapshot, rows by key, ranges by cursor.

use std::fmt;
use std::ops::{ControlFlow, Deref};
use std::str::FromStr;

pub use crate::engine::Order;
use crate::engine::{Snapshot, prefix_end};
use crate::key::{Key, KeyBytes};
use crate::overlay::Layers;
use crate::record::{self, Index, Plain, Record, Sensitive};
use crate::write::Counter;
use crate::{KeyRing, StoreError};

/// One consistent view. Holds nothing that a later write could change.
pub struct Read<'a> {
    pub(crate) snapshot: Box<dyn Snapshot>,
    pub(crate) ring: &'a KeyRing,
}

/// The same after an access row was written: may read what is said about patients.
pub struct View<'a>(pub(crate) Read<'a>);

/// Rows in order, and where to go on.
pub struct Page<R> {
    pub rows: Vec<R>,
    pub next: Option<Cursor>,
}

/// A place between two rows; opaque to whoever carries it. Ids and times only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

impl Read<'_> {
    pub fn get<R: Plain>(&self, key: &R::Key) -> Result<Option<R>, StoreError> {
        get(&self.layers(), key)
    }

    pub fn page<R: Plain>(
        &self,
        prefix: &impl Key,
        order: Order,
        after: Option<&Cursor>,
        rows_max: usize,
    ) -> Result<Page<R>, StoreError> {
        page(&self.layers(), prefix, order, after, rows_max)
    }

    pub fn page_by<I: Index<Record: Plain>>(
        &self,
        prefix: &impl Key,
        order: Order,
        after: Option<&Cursor>,
        rows_max: usize,
    ) -> Result<Page<I::Record>, StoreError> {
        page_by::<I>(&self.layers(), prefix, order, after, rows_max)
    }

    pub fn first_by<I: Index<Record: Plain>>(
        &self,
        prefix: &impl Key,
    ) -> Result<Option<I::Record>, StoreError> {
        Ok(self.page_by::<I>(prefix, Order::Ascending, None, 1)?.rows.pop())
    }

    pub fn counter<C: Counter>(&self, key: &C::Key) -> Result<i64, StoreError> {
        counter::<C>(&self.layers(), key)
    }

    pub fn blind(&self, word: &[u8]) -> [u8; 16] {
        self.ring.blind(word)
    }

    pub(crate) fn layers(&self) -> Layers<'_> {
        Layers { snapshot: &*self.snapshot, ring: self.ring, overlays: &[], recent: None }
    }
}

impl<'a> Deref for View<'a> {
    type Target = Read<'a>;

    fn deref(&self) -> &Read<'a> {
        &self.0
    }
}

impl View<'_> {
    pub fn reveal<R: Sensitive>(&self, key: &R::Key) -> Result<Option<R>, StoreError> {
        get(&self.0.layers(), key)
    }

    pub fn reveal_page<R: Sensitive>(
        &self,
        prefix: &impl Key,
        order: Order,
        after: Option<&Cursor>,
        rows_max: usize,
    ) -> Result<Page<R>, StoreError> {
        page(&self.0.layers(), prefix, order, after, rows_max)
    }

    pub fn reveal_page_by<I: Index<Record: Sensitive>>(
        &self,
        prefix: &impl Key,
        order: Order,
        after: Option<&Cursor>,
        rows_max: usize,
    ) -> Result<Page<I::Record>, StoreError> {
        page_by::<I>(&self.0.layers(), prefix, order, after, rows_max)
    }
}

pub(crate) fn get<R: Record>(layers: &Layers<'_>, key: &R::Key) -> Result<Option<R>, StoreError> {
    let bytes = layers.get(R::TABLE, &KeyBytes::of(key))?;
    bytes.map(|bytes| record::decode(&bytes)).transpose()
}

pub(crate) fn counter<C: Counter>(layers: &Layers<'_>, key: &C::Key) -> Result<i64, StoreError> {
    let Some(bytes) = layers.get(C::TABLE, &KeyBytes::of(key))? else { return Ok(0) };
    let bytes = bytes
        .try_into()
        .map_err(|_| StoreError::Damaged { table: C::TABLE, why: "a counter is eight bytes" })?;
    Ok(i64::from_be_bytes(bytes))
}

pub(crate) fn page<R: Record>(
    layers: &Layers<'_>,
    prefix: &impl Key,
    order: Order,
    after: Option<&Cursor>,
    rows_max: usize,
) -> Result<Page<R>, StoreError> {
    let mut rows = Vec::new();
    let mut damage = None;
    let next = walk(layers, R::TABLE, prefix, order, after, rows_max, &mut |_, value| {
        keep(record::decode(value), &mut rows, &mut damage)
    })?;
    damage.map_or(Ok(Page { rows, next }), Err)
}

pub(crate) fn page_by<I: Index>(
    layers: &Layers<'_>,
    prefix: &impl Key,
    order: Order,
    after: Option<&Cursor>,
    rows_max: usize,
) -> Result<Page<I::Record>, StoreError> {
    const DANGLING: StoreError =
        StoreError::Damaged { table: "index", why: "an entry without its row" };
    let mut rows = Vec::new();
    let mut damage = None;
    let next = walk(layers, I::TABLE, prefix, order, after, rows_max, &mut |entry, _| {
        let row = record::primary_of(entry)
            .ok_or(DANGLING)
            .and_then(|primary| layers.get(I::Record::TABLE, primary)?.ok_or(DANGLING))
            .and_then(|bytes| record::decode(&bytes));
        keep(row, &mut rows, &mut damage)
    })?;
    damage.map_or(Ok(Page { rows, next }), Err)
}

fn keep<R>(
    row: Result<R, StoreError>,
    rows: &mut Vec<R>,
    damage: &mut Option<StoreError>,
) -> ControlFlow<()> {
    match row {
        Ok(row) => {
            rows.push(row);
            ControlFlow::Continue(())
        }
        Err(error) => {
            *damage = Some(error);
            ControlFlow::Break(())
        }
    }
}

/// Visits at most `rows_max` rows and says where the next page starts, if there is one.
fn walk(
    layers: &Layers<'_>,
    table: &'static str,
    prefix: &impl Key,
    order: Order,
    after: Option<&Cursor>,
    rows_max: usize,
    visit: &mut crate::engine::Visit<'_>,
) -> Result<Option<Cursor>, StoreError> {
    let prefix = KeyBytes::of(prefix);
    // A cursor from elsewhere must not reach out of this prefix.
    let after = after.filter(|cursor| cursor.0.starts_with(&prefix));
    let mut low = prefix.clone();
    let mut high = prefix_end(&prefix);
    match (order, after) {
        (Order::Ascending, Some(Cursor(last))) => low = [last.as_slice(), &[0]].concat(),
        (Order::Descending, Some(Cursor(last))) => high = Some(last.clone()),
        (Order::Ascending | Order::Descending, None) => {}
    }
    let mut seen = 0;
    let mut last = None;
    let mut more = false;
    layers.range(table, &low, high.as_deref(), order, &mut |key, value| {
        if seen == rows_max {
            more = true;
            return ControlFlow::Break(());
        }
        seen += 1;
        last = Some(Cursor(key.to_vec()));
        visit(key, value)
    })?;
    Ok(last.filter(|_| more))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is not a cursor.
#[derive(Debug, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        const TEXT_CHARS_MAX: usize = 2 * crate::codec::KEY_BYTES_MAX;
        if text.len() > TEXT_CHARS_MAX || !text.len().is_multiple_of(2) {
            return Err(NotACursor);
        }
        let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
        text.as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
                _ => None,
            })
            .map(|byte| byte.ok_or(NotACursor))
            .collect::<Result<_, _>>()
            .map(Cursor)
    }
}
