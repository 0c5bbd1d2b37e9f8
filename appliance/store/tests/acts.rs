//! What an act leaves: its rows and its row in the trail, or nothing at all.

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

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use store::engine::RedbEngine;
use store::{
    Act, Actor, Clock, GLANCES_MAX, KeyRing, Order, Plain, Record, Store, StoreError, Write,
};
use support::schema::{Letter, Patient, Receipt, Seen, Unread};
use support::{Together, act, block_on, clock, id_of, numbered};
use tempfile::TempDir;

#[test]
fn every_act_leaves_one_row() {
    let (_folder, store) = in_memory();
    let member = Actor::Member { member: [1; 16], device: [2; 16] };
    let sent = Act::new(member, "letter.send", store.clock().now()).on("letter", id_of(7));
    let put_both = |write: &mut Write<'_>| {
        write.put(&letter(7))?;
        write.add::<Unread>(&1, 1)
    };
    store.write_and_wait::<_, StoreError>(sent, put_both).unwrap();
    store.write_and_wait::<_, StoreError>(act("nothing", &store), |_| Ok(())).unwrap();

    let rows = store.read(|read| read.trail(None, 9)).unwrap();
    let [newest, oldest] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((oldest.number, oldest.action.as_str(), oldest.actor), (1, "letter.send", member));
    assert_eq!(oldest.subject.as_ref().unwrap().kind, "letter");
    assert_eq!(oldest.tables, ["letters", "letters_by_author", "letters_by_word", "unread"]);
    assert_eq!((newest.number, newest.tables.len()), (2, 0));
    assert_ne!(newest.previous, oldest.previous);

    store
        .read(|read| {
            assert_eq!(read.trail(Some(2), 9)?, rows[1..]);
            assert_eq!(read.trail(None, 1)?, rows[..1]);
            assert_eq!(read.trail_of_subject(id_of(7).bytes(), 9)?, rows[1..]);
            assert_eq!(read.trail_of_member([1; 16], 9)?, rows[1..]);
            assert_eq!(read.trail_of_member([9; 16], 9)?, []);
            assert_eq!(read.verify_trail().unwrap(), 2);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn a_failed_act_leaves_nothing_and_a_panicking_one_fails_alone() {
    let (_folder, store) = in_memory();
    let mut acts = Together::new(&store);
    acts.add(act("first", &store), |write| write.put(&letter(1)));
    acts.add(act("fails", &store), |write| {
        write.put(&letter(2))?;
        Err(StoreError::Closed)
    });
    acts.add(act("panics", &store), |write| {
        write.put(&letter(1).by(9))?;
        std::panic::resume_unwind(Box::new("wanted"))
    });
    acts.add(act("last", &store), |write| {
        assert_eq!(write.get::<Letter>(&1)?, Some(letter(1)));
        write.put(&letter(3))
    });
    let outcomes = acts.run();
    assert!(matches!(
        outcomes.as_slice(),
        [Ok(()), Err(StoreError::Closed), Err(StoreError::ActPanicked), Ok(())]
    ));
    assert_eq!(numbers(&store), [1, 3]);
    assert_eq!(actions(&store), ["last", "first"]);
}

#[test]
fn a_row_that_is_too_large_fails_its_act_alone() {
    let (_folder, store) = in_memory();
    let large = Letter { text: "x".repeat(70_000), ..letter(1) };
    let outcome = store.write_and_wait(act("large", &store), move |write| write.put(&large));
    assert!(matches!(outcome, Err(StoreError::TooLarge { table: "letters", .. })));
    assert_eq!(actions(&store), Vec::<String>::new());
}

#[test]
fn housekeeping_leaves_no_row() {
    let (_folder, store) = in_memory();
    let seen = Seen { member: 1, times: 3 };
    block_on(store.keep_house::<_, StoreError>(move |house| house.put(&seen))).unwrap();
    assert_eq!(store.read(|read| read.get::<Seen>(&1)).unwrap().unwrap().times, 3);
    assert_eq!(actions(&store), Vec::<String>::new());
    assert_eq!(store.read(|read| read.changes_after(0, 9)).unwrap(), []);
}

#[test]
fn what_is_said_about_patients_is_seen_after_its_access_row() {
    let (_folder, store) = in_memory();
    let patient = Patient { number: 1, name: "山田太郎".to_owned() };
    let expected = patient.clone();
    store.write_and_wait(act("patient.add", &store), move |write| write.put(&patient)).unwrap();

    let viewed = store.view(numbered("patient.show", 1, &store), |view| {
        assert_eq!(view.trail(None, 1)?[0].action, "patient.show");
        view.reveal::<Patient>(&1)
    });
    assert_eq!(block_on::<Result<_, StoreError>>(viewed).unwrap(), Some(expected.clone()));

    let page = store.glance(act("patient.list", &store), |view| {
        view.reveal_page::<Patient>(&(), Order::Ascending, None, 9)
    });
    let page: Result<_, StoreError> = page;
    assert_eq!(page.unwrap().rows, [expected]);
    store.write_and_wait::<_, StoreError>(act("later", &store), |_| Ok(())).unwrap();
    assert_eq!(actions(&store), ["later", "patient.list", "patient.show", "patient.add"]);
}

#[test]
fn the_change_log_names_rows_in_the_order_of_acts() {
    let (_folder, store) = in_memory();
    let mut watched = store.watch();
    let mut acts = Together::new(&store);
    acts.add(act("one", &store), |write| write.put(&letter(1)));
    acts.add(act("refused", &store), |_| Err(StoreError::Closed));
    acts.add(act("views", &store), |_| Ok(()));
    acts.add(act("two", &store), |write| {
        write.delete::<Letter>(&1)?;
        write.put(&letter(2))
    });
    acts.run();
    let changes = store.read(|read| read.changes_after(0, 9)).unwrap();
    let named: Vec<_> = changes
        .iter()
        .flat_map(|change| change.rows.iter().map(|row| (change.number, row)))
        .map(|(number, row)| (number, row.table.as_str(), row.key[7], row.deleted))
        .collect();
    assert_eq!(
        named,
        [(1, "letters", 1, false), (3, "letters", 1, true), (3, "letters", 2, false)]
    );
    assert_eq!(store.read(|read| read.changes_after(1, 9)).unwrap(), changes[1..]);
    for change in changes {
        assert_eq!(*watched.try_recv().unwrap(), change);
    }
}

#[test]
fn an_act_of_many_long_keys_is_logged_whole() {
    let (_folder, store) = in_memory();
    let put_all =
        |write: &mut Write<'_>| (0..250).try_for_each(|number| write.put(&Wide { number }));
    store.write_and_wait::<_, StoreError>(act("many", &store), put_all).unwrap();
    store.write_and_wait(act("one", &store), |write| write.put(&letter(1))).unwrap();
    let changes = store.read(|read| read.changes_after(0, 1)).unwrap();
    assert!(changes.len() > 1 && changes.iter().all(|change| change.number == 1));
    assert_eq!(changes.iter().map(|change| change.rows.len()).sum::<usize>(), 250);
    assert_eq!(store.read(|read| read.changes_after(1, 1)).unwrap()[0].number, 2);
}

#[test]
fn the_change_log_forgets_what_is_a_week_old() {
    let (_folder, store) = in_memory();
    let put = |number| {
        store.write_and_wait(act("put", &store), move |write| write.put(&letter(number))).unwrap();
    };
    (0..10).for_each(put);
    store.clock().advance(SignedDuration::from_hours(6 * 24));
    (0..300).for_each(put);
    let oldest = || store.read(|read| read.changes_after(0, 1)).unwrap()[0].number;
    assert_eq!(oldest(), 1);
    store.clock().advance(SignedDuration::from_hours(2 * 24));
    (0..300).for_each(put);
    assert_eq!(oldest(), 11);
    assert_eq!(store.read(|read| read.verify_trail()).unwrap(), 610);
}

#[test]
fn a_closed_store_answers_so() {
    let (_folder, store) = in_memory();
    store.write_and_wait(act("put", &store), |write| write.put(&letter(1))).unwrap();
    store.close();
    let late = store.write_and_wait(act("late", &store), |write| write.put(&letter(2)));
    assert!(matches!(late, Err(StoreError::Closed)));
    assert_eq!(numbers(&store), [1]);
    store.close();
}

#[test]
fn acts_that_wait_are_done_before_the_store_closes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(RedbEngine::in_memory().unwrap());
    let open = || Store::on_engine(engine.clone(), KeyRing::random(), clock(), folder.path());
    let store = open().unwrap();
    let mut acts = Together::new(&store);
    (0..9).for_each(|number| acts.add(act("put", &store), move |write| write.put(&letter(number))));
    let closing = store.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || closing.close());
        assert!(acts.run().iter().all(Result::is_ok));
    });
    assert_eq!(numbers(&store).len(), 9);
}

