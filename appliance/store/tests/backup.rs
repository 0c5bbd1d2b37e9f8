//! Backup and restore: all of it comes back, and nothing comes of a damaged file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on says so by panicking, and figures are printed"
)]

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{
    Act, Actor, BackupError, BackupReport, BlobName, Clock, Layout, MasterKey, OpenError, Plain,
    Record, Store, StoreError, back_up, new_recovery_key, restore,
};
use tempfile::TempDir;

#[test]
fn everything_comes_back_on_new_hardware() {
    let house = House::filled();
    let written = house.back_up("backup").unwrap();
    assert_eq!((written.blobs, written.blobs_damaged), (3, 0));
    assert_eq!(written.bytes, std::fs::metadata(house.file("backup")).unwrap().len());

    let new_master = MasterKey::new([9; 32]);
    let layout = house.layout("restored");
    let restored = restore(&house.file("backup"), &house.secret, &layout, &new_master).unwrap();
    assert_eq!(restored, written);

    let old_master = Store::open(&layout, &house.master, clock(), &[]);
    assert!(matches!(old_master, Err(OpenError::Keys(_))));
    let store = Store::open(&layout, &new_master, clock(), &[]).unwrap();
    assert_eq!(house.content(&store), house.content(&house.store));
    assert_eq!(store.read(|read| read.trail_head()).unwrap(), written.trail);
    put(&store, 1000, "written after the restore");
    store.read(|read| read.verify_trail()).unwrap();
}

#[test]
fn an_empty_store_has_a_backup_too() {
    let house = House::new();
    let written = house.back_up("backup").unwrap();
    assert_eq!((written.trail.number, written.blobs), (0, 0));
    assert_eq!(house.restore("backup", "restored").unwrap(), written);
}

#[test]
fn a_backup_holds_the_keys_of_every_rotation() {
    let house = House::filled();
    house.store.ring().rotate(&house.layout("store").keyring(), &house.master).unwrap();
    put(&house.store, 500, "sealed with the second key");
    house.back_up("backup").unwrap();
    house.restore("backup", "restored").unwrap();
    let store = Store::open(&house.layout("restored"), &house.master, clock(), &[]).unwrap();
    assert_eq!(house.content(&store), house.content(&house.store));
}

#[test]
fn a_cut_backup_makes_no_store() {
    let house = House::filled();
    house.back_up("backup").unwrap();
    let whole = std::fs::read(house.file("backup")).unwrap();
    let even = (0..whole.len()).step_by(whole.len() / 40);
    for length in even.chain(whole.len() - 20..whole.len()) {
        std::fs::write(house.file("cut"), &whole[..length]).unwrap();
        assert!(house.restore("cut", "restored").is_err(), "cut to {length} bytes");
        house.assert_nothing_at("restored");
    }
    std::fs::write(house.file("cut"), [whole.as_slice(), &[0]].concat()).unwrap();
    assert!(house.restore("cut", "restored").is_err(), "one byte more");
    house.assert_nothing_at("restored");
}

#[test]
fn a_changed_byte_makes_no_store() {
    let house = House::filled();
    house.back_up("backup").unwrap();
    let mut file = std::fs::read(house.file("backup")).unwrap();
    let even: Vec<_> = (0..file.len()).step_by(file.len() / 60).collect();
    for place in even.into_iter().chain([file.len() - 1]) {
        file[place] ^= 0x20;
        std::fs::write(house.file("changed"), &file).unwrap();
        // A changed stanza of the box's forgotten key would harm nobody, but it is noticed.
        assert!(house.restore("changed", "restored").is_err(), "byte {place} was changed");
        house.assert_nothing_at("restored");
        file[place] ^= 0x20;
    }
}

