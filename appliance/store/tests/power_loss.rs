//! Power goes at any moment, also while the store is being opened after the last loss: what was
//! acknowledged is there, and no act is there by half.
//!
//! By hand: `TOKINET_POWER_LOSSES=50000 TOKINET_SEED=7 cargo test --release -p store --test
//! power_loss -- --nocapture`.

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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use store::engine::RedbEngine;
use store::{Clock, KeyRing, MasterKey, Newest, Order, Store, StoreError, Write};
use support::disk::{Disk, Random};
use support::schema::{ByAuthor, ByWord, Letter, Receipt, Unread};
use support::{Together, id_of, number_of, numbered};
use tempfile::TempDir;

/// A fresh disk after so many, so that looking through all of it stays quick.
const LOSSES_A_DISK: u64 = 20;

#[test]
fn acknowledged_acts_survive_every_power_loss() {
    let losses = std::env::var("TOKINET_POWER_LOSSES");
    let losses: u64 = losses.map_or(1_200, |losses| losses.parse().unwrap());
    let seed = support::seed();
    println!("TOKINET_SEED={seed}");
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    while tally.losses < losses {
        let mut rig = Rig::new();
        for _ in 0..LOSSES_A_DISK {
            rig.live(&mut random, &mut tally);
        }
    }
    println!("{tally:?}");
    assert!(tally.losses >= losses && tally.acknowledged > losses && tally.in_opening > 0);
}

#[derive(Debug, Default)]
struct Tally {
    losses: u64,
    in_opening: u64,
    acknowledged: u64,
    /// Acts that were kept although the power went before their answer.
    kept_unanswered: u64,
}

struct Rig {
    folder: TempDir,
    disk: Disk,
    next: u64,
    acknowledged: BTreeSet<u64>,
    refused: BTreeSet<u64>,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        KeyRing::random().save(&folder.path().join("keyring"), &MasterKey::new([1; 32])).unwrap();
        let rig = Self {
            folder,
            disk: Disk::default(),
            next: 1,
            acknowledged: BTreeSet::new(),
            refused: BTreeSet::new(),
        };
        // A store is made under a temporary name, so power losses begin when it is whole.
        drop(rig.open().unwrap());
        rig
    }

    fn open(&self) -> Result<Store, StoreError> {
        let ring = KeyRing::open(&self.folder.path().join("keyring"), &MasterKey::new([1; 32]));
        let engine = Arc::new(RedbEngine::with_backend(self.disk.handle())?);
        let clock = Clock::fixed(at(self.next), self.next);
        Store::on_engine(engine, ring.unwrap(), clock, &self.folder.path().join("blobs"))
    }

    /// Opens, looks at everything, acts until the power goes.
    fn live(&mut self, random: &mut Random, tally: &mut Tally) {
        while random.below(3) == 0 {
            self.disk.lose_power_after(random.below(24));
            let opened = self.open();
            tally.in_opening += u64::from(opened.is_err());
            drop(opened);
            self.disk.power_up(random);
            tally.losses += 1;
        }
        let store = self.open().expect("the store opens after a power loss");
        self.look(&store, tally);
        let budget = 1 + random.below(900);
        self.disk.lose_power_after(budget);
        while !self.disk.has_lost_power() {
            self.act_together(&store, random, tally);
        }
        drop(store);
        self.disk.power_up(random);
        tally.losses += 1;
    }

    fn act_together(&mut self, store: &Store, random: &mut Random, tally: &mut Tally) {
        let mut acts = Together::new(store);
        let numbers: Vec<u64> = (self.next..self.next + 1 + random.below(8)).collect();
        for number in &numbers {
            let number = *number;
            let is_refused = random.below(6) == 0;
            if is_refused {
                self.refused.insert(number);
            }
            acts.add(numbered("letter.send", number, store), move |write| {
                send(write, number)?;
                if is_refused { Err(StoreError::Closed) } else { Ok(()) }
            });
        }
        for (number, outcome) in numbers.iter().zip(acts.run()) {
            if outcome.is_ok() {
                assert!(!self.refused.contains(number));
                self.acknowledged.insert(*number);
                tally.acknowledged += 1;
            }
        }
        self.next += numbers.len() as u64;
    }

    /// The trail says which acts were kept; the rows must be exactly theirs.
    fn look(&mut self, store: &Store, tally: &mut Tally) {
        let numbers = store
            .read(|read| {
                let rows = read.verify_trail().unwrap();
                let mut trail = read.trail(None, usize::MAX)?;
                trail.reverse();
                assert_eq!(trail.len() as u64, rows);
                Ok::<_, StoreError>(trail.into_iter().map(|row| row.subject.unwrap().id))
            })
            .unwrap();
        let mut model = Model::default();
        let mut kept = BTreeSet::new();
        for number in numbers.map(number_of) {
            model.send(number);
            assert!(kept.insert(number), "act {number} was kept twice");
        }
        assert!(self.acknowledged.is_subset(&kept), "an acknowledged act was lost");
        assert!(self.refused.is_disjoint(&kept), "a refused act was kept");
        tally.kept_unanswered += kept.difference(&self.acknowledged).count() as u64;
        // From here on they are durable like any other.
        self.acknowledged = kept;
        model.compare(store);
    }
}

