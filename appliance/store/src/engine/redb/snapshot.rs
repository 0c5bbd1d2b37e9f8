//! One read transaction of redb.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableError, TableHandle};

use super::{Bytes, definition};
use crate::StoreError;
use crate::engine::{Order, Snapshot, Visit};

type Table = Rc<ReadOnlyTable<Bytes, Bytes>>;

pub(super) struct RedbSnapshot {
    transaction: ReadTransaction,
    /// Opening a table costs as much as a look-up, and a page reads the same ones often.
    tables: RefCell<HashMap<String, Option<Table>>>,
}

impl RedbSnapshot {
    pub fn of(transaction: ReadTransaction) -> Self {
        Self { transaction, tables: RefCell::default() }
    }

    fn table(&self, name: &str) -> Result<Option<Table>, StoreError> {
        let mut tables = self.tables.borrow_mut();
        if let Some(table) = tables.get(name) {
            return Ok(table.clone());
        }
        let table = match self.transaction.open_table(definition(name)) {
            Ok(table) => Some(Rc::new(table)),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(StoreError::engine("open a table")(error)),
        };
        tables.insert(name.to_owned(), table.clone());
        Ok(table)
    }
}

impl Snapshot for RedbSnapshot {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(table) = self.table(table)? else { return Ok(None) };
        let value = table.get(key).map_err(StoreError::engine("get a row"))?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn range(
        &self,
        table: &'static str,
        low: &[u8],
        high: Option<&[u8]>,
        order: Order,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let Some(table) = self.table(table)? else { return Ok(()) };
        if high.is_some_and(|high| high <= low) {
            return Ok(());
        }
        let bounds = (Bound::Included(low), high.map_or(Bound::Unbounded, Bound::Excluded));
        let mut rows = table.range::<&[u8]>(bounds).map_err(StoreError::engine("read a range"))?;
        loop {
            let row = match order {
                Order::Ascending => rows.next(),
                Order::Descending => rows.next_back(),
            };
            let Some(row) = row else { return Ok(()) };
            let (key, value) = row.map_err(StoreError::engine("read a range"))?;
            if visit(key.value(), value.value()).is_break() {
                return Ok(());
            }
        }
    }

    fn tables(&self) -> Result<Vec<String>, StoreError> {
        let tables =
            self.transaction.list_tables().map_err(StoreError::engine("list the tables"))?;
        Ok(tables.map(|table| table.name().to_owned()).collect())
    }

    fn rows(&self, table: &str, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let Some(table) = self.table(table)? else { return Ok(()) };
        for row in table.iter().map_err(StoreError::engine("read a table"))? {
            let (key, value) = row.map_err(StoreError::engine("read a table"))?;
            if let ControlFlow::Break(()) = visit(key.value(), value.value()) {
                break;
            }
        }
        Ok(())
    }
}
