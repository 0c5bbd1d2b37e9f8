//! Rows, indexes, counters and pages against a `BTreeMap`, over batches in which acts succeed,
//! fail and panic; and the engine's bare interface against the same.

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

use std::collections::BTreeMap;
use std::collections::btree_map::Range;
use std::ops::{Bound, ControlFlow};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use store::engine::{Engine, Put, RedbEngine};
use store::{Cursor, Key, KeyBytes, Order, Page, Store, StoreError, Write};
use support::schema::{ByAuthor, ByWord, Letter, Unread};
use support::{Together, act, clock, seed};

const WORDS: [&str; 4] = ["", "咳", "熱 咳", "熱 咳 熱 痛み"];

#[derive(Clone, Debug)]
enum Step {
    Put { number: u64, author: u8, words: usize },
    Delete { number: u64 },
    Add { member: u8, delta: i64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Succeed,
    Fail,
    Panic,
}

#[derive(Clone, Debug)]
struct Deed {
    steps: Vec<Step>,
    ending: Ending,
}

fn step() -> impl Strategy<Value = Step> {
    // Few numbers, on both sides of a byte's border, so that acts meet.
    let number = prop_oneof![0u64..6, 254u64..258, Just(u64::MAX)];
    prop_oneof![
        4 => (number.clone(), 0u8..4, 0..WORDS.len())
            .prop_map(|(number, author, words)| Step::Put { number, author, words }),
        2 => number.prop_map(|number| Step::Delete { number }),
        1 => (0u8..3, -5i64..6).prop_map(|(member, delta)| Step::Add { member, delta }),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let ending = prop_oneof![
        4 => Just(Ending::Succeed),
        1 => Just(Ending::Fail),
        1 => Just(Ending::Panic),
    ];
    (vec(step(), 0..8), ending).prop_map(|(steps, ending)| Deed { steps, ending })
}

fn runner(cases: u32) -> TestRunner {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed().to_be_bytes());
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &key))
}

#[test]
fn the_store_is_a_map_whatever_happens_to_single_acts() {
    let batches = vec(vec(deed(), 1..6), 1..6);
    let sizes = 1usize..5;
    let outcome = runner(150).run(&(batches, sizes), |(batches, rows_max)| {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_memory(folder.path(), clock()).unwrap();
        let mut model = Model::default();
        let mut kept = 0;
        for batch in batches {
            kept += run_together(&store, &mut model, batch);
            compare(&store, &model, rows_max);
        }
        let rows = store.read(|read| read.verify_trail()).unwrap();
        prop_assert_eq!(rows, kept);
        Ok(())
    });
    outcome.unwrap();
}

/// Answers how many acts were kept.
fn run_together(store: &Store, model: &mut Model, batch: Vec<Deed>) -> u64 {
    let mut together = Together::new(store);
    let mut expected = Vec::new();
    for deed in batch {
        let mut after = model.clone();
        deed.steps.iter().for_each(|step| after.take(step));
        expected.push((deed.ending, after.listed()));
        if deed.ending == Ending::Succeed {
            *model = after;
        }
        together.add(act("deed", store), move |write| {
            deed.steps.iter().try_for_each(|step| take(write, step))?;
            let seen = listed(write)?;
            match deed.ending {
                Ending::Succeed => Ok(seen),
                Ending::Fail => Err(Refusal::Wanted(seen)),
                // Like a panic, without its message among the tests' output.
                Ending::Panic => std::panic::resume_unwind(Box::new("wanted")),
            }
        });
    }
    let mut kept = 0;
    for (outcome, (ending, listed)) in together.run().into_iter().zip(expected) {
        match (outcome, ending) {
            (Ok(seen), Ending::Succeed) => {
                kept += 1;
                assert_eq!(seen, listed);
            }
            (Err(Refusal::Wanted(seen)), Ending::Fail) => assert_eq!(seen, listed),
            (Err(Refusal::Store(StoreError::ActPanicked)), Ending::Panic) => {}
            (other, ending) => panic!("{ending:?} became {other:?}"),
        }
    }
    kept
}