fn at(number: u64) -> Timestamp {
    let offset = SignedDuration::from_secs(i64::try_from(number).unwrap());
    Timestamp::from_second(1_790_000_000).unwrap() + offset
}

fn letter(number: u64) -> Letter {
    let text =
        format!("word{} word{} {}", number % 3, number % 7, "x".repeat(number as usize % 400));
    Letter { number, author: (number % 5) as u8, text }
}

fn receipts(number: u64) -> impl Iterator<Item = Receipt> {
    (0..3).map(move |offset| Receipt {
        member: ((number + offset) % 7) as u8,
        at: at(number),
        letter: number,
    })
}

/// One act of the usual size: new rows, a rewritten one, a removed one, counters.
fn send(write: &mut Write<'_>, number: u64) -> Result<(), StoreError> {
    write.put(&letter(number))?;
    for receipt in receipts(number) {
        write.put(&receipt)?;
        write.add::<Unread>(&receipt.member, 1)?;
    }
    if number.is_multiple_of(3)
        && let Some(mut old) = write.get::<Letter>(&number.saturating_sub(4))?
    {
        old.author = old.author.wrapping_add(1);
        write.put(&old)?;
    }
    let old = number.saturating_sub(5);
    if number.is_multiple_of(2) && write.get::<Letter>(&old)?.is_some() {
        write.delete::<Letter>(&old)?;
        for receipt in receipts(old) {
            write.delete::<Receipt>(&(receipt.member, Newest(receipt.at), old))?;
            write.add::<Unread>(&receipt.member, -1)?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Model {
    letters: BTreeMap<u64, Letter>,
    receipts: BTreeMap<(u8, u64), Receipt>,
    unread: BTreeMap<u8, i64>,
}

impl Model {
    fn send(&mut self, number: u64) {
        self.letters.insert(number, letter(number));
        for receipt in receipts(number) {
            *self.unread.entry(receipt.member).or_default() += 1;
            self.receipts.insert((receipt.member, number), receipt);
        }
        if number.is_multiple_of(3)
            && let Some(old) = self.letters.get_mut(&number.saturating_sub(4))
        {
            old.author = old.author.wrapping_add(1);
        }
        let old = number.saturating_sub(5);
        if number.is_multiple_of(2) && self.letters.remove(&old).is_some() {
            for receipt in receipts(old) {
                *self.unread.entry(receipt.member).or_default() -= 1;
                self.receipts.remove(&(receipt.member, old));
            }
        }
    }

    fn compare(&self, store: &Store) {
        let all = usize::MAX;
        let mut by_author: Vec<_> = self.letters.values().cloned().collect();
        by_author.sort_by_key(|letter| (letter.author, letter.number));
        store
            .read(|read| {
                let letters = read.page::<Letter>(&(), Order::Ascending, None, all)?.rows;
                assert!(letters.iter().eq(self.letters.values()));
                let letters = read.page_by::<ByAuthor>(&(), Order::Ascending, None, all)?.rows;
                assert_eq!(letters, by_author);
                let mut words = 0;
                for letter in self.letters.values() {
                    let distinct: BTreeSet<_> = letter.text.split_whitespace().collect();
                    words += distinct.len();
                }
                let entries = read.page_by::<ByWord>(&(), Order::Ascending, None, all)?.rows;
                assert_eq!(entries.len(), words);
                let receipts = read.page::<Receipt>(&(), Order::Descending, None, all)?.rows;
                assert_eq!(receipts.len(), self.receipts.len());
                for receipt in receipts {
                    assert_eq!(
                        self.receipts.get(&(receipt.member, receipt.letter)),
                        Some(&receipt)
                    );
                }
                for (member, unread) in &self.unread {
                    assert_eq!(read.counter::<Unread>(member)?, *unread);
                }
                let subject = self.letters.keys().next_back().map(|last| id_of(*last).bytes());
                if let Some(subject) = subject {
                    assert_eq!(read.trail_of_subject(subject, 2)?.len(), 1);
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
