//! A disk that is full or fails for a while: acts are refused, reads go on, and then all is as
//! before.

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

use std::sync::Arc;

use store::engine::RedbEngine;
use store::{KeyRing, Order, Store, StoreError};
use support::disk::Disk;
use support::schema::Letter;
use support::{clock, number_of, numbered};
use tempfile::TempDir;

#[test]
fn a_full_disk_refuses_acts_until_it_is_emptied() {
    let rig = Rig::new();
    let mut kept = Vec::new();
    for round in 0..5 {
        rig.disk.fill_up(Some(rig.disk.bytes().len()));
        let mut refused = 0;
        for number in round * 200..(round + 1) * 200 {
            match rig.put(number) {
                Ok(()) => kept.push(number),
                Err(error) => {
                    assert!(matches!(error, StoreError::NotCommitted(_)), "{error:?}");
                    refused += 1;
                }
            }
            if refused == 3 {
                break;
            }
        }
        assert_eq!(refused, 3, "the disk never filled up");
        assert_eq!(rig.numbers(), kept, "reads go on, and show what was acknowledged");
        rig.disk.fill_up(None);
        let number = round * 200 + 199;
        rig.put(number).expect("an act after the disk was emptied");
        kept.push(number);
    }
    assert_eq!(rig.numbers(), kept);
    assert_eq!(rig.store.read(|read| read.verify_trail()).unwrap(), kept.len() as u64);
}

/// A sync that fails says nothing about what reached the disk, so a refused act may have been
/// kept: wholly, and with its row in the trail.
#[test]
fn after_a_failed_sync_every_act_is_there_or_not() {
    let rig = Rig::new();
    let mut acknowledged = Vec::new();
    let mut failed = 0;
    for number in 0..200 {
        if number % 3 == 0 {
            rig.disk.fail_sync_after(number / 3 % 4);
        }
        match rig.put(number) {
            Ok(()) => acknowledged.push(number),
            Err(_) => failed += 1,
        }
        let trail = rig.store.read(|read| read.trail(None, 999)).unwrap();
        let mut done: Vec<_> =
            trail.into_iter().map(|row| number_of(row.subject.unwrap().id)).collect();
        done.reverse();
        assert_eq!(rig.numbers(), done);
        assert!(acknowledged.iter().all(|number| done.contains(number)));
        rig.store.read(|read| read.verify_trail()).unwrap();
    }
    let kept = rig.numbers().len() - acknowledged.len();
    println!("{failed} syncs failed, {kept} acts were kept all the same");
    assert!(failed > 20 && acknowledged.len() > 100);
}

#[test]
fn a_reader_from_before_a_failed_commit_ends_with_an_error_at_worst() {
    let rig = Rig::new();
    rig.put(1).unwrap();
    rig.store
        .read(|read| {
            assert!(read.get::<Letter>(&1)?.is_some());
            rig.disk.fail_sync_after(0);
            assert!(rig.put(2).is_err());
            rig.put(3).unwrap();
            // Either what the snapshot showed, or an error: never another state.
            if let Ok(page) = read.page::<Letter>(&(), Order::Ascending, None, 9) {
                assert_eq!(page.rows.len(), 1);
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert!(rig.numbers().starts_with(&[1]) && rig.numbers().ends_with(&[3]));
}

struct Rig {
    _folder: TempDir,
    disk: Disk,
    store: Store,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let backing = disk.clone();
        let engine = RedbEngine::with_backends(move || Some(backing.handle())).unwrap();
        let ring = KeyRing::random();
        let store = Store::on_engine(Arc::new(engine), ring, clock(), folder.path()).unwrap();
        Self { _folder: folder, disk, store }
    }

    fn put(&self, number: u64) -> Result<(), StoreError> {
        let letter = Letter { number, author: 1, text: "x".repeat(30_000) };
        let act = numbered("put", number, &self.store);
        self.store.write_and_wait(act, move |write| write.put(&letter))
    }

    fn numbers(&self) -> Vec<u64> {
        let page = self.store.read(|read| read.page::<Letter>(&(), Order::Ascending, None, 999));
        let rows = page.map_err(|error: StoreError| error).unwrap().rows;
        rows.into_iter().map(|row| row.number).collect()
    }
}
