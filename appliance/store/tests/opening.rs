//! Making, opening and migrating a store: wholly or not at all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on says so by panicking, and figures are printed"
)]

mod support;

use serde::{Deserialize, Serialize};
use store::{
    KeyRing, Layout, MasterKey, Migration, MigrationWrite, OpenError, Plain, Record, Store,
    StoreError,
};
use support::schema::Letter;
use support::{act, clock};
use tempfile::TempDir;

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let house = House::new();
    let store = house.create(&[]).unwrap();
    put_letter(&store, 1);
    let head = store.read(|read| read.trail_head()).unwrap();
    store.close();
    drop(store);
    let store = house.open(&[]).unwrap();
    assert_eq!(letter(&store, 1).unwrap().text, "plain");
    assert_eq!(store.read(|read| read.trail_head()).unwrap(), head);
    put_letter(&store, 2);
    assert_eq!(store.read(|read| read.verify_trail()).unwrap(), 2);
}

#[test]
fn a_store_is_neither_made_twice_nor_opened_where_none_is() {
    let house = House::new();
    assert!(matches!(house.open(&[]), Err(OpenError::Missing(_))));
    put_letter(&house.create(&[]).unwrap(), 1);
    assert!(matches!(house.create(&[]), Err(OpenError::Exists(_))));
    assert!(letter(&house.open(&[]).unwrap(), 1).is_some());
}

#[test]
fn a_file_is_opened_by_one_store_at_a_time() {
    let house = House::new();
    let store = house.create(&[]).unwrap();
    assert!(house.open(&[]).is_err());
    drop(store);
    house.open(&[]).unwrap();
}

#[test]
fn a_creation_that_was_cut_short_is_no_hindrance() {
    let house = House::new();
    std::fs::create_dir_all(&house.layout.folder).unwrap();
    std::fs::write(house.layout.folder.join("store.partial"), b"half a file").unwrap();
    std::fs::write(house.layout.folder.join("keyring.partial"), b"half a keyring").unwrap();
    let ring = KeyRing::random();
    ring.save(&house.layout.keyring(), &house.master).unwrap();
    let store = house.create(&[]).unwrap();
    assert_eq!(store.ring().blind(b"word"), ring.blind(b"word"));
    put_letter(&store, 1);
}

#[test]
fn a_keyring_of_another_master_key_is_not_replaced() {
    let house = House::new();
    std::fs::create_dir_all(&house.layout.folder).unwrap();
    KeyRing::random().save(&house.layout.keyring(), &MasterKey::random()).unwrap();
    let before = std::fs::read(house.layout.keyring()).unwrap();
    assert!(matches!(house.create(&[]), Err(OpenError::Keys(_))));
    assert_eq!(std::fs::read(house.layout.keyring()).unwrap(), before);
    assert!(!house.layout.file().exists());
}

#[test]
fn a_newer_store_is_refused_and_left_alone() {
    let house = House::new();
    drop(house.create(&[SHOUT, ADD]).unwrap());
    let before = std::fs::read(house.layout.file()).unwrap();
    let refused = house.open(&[SHOUT]);
    assert!(matches!(refused, Err(OpenError::Newer { found: 2, known: 1 })));
    assert_eq!(std::fs::read(house.layout.file()).unwrap().len(), before.len());
    house.open(&[SHOUT, ADD]).unwrap();
}

#[test]
fn a_new_store_needs_no_migration() {
    let house = House::new();
    let store = house.create(&[SHOUT, FAIL]).unwrap();
    put_letter(&store, 1);
    drop(store);
    assert_eq!(letter(&house.open(&[SHOUT, FAIL]).unwrap(), 1).unwrap().text, "plain");
}

#[test]
fn migrations_run_once_in_their_order() {
    let house = House::new();
    put_letter(&house.create(&[]).unwrap(), 1);
    for _ in 0..2 {
        let store = house.open(&[SHOUT]).unwrap();
        assert_eq!(letter(&store, 1).unwrap().text, "plain!");
    }
    for _ in 0..2 {
        let store = house.open(&[SHOUT, ADD, SHOUT]).unwrap();
        // The third step sees what the second one added.
        assert_eq!(letter(&store, 1).unwrap().text, "plain!!");
        assert_eq!(letter(&store, 100).unwrap().text, "added!");
    }
}