/// The encryption notices every change made without the key; this looks at what lies inside it.
#[test]
fn a_backup_that_was_written_anew_must_still_be_whole() {
    let house = House::filled();
    house.back_up("backup").unwrap();
    let plain = house.decrypt("backup");
    let refuses = |plain: &[u8], what: &str| {
        house.encrypt("forged", plain);
        assert!(house.restore("forged", "restored").is_err(), "{what}");
        house.assert_nothing_at("restored");
    };
    for length in (0..plain.len()).step_by(plain.len() / 30) {
        refuses(&plain[..length], "cut");
    }
    refuses(&plain[..plain.len() - 1], "one byte less");
    refuses(&[plain.as_slice(), &[0]].concat(), "one byte more");
    refuses(&[plain.as_slice(), &plain].concat(), "twice");
    for place in (0..plain.len()).step_by(plain.len() / 60) {
        let mut changed = plain.clone();
        changed[place] ^= 1;
        refuses(&changed, "changed");
    }
    let mut newer = plain.clone();
    newer[19] = 2;
    house.encrypt("newer", &newer);
    let refused = house.restore("newer", "restored");
    assert!(matches!(refused, Err(BackupError::Newer { found: 2, known: 1 })), "{refused:?}");
    house.encrypt("same", &plain);
    house.restore("same", "restored").unwrap();
}

#[test]
fn only_the_recovery_key_opens_it() {
    let house = House::filled();
    house.back_up("backup").unwrap();
    let (other, _) = new_recovery_key();
    let layout = house.layout("restored");
    let refused = restore(&house.file("backup"), &other, &layout, &house.master);
    assert!(matches!(refused, Err(BackupError::DoesNotOpen(_))), "{refused:?}");
    let refused = restore(&house.file("backup"), "not a key", &layout, &house.master);
    assert!(matches!(refused, Err(BackupError::NotAnIdentity(_))), "{refused:?}");
    house.assert_nothing_at("restored");
    let raw = std::fs::read(house.file("backup")).unwrap();
    assert!(!raw.windows(6).any(|window| window == "花子".as_bytes()));
}

#[test]
fn what_is_there_stays() {
    let house = House::filled();
    house.back_up("backup").unwrap();
    let before = std::fs::read(house.file("backup")).unwrap();
    assert!(matches!(house.back_up("backup"), Err(BackupError::Exists(_))));
    assert_eq!(std::fs::read(house.file("backup")).unwrap(), before);
    let refused = house.restore("backup", "store");
    assert!(matches!(refused, Err(BackupError::StoreExists(_))), "{refused:?}");
    assert_eq!(house.content(&house.store).0.len(), 40);

    std::fs::create_dir(house.file("empty")).unwrap();
    house.restore("backup", "empty").unwrap();
}

#[test]
fn a_recipient_that_is_none_is_refused_before_anything_is_written() {
    let house = House::filled();
    let refused = back_up(&house.store, &house.file("backup"), "age1nonsense");
    assert!(matches!(refused, Err(BackupError::NotARecipient(_))));
    house.assert_nothing_at("backup");
    house.assert_nothing_at("backup.partial");
}

#[test]
fn leftovers_of_a_killed_run_are_no_hindrance() {
    let house = House::filled();
    std::fs::write(house.file("backup.partial"), vec![1; 5_000_000]).unwrap();
    let stale = house.file("restored.restoring").join("blobs/ab");
    std::fs::create_dir_all(&stale).unwrap();
    std::fs::write(house.file("restored.restoring").join("store.redb"), b"half").unwrap();
    let written = house.back_up("backup").unwrap();
    assert_eq!(house.restore("backup", "restored").unwrap(), written);
    house.assert_nothing_at("backup.partial");
}

#[test]
fn two_runs_do_not_share_a_file() {
    let house = House::filled();
    let partial = std::fs::File::create(house.file("backup.partial")).unwrap();
    partial.lock().unwrap();
    assert!(matches!(house.back_up("backup"), Err(BackupError::Busy(_))));
    drop(partial);
    house.back_up("backup").unwrap();
}

