//! However large a blob or a store is, writing, reading and backing it up take little memory.
//!
//! One test in a process of its own: it looks at the whole process's peak.

use store::{Blobs, KeyRing};

const BLOB_BYTES: u64 = 100 * 1024 * 1024;

/// Far more than a few frames, far less than the blob.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

#[test]
fn a_large_blob_streams_through_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(folder.path(), &KeyRing::random()).unwrap();
    let piece: Vec<u8> = (0..10_000).map(|place| (place % 251) as u8).collect();
    let before = peak_kib();
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

/// The largest resident size that this process ever had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