#[test]
fn while_too_many_access_rows_are_on_their_way_no_list_is_shown() {
    let (_folder, store) = in_memory();
    let list = || {
        store.glance(act("patient.list", &store), |view| {
            view.reveal_page::<Patient>(&(), Order::Ascending, None, 9).map(|page| page.rows.len())
        })
    };
    // The writer stands still, as it does while a sync hangs.
    let keeper = Together::<(), StoreError>::new(&store);
    for shown in 0..GLANCES_MAX {
        assert!(list().is_ok(), "after {shown}");
    }
    let refused = list();
    assert!(matches!(refused, Err(StoreError::NotCommitted(_))), "{refused:?}");
    keeper.run();
    store.write_and_wait::<_, StoreError>(act("later", &store), |_| Ok(())).unwrap();
    assert!(list().is_ok(), "their places are free again");
    store.close();
    let rows = store.read(|read| read.trail(None, GLANCES_MAX + 9)).unwrap();
    let lists = rows.iter().filter(|row| row.action == "patient.list").count();
    assert_eq!(lists, GLANCES_MAX + 1, "a row for each list that was shown, and for no other");
}

#[test]
fn the_last_clone_may_die_inside_an_act() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(RedbEngine::in_memory().unwrap());
    let store = Store::on_engine(engine.clone(), KeyRing::random(), clock(), folder.path());
    let store = store.unwrap();
    let (gate, opened) = std::sync::mpsc::channel::<()>();
    let clone = store.clone();
    let inside = act("put", &store);
    let waiting = std::thread::spawn(move || {
        let mut asked = Box::pin(async move {
            let run = move |write: &mut Write<'_>| {
                opened.recv().unwrap();
                drop(clone);
                write.put(&letter(1))
            };
            store.write::<_, StoreError>(inside, run).await
        });
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(asked.as_mut().poll(&mut context).is_pending());
    });
    waiting.join().unwrap();
    gate.send(()).unwrap();
    while Arc::strong_count(&engine) > 1 {
        std::thread::yield_now();
    }
}