#[test]
fn a_damaged_blob_is_counted_and_does_not_cost_the_backup() {
    let house = House::filled();
    let (_, blobs) = house.content(&house.store);
    let text = blobs[0].0.to_string();
    let path = house.file("store").join("blobs").join(&text[..2]).join(&text);
    let mut raw = std::fs::read(&path).unwrap();
    *raw.last_mut().unwrap() ^= 1;
    std::fs::write(&path, raw).unwrap();
    let written = house.back_up("backup").unwrap();
    assert_eq!((written.blobs, written.blobs_damaged), (3, 1));
    assert_eq!(house.restore("backup", "restored").unwrap(), written);
}

#[test]
fn acts_go_on_while_a_backup_is_made() {
    let house = House::filled();
    std::thread::scope(|scope| {
        let acts = scope.spawn(|| (100..200).for_each(|number| put(&house.store, number, "x")));
        for run in 0..3 {
            let name = format!("backup{run}");
            let written = house.back_up(&name).unwrap();
            assert_eq!(house.restore(&name, &format!("restored{run}")).unwrap(), written);
        }
        acts.join().unwrap();
    });
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Note {
    number: u64,
    text: String,
}

impl Record for Note {
    type Key = u64;
    const TABLE: &'static str = "notes";
    const VERSION: u8 = 1;

    fn key(&self) -> u64 {
        self.number
    }
}

impl Plain for Note {}

struct House {
    folder: TempDir,
    store: Store,
    master: MasterKey,
    secret: String,
    recipient: String,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::new([5; 32]);
        let layout = Layout { folder: folder.path().join("store"), cache_bytes: 1 << 20 };
        let store = Store::create(&layout, &master, clock(), &[]).unwrap();
        let (secret, recipient) = new_recovery_key();
        Self { folder, store, master, secret, recipient }
    }

    fn filled() -> Self {
        let house = Self::new();
        (0..40).for_each(|number| put(&house.store, number, "鈴木花子"));
        for length in [0, 10, 150_000] {
            let mut writer = house.store.blobs().begin().unwrap();
            writer.write(&vec![7; length]).unwrap();
            writer.finish().unwrap();
        }
        house
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn layout(&self, name: &str) -> Layout {
        Layout { folder: self.file(name), cache_bytes: 1 << 20 }
    }

    fn back_up(&self, name: &str) -> Result<BackupReport, BackupError> {
        back_up(&self.store, &self.file(name), &self.recipient)
    }

    fn restore(&self, from: &str, to: &str) -> Result<BackupReport, BackupError> {
        restore(&self.file(from), &self.secret, &self.layout(to), &self.master)
    }

    fn decrypt(&self, name: &str) -> Vec<u8> {
        let identity: age::x25519::Identity = self.secret.parse().unwrap();
        age::decrypt(&identity, &std::fs::read(self.file(name)).unwrap()).unwrap()
    }

    fn encrypt(&self, name: &str, plain: &[u8]) {
        let recipient: age::x25519::Recipient = self.recipient.parse().unwrap();
        std::fs::write(self.file(name), age::encrypt(&recipient, plain).unwrap()).unwrap();
    }

    fn content(&self, store: &Store) -> (Vec<Note>, Vec<(BlobName, u64)>) {
        let notes = store.read(|read| {
            read.verify_trail().unwrap();
            read.page(&(), store::Order::Ascending, None, 10_000)
        });
        let names = store.blobs().names().unwrap().map(Result::unwrap);
        let mut blobs: Vec<_> =
            names.map(|name| (name, store.blobs().scrub(&name).unwrap())).collect();
        blobs.sort();
        (notes.map_err(|error: StoreError| error).unwrap().rows, blobs)
    }

    fn assert_nothing_at(&self, name: &str) {
        assert!(!self.file(name).exists());
        assert!(!Path::new(&format!("{}.restoring", self.file(name).display())).exists());
    }
}

fn put(store: &Store, number: u64, text: &str) {
    let act = Act::new(Actor::System, "note.put", store.clock().now());
    let note = Note { number, text: text.to_owned() };
    store.write_and_wait(act, move |write| write.put(&note)).unwrap();
}

fn clock() -> Clock {
    Clock::fixed(Timestamp::from_second(1_790_000_000).unwrap(), 1)
}
