//! Rows that acts have read lately, in plain. Acts ask for the same members, facilities and
//! counters again and again, and finding and unsealing a row costs ten times what this does.
//!
//! Only the writer's thread has one: nobody else changes rows, so it knows when one changes.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::overlay::Overlay;

/// Half of it is given up at a time. Five thousand members, their counters and absences need
/// about four MiB.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a row costs beside its bytes.
const ROW_BYTES: usize = 100;

type Rows = HashMap<&'static str, HashMap<Vec<u8>, Option<Vec<u8>>>>;

#[derive(Default)]
pub(crate) struct Recent(RefCell<Inner>);

#[derive(Default)]
struct Inner {
    young: Rows,
    /// What was young before; a row that is asked for comes back from here.
    old: Rows,
    young_bytes: usize,
}

impl Recent {
    /// `Some(None)` where it is known that no row lies there.
    pub fn get(&self, table: &'static str, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let mut inner = self.0.borrow_mut();
        if let Some(value) = inner.young.get(table).and_then(|rows| rows.get(key)) {
            return Some(value.clone());
        }
        let (key, value) = inner.old.get_mut(table)?.remove_entry(key)?;
        inner.put(table, key, value.clone());
        Some(value)
    }

    pub fn remember(&self, table: &'static str, key: &[u8], value: Option<Vec<u8>>) {
        self.0.borrow_mut().put(table, key.to_vec(), value);
    }

    /// Follows what is about to be committed. A row that nobody has asked for is not taken up.
    pub fn follow(&self, committed: &Overlay) {
        let mut inner = self.0.borrow_mut();
        for (table, key, value) in committed.rows() {
            if let Some(rows) = inner.old.get_mut(table) {
                rows.remove(key);
            }
            if let Some(known) = inner.young.get_mut(table).and_then(|rows| rows.get_mut(key)) {
                known.clone_from(value);
                inner.grow(value.as_ref().map_or(0, Vec::len));
            }
        }
    }

    /// After a failed commit nobody knows what lies there.
    pub fn forget(&self) {
        *self.0.borrow_mut() = Inner::default();
    }
}

impl Inner {
    fn put(&mut self, table: &'static str, key: Vec<u8>, value: Option<Vec<u8>>) {
        let bytes = ROW_BYTES + key.len() + value.as_ref().map_or(0, Vec::len);
        self.young.entry(table).or_default().insert(key, value);
        self.grow(bytes);
    }

    fn grow(&mut self, bytes: usize) {
        self.young_bytes += bytes;
        if self.young_bytes > BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Recent {
        fn bytes(&self) -> usize {
            let inner = self.0.borrow();
            let rows = [&inner.young, &inner.old].into_iter().flat_map(HashMap::values);
            let rows = rows.flatten();
            rows.map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum()
        }
    }

    #[test]
    fn it_follows_what_is_committed_and_holds_no_more_than_it_may() {
        let recent = Recent::default();
        assert_eq!(recent.get("a", b"1"), None);
        recent.remember("a", b"1", None);
        recent.remember("a", b"2", Some(vec![2]));
        let mut committed = Overlay::default();
        committed.set("a", b"1".to_vec(), Some(vec![1]));
        committed.set("a", b"2".to_vec(), None);
        committed.set("a", b"3".to_vec(), Some(vec![3]));
        recent.follow(&committed);
        assert_eq!(recent.get("a", b"1"), Some(Some(vec![1])));
        assert_eq!(recent.get("a", b"2"), Some(None));
        assert_eq!(recent.get("a", b"3"), None, "nobody has asked for it");

        for number in 0..BYTES_MAX / 2 / (ROW_BYTES + 8) + 1 {
            recent.remember("b", &number.to_be_bytes(), None);
        }
        assert_eq!(recent.get("a", b"1"), Some(Some(vec![1])), "it was old and is young again");
        recent.follow(&committed);
        assert_eq!(recent.get("a", b"2"), None, "what is old and changes is forgotten");
        for number in 0..2 * (BYTES_MAX / (ROW_BYTES + 8)) {
            recent.remember("c", &number.to_be_bytes(), None);
        }
        assert_eq!(recent.get("a", b"1"), None, "others needed its place");
        let mut large = Overlay::default();
        for number in 0..1_000_u32 {
            recent.remember("d", &number.to_be_bytes(), None);
            large.set("d", number.to_be_bytes().to_vec(), Some(vec![0; 60_000]));
        }
        recent.follow(&large);
        assert!(recent.bytes() <= BYTES_MAX, "rows that grew count as well");
        recent.remember("a", b"1", None);
        recent.forget();
        assert_eq!(recent.get("a", b"1"), None);
    }
}
