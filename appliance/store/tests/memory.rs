//! However large a blob or a store is, writing, reading and backing it up take little memory.
//!
//! One test in a process of its own: it looks at the whole process's peak.

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

use store::{Layout, MasterKey, Store, StoreError, Write, back_up, new_recovery_key, restore};
use support::schema::Letter;
use support::{act, clock};

const BLOB_BYTES: u64 = 100 * 1024 * 1024;

/// Far more than a few frames, far less than the blob.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

/// The engine's cache, its dirty pages and one load come on top.
const BACKUP_GROWTH_KIB_MAX: u64 = 32 * 1024;

#[test]
fn large_blobs_and_stores_stream_through_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let layout =
        |name: &str| Layout { folder: folder.path().join(name), cache_bytes: 4 * 1024 * 1024 };
    let master = MasterKey::random();
    let store = Store::create(&layout("store"), &master, clock(), &[]).unwrap();
    stream_a_blob(&store);

    for start in (0..60_000).step_by(500) {
        let put_all = move |write: &mut Write<'_>| {
            (start..start + 500).try_for_each(|number| {
                let text = "x".repeat(1000);
                write.put(&Letter { number, author: 1, text })
            })
        };
        store.write_and_wait::<_, StoreError>(act("many", &store), put_all).unwrap();
    }
    let before = forget_peak();
    let (secret, recipient) = new_recovery_key();
    let file = folder.path().join("backup");
    let written = back_up(&store, &file, &recipient).unwrap();
    let back_up_grown = peak_kib() - before;
    assert_eq!(restore(&file, &secret, &layout("restored"), &master).unwrap(), written);
    let grown = peak_kib() - before;
    println!("{written:?}: peak grew by {back_up_grown} KiB, with restore {grown} KiB");
    assert!(grown < BACKUP_GROWTH_KIB_MAX, "the peak grew by {grown} KiB");
}

fn stream_a_blob(store: &Store) {
    let blobs = store.blobs();
    let piece: Vec<u8> = (0..10_000).map(|place| (place % 251) as u8).collect();
    let before = forget_peak();
    let mut writer = blobs.begin().unwrap();
    while writer.bytes() < BLOB_BYTES {
        writer.write(&piece).unwrap();
    }
    let (name, bytes) = writer.finish().unwrap();
    let mut reader = blobs.reader(&name).unwrap();
    let mut offset = 0;
    while offset < bytes {
        offset += reader.read_at(offset, 256 * 1024).unwrap().len() as u64;
    }
    assert_eq!(blobs.scrub(&name).unwrap(), bytes);
    let grown = peak_kib() - before;
    println!("{bytes} bytes written, read and scrubbed: peak grew by {grown} KiB");
    assert!(grown < GROWTH_KIB_MAX, "the peak grew by {grown} KiB");
}

/// Lets the peak begin at what is resident, so that an earlier one hides nothing.
fn forget_peak() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    peak_kib()
}

/// The largest resident size since then.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