/// Every letter by number upwards and by author downwards, and the first counter.
type Listed = (Vec<Letter>, Vec<Letter>, i64);

#[derive(Debug)]
enum Refusal {
    Wanted(Listed),
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn take(write: &mut Write<'_>, step: &Step) -> Result<(), StoreError> {
    match *step {
        Step::Put { number, author, words } => write.put(&letter(number, author, words)),
        Step::Delete { number } => write.delete::<Letter>(&number),
        Step::Add { member, delta } => write.add::<Unread>(&member, delta),
    }
}

fn listed(write: &Write<'_>) -> Result<Listed, StoreError> {
    Ok((
        write.page::<Letter>(&(), Order::Ascending, None, usize::MAX)?.rows,
        write.page_by::<ByAuthor>(&(), Order::Descending, None, usize::MAX)?.rows,
        write.counter::<Unread>(&0)?,
    ))
}

fn letter(number: u64, author: u8, words: usize) -> Letter {
    Letter { number, author, text: WORDS[words].to_owned() }
}

#[derive(Clone, Default)]
struct Model {
    letters: BTreeMap<u64, Letter>,
    unread: BTreeMap<u8, i64>,
}

impl Model {
    fn take(&mut self, step: &Step) {
        match *step {
            Step::Put { number, author, words } => {
                self.letters.insert(number, letter(number, author, words));
            }
            Step::Delete { number } => drop(self.letters.remove(&number)),
            Step::Add { member, delta } => *self.unread.entry(member).or_default() += delta,
        }
    }

    fn by_author(&self) -> Vec<Letter> {
        let mut letters: Vec<_> = self.letters.values().cloned().collect();
        letters.sort_by_key(|letter| (letter.author, letter.number));
        letters
    }

    fn with_word(&self, word: &str) -> Vec<Letter> {
        let has_word = |letter: &&Letter| letter.text.split_whitespace().any(|own| own == word);
        self.letters.values().filter(has_word).cloned().collect()
    }