#[test]
fn ids_are_drawn_from_the_clock() {
    let ids = || {
        let clock = Clock::fixed(clock().now(), 5);
        [clock.id::<Letter>(), clock.id(), clock.id()]
    };
    assert_eq!(ids(), ids());
    let [one, two, _] = ids();
    assert_ne!(one, two);
}

#[derive(Serialize, Deserialize)]
struct Wide {
    number: u64,
}

impl Record for Wide {
    type Key = ([u8; 504], u64);
    const TABLE: &'static str = "wide";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        ([7; 504], self.number)
    }
}

impl Plain for Wide {}

fn in_memory() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_memory(folder.path(), clock()).unwrap();
    (folder, store)
}

fn letter(number: u64) -> Letter {
    Letter { number, author: 1, text: "x".to_owned() }
}

trait By {
    fn by(self, author: u8) -> Self;
}

impl By for Letter {
    fn by(self, author: u8) -> Self {
        Self { author, ..self }
    }
}

fn numbers(store: &Store) -> Vec<u64> {
    let page = store.read(|read| read.page::<Letter>(&(), Order::Ascending, None, 999));
    page.map_err(|error: StoreError| error).unwrap().rows.iter().map(|row| row.number).collect()
}

fn actions(store: &Store) -> Vec<String> {
    let receipts = store.read(|read| read.page::<Receipt>(&(), Order::Ascending, None, 1));
    assert!(receipts.map_err(|error: StoreError| error).unwrap().rows.is_empty());
    let rows = store.read(|read| read.trail(None, 99)).unwrap();
    rows.into_iter().map(|row| row.action).collect()
}
