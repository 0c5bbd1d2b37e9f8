//! What sealing and acts cost. Prints figures: `cargo test --release -p store --test cost --
//! --nocapture`. It fails only if they are far off.

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

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{
    AES_256_GCM, AES_256_GCM_SIV, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey,
};
use store::{Clock, Layout, MasterKey, Store, StoreError, Write};
use support::act;
use support::schema::{Letter, Receipt, Unread};

/// One test, so that nothing runs beside what is measured.
#[test]
fn sealing_and_acts_are_cheap() {
    let ciphers = [("AES-256-GCM", &AES_256_GCM), ("AES-256-GCM-SIV", &AES_256_GCM_SIV)];
    for round in 0..4 {
        for (name, algorithm) in ciphers {
            let (seal, open) = cipher_cost(algorithm);
            assert!(seal + open < Duration::from_micros(200));
            // The first round warms up.
            if round > 0 {
                println!("{name}, 300 B: seal {seal:?}, open {open:?}");
            }
        }
    }
    acts_share_their_commits();
}

/// With a random nonce a row, as the store does it.
fn cipher_cost(algorithm: &'static Algorithm) -> (Duration, Duration) {
    const ROUNDS: u32 = 100_000;
    let key = LessSafeKey::new(UnboundKey::new(algorithm, &[7; 32]).unwrap());
    let bound = [0; 40];
    let seal = || {
        let mut nonce = [0; 12];
        aws_lc_rs::rand::fill(&mut nonce).unwrap();
        let mut body = vec![5; 300];
        let unique = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(unique, Aad::from(bound), &mut body).unwrap();
        (nonce, body)
    };
    let started = Instant::now();
    (0..ROUNDS).for_each(|_| drop(black_box(seal())));
    let sealing = started.elapsed() / ROUNDS;
    let (nonce, sealed) = seal();
    let started = Instant::now();
    for _ in 0..ROUNDS {
        let mut body = sealed.clone();
        let nonce = Nonce::assume_unique_for_key(nonce);
        black_box(key.open_in_place(nonce, Aad::from(bound), &mut body).unwrap());
    }
    (sealing, started.elapsed() / ROUNDS)
}

fn acts_share_their_commits() {
    const THREADS: u64 = 64;
    let acts_a_thread = std::env::var("TOKINET_ACTS").map_or(20, |acts| acts.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout { folder: folder.path().join("store"), cache_bytes: 64 << 20 };
    let store = Store::create(&layout, &MasterKey::random(), Clock::system(), &[]).unwrap();
    let (started, cpu) = (Instant::now(), cpu_ticks());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for number in 0..acts_a_thread {
                    let run = move |write: &mut Write<'_>| send(write, thread * 100_000 + number);
                    store.write_and_wait(act("letter.send", store), run).unwrap();
                }
            });
        }
    });
    let (took, cpu) = (started.elapsed(), cpu_ticks() - cpu);
    let acts = THREADS * acts_a_thread;
    assert_eq!(store.read(|read| read.verify_trail()).unwrap(), acts);
    let rate = acts as f64 / took.as_secs_f64();
    // The kernel counts ticks of 10 ms.
    let cpu_micros = cpu as f64 * 10_000.0 / acts as f64;
    println!("{THREADS} threads: {rate:.0} acts/s, {cpu_micros:.0} µs CPU an act");
}

/// Fifteen rows of an act's own, before the trail's and the log's.
fn send(write: &mut Write<'_>, number: u64) -> Result<(), StoreError> {
    let at = jiff::Timestamp::from_microsecond(1_790_000_000_000_000).unwrap();
    write.put(&Letter {
        number, author: (number % 5) as u8, text: "発熱 あり 至急".to_owned()
    })?;
    for member in 0..5 {
        let member = ((number + member) % 200) as u8;
        write.put(&Receipt { member, at, letter: number })?;
        write.add::<Unread>(&member, 1)?;
    }
    Ok(())
}

/// User and system time of this process.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}
