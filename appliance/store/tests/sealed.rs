//! Rows at rest: nobody without the keys reads them, moves them or changes them.

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

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use store::engine::{Engine, Put, RedbEngine};
use store::{
    Clock, KeyRing, KeyRingError, Layout, MasterKey, OpenError, Order, Store, StoreError,
    TrailFault,
};
use support::schema::{ByWord, Letter, Patient};
use support::{act, clock};
use tempfile::TempDir;

#[test]
fn a_row_is_read_only_where_it_was_written() {
    let rig = Rig::new();
    let (one, two) = (rig.raw("letters", 1), rig.raw("letters", 2));
    rig.lay("letters", 1, Some(two.clone()));
    assert!(is_damaged(&rig.letter(1)));
    assert_eq!(rig.letter(2).unwrap().unwrap().number, 2);
    rig.lay("patients", 1, Some(one.clone()));
    let revealed = rig.store.glance(act("show", &rig.store), |view| view.reveal::<Patient>(&1));
    assert!(is_damaged(&revealed));
    rig.lay("letters", 1, Some(one));
    assert_eq!(rig.letter(1).unwrap().unwrap().number, 1);
}

#[test]
fn every_changed_bit_of_a_row_is_noticed() {
    let rig = Rig::new();
    let sealed = rig.raw("letters", 1);
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        rig.lay("letters", 1, Some(changed));
        assert!(is_damaged(&rig.letter(1)), "byte {place}");
        rig.lay("letters", 1, Some(sealed[..place].to_vec()));
        assert!(is_damaged(&rig.letter(1)), "cut to {place} bytes");
    }
    let page = rig.store.read(|read| read.page::<Letter>(&(), Order::Ascending, None, 9));
    assert!(is_damaged(&page));
}

#[test]
fn a_trail_row_cannot_be_changed_removed_or_replaced() {
    let rig = Rig::new();
    assert_eq!(rig.verify().unwrap(), 3);
    let (two, three) = (rig.raw("trail", 2), rig.raw("trail", 3));
    rig.lay("trail", 2, Some(three.clone()));
    assert!(matches!(rig.verify(), Err(TrailFault::Store(_))));
    rig.lay("trail", 2, None);
    assert!(matches!(rig.verify(), Err(TrailFault::Missing { number: 2 })));
    rig.lay("trail", 2, Some(two));
    rig.lay("trail", 3, None);
    assert!(matches!(rig.verify(), Err(TrailFault::WrongHead)));
    rig.lay("trail", 3, Some(three));
    assert_eq!(rig.verify().unwrap(), 3);
}

#[test]
fn a_row_of_another_store_is_refused() {
    let (rig, other) = (Rig::new(), Rig::new());
    rig.lay("letters", 1, Some(other.raw("letters", 1)));
    assert!(is_damaged(&rig.letter(1)));
}

#[test]
fn words_are_found_and_not_shown() {
    let rig = Rig::new();
    let found = rig.store.read(|read| {
        read.page_by::<ByWord>(&read.blind("発熱".as_bytes()), Order::Ascending, None, 9)
    });
    assert_eq!(found.map_err(|error: StoreError| error).unwrap().rows.len(), 2);
    let (one, other) = (KeyRing::random(), KeyRing::random());
    assert_eq!(one.blind(b"word"), one.blind(b"word"));
    assert_ne!(one.blind(b"word"), one.blind(b"other"));
    assert_ne!(one.blind(b"word"), other.blind(b"word"));
}

#[test]
fn the_files_show_nothing_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let master = MasterKey::random();
    let store = Store::create(&layout(&folder), &master, clock(), &[]).unwrap();
    fill(&store);
    let mut writer = store.blobs().begin().unwrap();
    writer.write("発熱の写真".repeat(10_000).as_bytes()).unwrap();
    writer.finish().unwrap();
    store.close();
    drop(store);
    let mut looked = 0;
    walk(folder.path(), &mut |bytes| {
        looked += bytes.len();
        for word in ["発熱", "山田", "letter.send", "山田太郎"] {
            let word = word.as_bytes();
            assert!(!bytes.windows(word.len()).any(|window| window == word));
        }
        assert!(!bytes.windows(32).any(|window| window == master.bytes()));
    });
    assert!(looked > 200_000);
}

