//! Frozen bytes: a change here means that stores written before cannot be read, so it needs a
//! new version and a migration, never just new bytes in the file.

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

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use store::engine::{Engine, RedbEngine};
use store::{
    Act, Actor, BlobName, Change, ChangedRow, Clock, Id, KeyBytes, KeyRing, Newest, Store,
    StoreError, Subject, TrailHead, TrailRow,
};
use support::clock;
use support::schema::{Letter, Receipt, Unread};

const GOLDEN: &str = include_str!("golden/shapes.hex");

#[test]
fn keys_values_and_rows_are_what_they_were() {
    let mut found = String::new();
    let mut add = |name: &str, bytes: &[u8]| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = if hex.is_empty() { "-".to_owned() } else { hex };
        writeln!(found, "{name} {hex}").unwrap();
    };
    add_keys(&mut add);
    add_values(&mut add);
    add_rows_of_an_act(&mut add);
    assert_eq!(found, GOLDEN, "found:\n{found}");
}

#[test]
fn what_was_stored_is_still_read() {
    let bytes = |name: &str| {
        let line = GOLDEN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let hex = line.unwrap().as_bytes().chunks(2);
        hex.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect::<Vec<u8>>()
    };
    assert_eq!(store::decode::<Letter>("letters", 1, &bytes("letter")).unwrap(), letter());
    assert_eq!(store::decode::<TrailRow>("trail", 1, &bytes("trail-row")).unwrap(), trail_row());
    assert_eq!(store::decode::<Change>("changes", 1, &bytes("change")).unwrap(), change());
    let longer = [bytes("letter"), vec![0]].concat();
    assert!(store::decode::<Letter>("letters", 1, &longer).is_err());
    let shorter = bytes("letter");
    assert!(store::decode::<Letter>("letters", 1, &shorter[..shorter.len() - 1]).is_err());
    assert!(store::decode::<Letter>("letters", 2, &bytes("letter")).is_err());
}

fn add_keys(add: &mut impl FnMut(&str, &[u8])) {
    let before_1970 = Timestamp::from_microsecond(-5).unwrap();
    add("key-nothing", &KeyBytes::of(&()));
    add("key-id-number", &KeyBytes::of(&(Id::<()>::from_bytes([7; 16]), 258u64)));
    add("key-time", &KeyBytes::of(&at()));
    add("key-time-before-1970", &KeyBytes::of(&before_1970));
    add("key-newest", &KeyBytes::of(&(1u8, Newest(at()))));
    add("key-text", &KeyBytes::of(&(1u8, 2u64, [3u8; 3], "1310000000")));
}

fn add_values(add: &mut impl FnMut(&str, &[u8])) {
    let device = [2; 16];
    for (name, actor) in [
        ("actor-member", Actor::Member { member: [1; 16], device }),
        ("actor-stranger", Actor::Stranger { device: None }),
        ("actor-stranger-at-a-device", Actor::Stranger { device: Some(device) }),
        ("actor-operator", Actor::Operator),
        ("actor-system", Actor::System),
    ] {
        add(name, &store::encode("x", 1, &actor).unwrap());
    }
    add("letter", &store::encode("letters", 1, &letter()).unwrap());
    add("trail-row", &store::encode("trail", 1, &trail_row()).unwrap());
    add("trail-head", &store::encode("meta", 1, &TrailHead { number: 9, hash: [4; 32] }).unwrap());
    add("change", &store::encode("changes", 1, &change()).unwrap());
    let name: BlobName = "ab".repeat(32).parse().unwrap();
    add("blob-name", &store::encode("x", 1, &name).unwrap());
}

/// Keys lie in clear, so the ones of a whole act can be looked at; values are sealed, and the
/// trail's hash, which covers the bytes of its row, stands for them.
fn add_rows_of_an_act(add: &mut impl FnMut(&str, &[u8])) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(RedbEngine::in_memory().unwrap());
    let store = Store::on_engine(engine.clone(), KeyRing::random(), clock(), folder.path());
    let store = store.unwrap();
    let member = Actor::Member { member: [1; 16], device: [2; 16] };
    let act = Act::new(member, "letter.send", at()).on("letter", Id::<()>::from_bytes([7; 16]));
    let put_all = |write: &mut store::Write<'_>| {
        write.put(&letter())?;
        write.put(&Receipt { member: 3, at: at(), letter: 258 })?;
        write.add::<Unread>(&3, 1)
    };
    store.write_and_wait::<_, StoreError>(act, put_all).unwrap();
    let snapshot = engine.snapshot().unwrap();
    for table in snapshot.tables().unwrap() {
        snapshot
            .rows(&table, &mut |key, _| {
                add(&format!("row-{table}"), key);
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    add("trail-hash", &store.read(|read| read.trail_head()).unwrap().hash);
    let drawn: [u8; 8] = Clock::fixed(at(), 7).random();
    add("drawn-by-seed-7", &drawn);
}

fn at() -> Timestamp {
    "2026-11-22T09:30:00.123456Z".parse().unwrap()
}

fn letter() -> Letter {
    Letter { number: 258, author: 3, text: String::new() }
}

fn trail_row() -> TrailRow {
    TrailRow {
        number: 300,
        at: at(),
        actor: Actor::Member { member: [1; 16], device: [2; 16] },
        action: "letter.send".to_owned(),
        subject: Some(Subject { kind: "letter".to_owned(), id: [7; 16] }),
        tables: vec!["letters".to_owned()],
        previous: [4; 32],
    }
}

fn change() -> Change {
    let row = |deleted| ChangedRow { table: "letters".to_owned(), key: vec![0, 1], deleted };
    Change { number: 300, at: at(), rows: vec![row(false), row(true)] }
}