    fn listed(&self) -> Listed {
        let by_author = self.by_author().into_iter().rev().collect();
        let unread = self.unread.get(&0).copied().unwrap_or(0);
        (self.letters.values().cloned().collect(), by_author, unread)
    }
}

fn compare(store: &Store, model: &Model, rows_max: usize) {
    let letters: Vec<_> = model.letters.values().cloned().collect();
    let by_author = model.by_author();
    store
        .read(|read| {
            both_ways(&letters, |order, after| read.page(&(), order, after, rows_max));
            both_ways(&by_author, |order, after| {
                read.page_by::<ByAuthor>(&(), order, after, rows_max)
            });
            for author in 0..4 {
                let own: Vec<_> =
                    by_author.iter().filter(|letter| letter.author == author).cloned().collect();
                both_ways(&own, |order, after| {
                    read.page_by::<ByAuthor>(&author, order, after, rows_max)
                });
            }
            for word in ["咳", "熱", "痛み", "頭"] {
                let blind = read.blind(word.as_bytes());
                both_ways(&model.with_word(word), |order, after| {
                    read.page_by::<ByWord>(&blind, order, after, rows_max)
                });
            }
            for number in [0, 5, 255, 256, u64::MAX] {
                assert_eq!(read.get::<Letter>(&number)?.as_ref(), model.letters.get(&number));
            }
            for member in 0..3 {
                let unread = model.unread.get(&member).copied().unwrap_or(0);
                assert_eq!(read.counter::<Unread>(&member)?, unread);
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// Goes through all pages, carrying each cursor as text, upwards and downwards.
fn both_ways(
    expected: &[Letter],
    page: impl Fn(Order, Option<&Cursor>) -> Result<Page<Letter>, StoreError>,
) {
    for order in [Order::Ascending, Order::Descending] {
        let mut found = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let next = page(order, after.as_ref()).unwrap();
            found.extend(next.rows);
            let Some(cursor) = next.next else { break };
            let carried: Cursor = cursor.to_string().parse().unwrap();
            assert_eq!(carried, cursor);
            after = Some(carried);
        }
        if order == Order::Descending {
            found.reverse();
        }
        assert_eq!(found, expected);
    }
}

type Bytes = Vec<u8>;

#[test]
fn the_engine_is_a_map_of_bytes() {
    // Short keys of few letters, the smallest and the largest byte among them.
    let key = || vec(prop_oneof![Just(0u8), Just(1), Just(b'a'), Just(254), Just(255)], 0..4);
    let row = (key(), proptest::option::of(vec(any::<u8>(), 0..5)));
    let commits = vec(vec(row, 0..8), 0..6);
    let ranges = vec((key(), proptest::option::of(key())), 1..6);
    let outcome = runner(200).run(&(commits, ranges), |(commits, ranges)| {
        let engine = RedbEngine::in_memory().unwrap();
        let mut model: BTreeMap<Bytes, Bytes> = BTreeMap::new();
        for commit in commits {
            let puts = commit.iter().cloned();
            let puts: Vec<_> =
                puts.map(|(key, value)| Put { table: "bytes", key, value }).collect();
            engine.commit(&puts).unwrap();
            for (key, value) in commit {
                match value {
                    Some(value) => drop(model.insert(key, value)),
                    None => drop(model.remove(&key)),
                }
            }
        }
        for (low, high) in ranges {
            let expected = between(&model, &low, high.as_deref());
            for order in [Order::Ascending, Order::Descending] {
                let mut found = rows(&engine, &low, high.as_deref(), order);
                if order == Order::Descending {
                    found.reverse();
                }
                prop_assert_eq!(&found, &expected);
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

fn between(model: &BTreeMap<Bytes, Bytes>, low: &[u8], high: Option<&[u8]>) -> Vec<(Bytes, Bytes)> {
    if high.is_some_and(|high| high <= low) {
        return Vec::new();
    }
    let bounds = (Bound::Included(low), high.map_or(Bound::Unbounded, Bound::Excluded));
    let rows: Range<'_, Bytes, Bytes> = model.range::<[u8], _>(bounds);
    rows.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn rows(engine: &RedbEngine, low: &[u8], high: Option<&[u8]>, order: Order) -> Vec<(Bytes, Bytes)> {
    let mut found = Vec::new();
    let snapshot = engine.snapshot().unwrap();
    snapshot
        .range("bytes", low, high, order, &mut |key, value| {
            found.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

#[test]
fn keys_sort_like_their_tuples() {
    let pair = || (any::<u64>(), any::<[u8; 4]>(), "[a-c]{0,3}");
    let outcome = runner(500).run(&(pair(), pair()), |(one, two)| {
        prop_assert_eq!(one.cmp(&two), bytes_of(&one).cmp(&bytes_of(&two)));
        Ok(())
    });
    outcome.unwrap();
}

fn bytes_of((number, bytes, text): &(u64, [u8; 4], String)) -> Bytes {
    KeyBytes::of(&(*number, *bytes, text.as_str()))
}

/// A cursor made for one prefix must not reach into another.
#[test]
fn a_cursor_from_elsewhere_starts_at_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_memory(folder.path(), clock()).unwrap();
    let put = |write: &mut Write<'_>| {
        (0..6).try_for_each(|number| write.put(&letter(number, number as u8 % 2, 0)))
    };
    store.write_and_wait::<_, StoreError>(act("deed", &store), put).unwrap();
    store
        .read(|read| {
            let one = read.page_by::<ByAuthor>(&1u8, Order::Ascending, None, 1)?;
            let other = one.next.as_ref();
            for order in [Order::Ascending, Order::Descending] {
                let page = read.page_by::<ByAuthor>(&0u8, order, other, 9)?;
                assert_eq!(page.rows.len(), 3);
                assert!(page.rows.iter().all(|letter| letter.author == 0));
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    for text in ["0", "zz", "é1", "+1", &"00".repeat(513)] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[test]
fn an_unused_key_type_writes_nothing() {
    fn length(key: &impl Key) -> usize {
        KeyBytes::of(key).len()
    }
    assert_eq!((length(&()), length(&(7u8,)), length(&(7u8, 1u64, "ab"))), (0, 1, 11));
}