#[test]
fn a_failed_migration_leaves_the_store_as_it_was() {
    let house = House::new();
    put_letter(&house.create(&[]).unwrap(), 1);
    let failed = house.open(&[SHOUT, FAIL]);
    assert!(matches!(failed, Err(OpenError::Migration { name: "fail", .. })));
    assert_eq!(letter(&house.open(&[]).unwrap(), 1).unwrap().text, "plain");
    let store = house.open(&[SHOUT, ADD]).unwrap();
    assert_eq!(letter(&store, 1).unwrap().text, "plain!");
}

#[test]
fn the_file_is_copied_aside_before_a_migration() {
    let house = House::new();
    put_letter(&house.create(&[]).unwrap(), 1);
    drop(house.open(&[SHOUT]).unwrap());
    let aside = house.layout.file().with_extension("before-1");
    std::fs::rename(aside, house.layout.file()).unwrap();
    assert_eq!(letter(&house.open(&[]).unwrap(), 1).unwrap().text, "plain");
}

#[test]
fn a_row_in_another_version_is_a_fault_and_not_a_guess() {
    let house = House::new();
    let store = house.create(&[]).unwrap();
    put_letter(&store, 1);
    let read: Result<Option<LetterTwo>, StoreError> = store.read(|read| read.get(&1));
    assert!(matches!(read, Err(StoreError::Damaged { table: "letters", .. })));
}

/// The next version of a letter.
#[derive(Serialize, Deserialize)]
struct LetterTwo {
    number: u64,
}

impl Record for LetterTwo {
    type Key = u64;
    const TABLE: &'static str = "letters";
    const VERSION: u8 = 2;

    fn key(&self) -> u64 {
        self.number
    }
}

impl Plain for LetterTwo {}

const SHOUT: Migration = Migration { name: "shout", run: shout };
const ADD: Migration = Migration { name: "add", run: add };
const FAIL: Migration = Migration { name: "fail", run: fail };

fn shout(write: &mut MigrationWrite<'_>) -> Result<(), StoreError> {
    for (key, value) in write.rows("letters")? {
        let mut letter: Letter = store::decode("letters", 1, &value)?;
        letter.text.push('!');
        write.put("letters", key, store::encode("letters", 1, &letter)?);
    }
    Ok(())
}

fn add(write: &mut MigrationWrite<'_>) -> Result<(), StoreError> {
    let letter = Letter { number: 100, author: 1, text: "added".to_owned() };
    let value = store::encode("letters", 1, &letter)?;
    write.put("letters", 100u64.to_be_bytes().to_vec(), value);
    Ok(())
}

fn fail(write: &mut MigrationWrite<'_>) -> Result<(), StoreError> {
    write.delete("letters", 1u64.to_be_bytes().to_vec());
    Err(StoreError::Closed)
}

struct House {
    _folder: TempDir,
    layout: Layout,
    master: MasterKey,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout { folder: folder.path().join("store"), cache_bytes: 1 << 20 };
        Self { _folder: folder, layout, master: MasterKey::new([3; 32]) }
    }

    fn create(&self, migrations: &[Migration]) -> Result<Store, OpenError> {
        Store::create(&self.layout, &self.master, clock(), migrations)
    }

    fn open(&self, migrations: &[Migration]) -> Result<Store, OpenError> {
        Store::open(&self.layout, &self.master, clock(), migrations)
    }
}

fn put_letter(store: &Store, number: u64) {
    let letter = Letter { number, author: 1, text: "plain".to_owned() };
    store.write_and_wait(act("letter.send", store), move |write| write.put(&letter)).unwrap();
}

fn letter(store: &Store, number: u64) -> Option<Letter> {
    store.read(|read| read.get::<Letter>(&number)).unwrap()
}