#[test]
fn rotation_keeps_old_rows_readable() {
    let folder = tempfile::tempdir().unwrap();
    let master = MasterKey::random();
    let layout = layout(&folder);
    let store = Store::create(&layout, &master, clock(), &[]).unwrap();
    fill(&store);
    store.ring().rotate(&layout.keyring(), &master).unwrap();
    put(&store, 9);
    drop(store);
    let store = Store::open(&layout, &master, clock(), &[]).unwrap();
    put(&store, 10);
    let letters = store.read(|read| read.page::<Letter>(&(), Order::Ascending, None, 9));
    assert_eq!(letters.map_err(|error: StoreError| error).unwrap().rows.len(), 4);
    store.read(|read| read.verify_trail()).unwrap();
}

#[test]
fn a_key_that_could_not_be_saved_seals_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (master, layout) = (MasterKey::random(), layout(&folder));
    let store = Store::create(&layout, &master, clock(), &[]).unwrap();
    let nowhere = folder.path().join("missing/keyring");
    assert!(matches!(store.ring().rotate(&nowhere, &master), Err(KeyRingError::File(_))));
    put(&store, 1);
    drop(store);
    let store = Store::open(&layout, &master, clock(), &[]).unwrap();
    assert!(store.read(|read| read.get::<Letter>(&1)).unwrap().is_some());
}

#[test]
fn a_wrong_master_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (master, layout) = (MasterKey::random(), layout(&folder));
    drop(Store::create(&layout, &master, clock(), &[]).unwrap());
    let opened = Store::open(&layout, &MasterKey::random(), clock(), &[]);
    assert!(matches!(opened, Err(OpenError::Keys(KeyRingError::WrongMasterKey))));
    let wrapped = std::fs::read(layout.keyring()).unwrap();
    for length in 0..wrapped.len() {
        std::fs::write(layout.keyring(), &wrapped[..length]).unwrap();
        assert!(Store::open(&layout, &master, clock(), &[]).is_err());
    }
    std::fs::write(layout.keyring(), wrapped).unwrap();
    Store::open(&layout, &master, clock(), &[]).unwrap();
}

#[test]
fn keys_and_blobs_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let layout = layout(&folder);
    drop(Store::create(&layout, &MasterKey::random(), clock(), &[]).unwrap());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&layout.keyring()), mode(&layout.blobs())), (0o600, 0o700));
}

struct Rig {
    _folder: TempDir,
    engine: Arc<RedbEngine>,
    store: Store,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Arc::new(RedbEngine::in_memory().unwrap());
        let clock: Clock = clock();
        let store = Store::on_engine(engine.clone(), KeyRing::random(), clock, folder.path());
        let store = store.unwrap();
        fill(&store);
        Self { _folder: folder, engine, store }
    }

    fn raw(&self, table: &'static str, number: u64) -> Vec<u8> {
        let snapshot = self.engine.snapshot().unwrap();
        snapshot.get(table, &number.to_be_bytes()).unwrap().unwrap()
    }

    /// Changes the engine behind the store's back.
    fn lay(&self, table: &'static str, number: u64, value: Option<Vec<u8>>) {
        self.engine.commit(&[Put { table, key: number.to_be_bytes().to_vec(), value }]).unwrap();
    }

    fn letter(&self, number: u64) -> Result<Option<Letter>, StoreError> {
        self.store.read(|read| read.get::<Letter>(&number))
    }

    fn verify(&self) -> Result<u64, TrailFault> {
        self.store.read(|read| read.verify_trail())
    }
}

fn fill(store: &Store) {
    put(store, 1);
    put(store, 2);
    let patient = Patient { number: 1, name: "山田太郎".to_owned() };
    store.write_and_wait(act("patient.add", store), move |write| write.put(&patient)).unwrap();
}

fn put(store: &Store, number: u64) {
    let letter = Letter { number, author: 1, text: "発熱 あり".to_owned() };
    store.write_and_wait(act("letter.send", store), move |write| write.put(&letter)).unwrap();
}

fn layout(folder: &TempDir) -> Layout {
    Layout { folder: folder.path().join("store"), cache_bytes: 1 << 20 }
}

fn is_damaged<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Damaged { .. }))
}

fn walk(folder: &Path, look: &mut impl FnMut(&[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, look);
        } else {
            look(&std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn every_table_is_sealed() {
    let rig = Rig::new();
    let snapshot = rig.engine.snapshot().unwrap();
    let tables = snapshot.tables().unwrap();
    assert!(
        ["letters", "letters_by_word", "trail", "changes", "meta", "patients"]
            .into_iter()
            .all(|table| tables.iter().any(|found| found == table))
    );
    for table in tables {
        let mut rows = 0;
        snapshot
            .rows(&table, &mut |_, value| {
                // Key number one, a nonce, a tag.
                assert!(value.starts_with(&[0, 1]) && value.len() >= 30, "{table}");
                rows += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(rows > 0, "{table}");
    }
}
