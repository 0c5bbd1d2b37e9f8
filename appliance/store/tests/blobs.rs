//! Blobs: what is written is read back by any range, and what was tampered with is refused.

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

use jiff::{SignedDuration, Timestamp};
use store::{BlobName, Blobs, KeptName, KeyRing, StoreError, UNNAMED_KEPT};
use tempfile::TempDir;

const FRAME: usize = 64 * 1024;
const SEALED: usize = FRAME + 16;
const HEADER: usize = 72;

#[test]
fn ranges_across_frame_borders_are_what_was_written() {
    let shelf = Shelf::new();
    let lengths = [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 7];
    for length in lengths {
        let plain = pattern(length);
        let name = shelf.put(&plain);
        let mut reader = shelf.blobs.reader(&name).unwrap();
        assert_eq!(reader.bytes(), length as u64);
        for offset in [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME - 1, 2 * FRAME, length] {
            for bytes_max in [0, 1, 2, FRAME - 1, FRAME, FRAME + 1, 4 * FRAME] {
                let end = offset.saturating_add(bytes_max).min(length);
                let expected = plain.get(offset..end).unwrap_or_default();
                assert_eq!(reader.read_at(offset as u64, bytes_max).unwrap(), expected);
            }
        }
        assert_eq!(reader.read_at(u64::MAX, usize::MAX).unwrap(), []);
        assert_eq!(shelf.blobs.scrub(&name).unwrap(), length as u64);
    }
}

#[test]
fn the_size_of_the_pieces_does_not_matter() {
    let shelf = Shelf::new();
    let plain = pattern(2 * FRAME + 5);
    let whole = shelf.put(&plain);
    let mut writer = shelf.blobs.begin().unwrap();
    plain.chunks(1013).for_each(|piece| writer.write(piece).unwrap());
    assert_eq!(writer.bytes(), plain.len() as u64);
    assert_eq!(writer.finish().unwrap(), (whole, plain.len() as u64));
}

#[test]
fn equal_contents_are_one_file_and_other_stores_name_them_otherwise() {
    let (shelf, other) = (Shelf::new(), Shelf::new());
    let (one, two) = (shelf.put(b"the same"), shelf.put(b"the same"));
    assert_eq!(one, two);
    assert_eq!(shelf.names(), [one]);
    assert_ne!(other.put(b"the same"), one);
}

#[test]
fn an_equal_blob_mends_a_damaged_one() {
    let shelf = Shelf::new();
    let name = shelf.put(&pattern(FRAME));
    shelf.tamper(&name, |file| file[HEADER + 9] ^= 1);
    assert!(shelf.blobs.scrub(&name).is_err());
    shelf.put(&pattern(FRAME));
    assert_eq!(shelf.blobs.scrub(&name).unwrap(), FRAME as u64);
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let shelf = Shelf::new();
    let mut writer = shelf.blobs.begin().unwrap();
    writer.write(&pattern(3 * FRAME)).unwrap();
    assert_eq!(shelf.partial_files(), 1);
    drop(writer);
    assert_eq!(shelf.partial_files(), 0);
    assert_eq!(shelf.names(), []);
}

#[test]
fn the_file_shows_nothing_of_its_content() {
    let shelf = Shelf::new();
    let name = shelf.put("山田太郎 ".repeat(20_000).as_bytes());
    let raw = std::fs::read(shelf.path(&name)).unwrap();
    assert!(!contains(&raw, "山田".as_bytes()));
}

#[test]
fn every_changed_byte_is_noticed() {
    let shelf = Shelf::new();
    let name = shelf.put(&pattern(2 * FRAME + 40));
    let length = std::fs::metadata(shelf.path(&name)).unwrap().len() as usize;
    let borders = [HEADER, HEADER + SEALED, HEADER + 2 * SEALED, length];
    let near = borders.iter().flat_map(|border| border.saturating_sub(20)..(border + 20));
    let places = (0..HEADER).chain(near).chain((0..length).step_by(4999));
    for place in places.filter(|place| *place < length) {
        shelf.tamper(&name, |file| file[place] ^= 0x10);
        assert!(shelf.refuses(&name), "byte {place} was changed and nobody noticed");
        shelf.tamper(&name, |file| file[place] ^= 0x10);
    }
    assert!(!shelf.refuses(&name));
}

#[test]
fn a_cut_or_lengthened_file_is_refused_at_once() {
    let shelf = Shelf::new();
    let name = shelf.put(&pattern(2 * FRAME));
    let whole = std::fs::read(shelf.path(&name)).unwrap();
    let cuts = [0, 1, HEADER - 1, HEADER, HEADER + 15, HEADER + 16, HEADER + SEALED];
    for length in cuts.into_iter().chain([whole.len() - 17, whole.len() - 16, whole.len() - 1]) {
        std::fs::write(shelf.path(&name), &whole[..length]).unwrap();
        assert!(shelf.blobs.reader(&name).is_err(), "cut to {length} bytes");
    }
    for more in [1, 16, 17, SEALED] {
        std::fs::write(shelf.path(&name), [whole.clone(), vec![0; more]].concat()).unwrap();
        assert!(shelf.blobs.reader(&name).is_err(), "{more} bytes added");
    }
}

#[test]
fn swapped_frames_and_swapped_files_are_refused() {
    let shelf = Shelf::new();
    let (one, two) = (shelf.put(&pattern(3 * FRAME)), shelf.put(&vec![7; 3 * FRAME]));
    let originals = [&one, &two].map(|name| std::fs::read(shelf.path(name)).unwrap());
    shelf.tamper(&one, |file| {
        let (first, second) = file[HEADER..HEADER + 2 * SEALED].split_at_mut(SEALED);
        first.swap_with_slice(second);
    });
    assert!(shelf.refuses(&one));
    let [first, second] = &originals;
    shelf.tamper(&one, |file| {
        file.clone_from(first);
        file[HEADER..HEADER + SEALED].copy_from_slice(&second[HEADER..HEADER + SEALED]);
    });
    assert!(shelf.refuses(&one));
    std::fs::write(shelf.path(&one), second).unwrap();
    assert!(shelf.blobs.reader(&one).is_err());
}

#[test]
fn the_sweep_takes_what_is_old_and_unnamed() {
    let shelf = Shelf::new();
    let (named, unnamed) = (shelf.put(b"named"), shelf.put(b"unnamed"));
    let mut writer = shelf.blobs.begin().unwrap();
    writer.write(b"a writer that was killed").unwrap();
    std::mem::forget(writer);
    let written = std::fs::metadata(shelf.path(&unnamed)).unwrap().modified().unwrap();
    let written = Timestamp::try_from(written).unwrap();
    let sweep = |now| shelf.blobs.sweep(|name| Ok(*name == named), now).unwrap();

    let early = sweep(written + UNNAMED_KEPT - SignedDuration::from_secs(60));
    assert_eq!((early.kept, early.removed, early.partial_removed), (2, 0, 0));

    let late = sweep(written + UNNAMED_KEPT + SignedDuration::from_secs(60));
    assert_eq!((late.kept, late.removed, late.partial_removed), (1, 1, 1));
    assert_eq!(shelf.names(), [named]);
    assert_eq!(shelf.partial_files(), 0);
}

#[test]
fn a_blob_is_gone_on_with_behind_its_last_whole_frame() {
    let shelf = Shelf::new();
    let plain = pattern(5 * FRAME + 7);
    let name = KeptName::random();
    let mut at = 0;
    for length in [10, 2 * FRAME, FRAME + 1, 1, 2 * FRAME + 9] {
        assert_eq!(shelf.blobs.kept_bytes(&name).unwrap(), at as u64);
        let mut writer = shelf.blobs.go_on(&name).unwrap();
        assert_eq!(writer.bytes(), at as u64);
        let end = plain.len().min(at + length);
        writer.write(&plain[at..end]).unwrap();
        drop(writer);
        at = usize::try_from(shelf.blobs.kept_bytes(&name).unwrap()).unwrap();
        assert!(end - at <= FRAME, "at most one frame is sent again");
    }
    let mut writer = shelf.blobs.go_on(&name).unwrap();
    writer.write(&plain[at..]).unwrap();
    let (blob, bytes) = writer.finish().unwrap();
    assert_eq!((blob, bytes), (shelf.put(&plain), plain.len() as u64));
    assert_eq!(shelf.blobs.kept_bytes(&name).unwrap(), 0, "it has its name now");
    assert_eq!(shelf.partial_files(), 0);
}

#[test]
fn what_was_torn_or_changed_begins_anew() {
    let shelf = Shelf::new();
    let plain = pattern(3 * FRAME + 1);
    for harm in [
        (|file: &mut Vec<u8>| file.truncate(HEADER + SEALED + 100)) as fn(&mut Vec<u8>),
        |file| file[HEADER + SEALED + 9] ^= 1,
        |file| file[20] ^= 1,
        |file| file.truncate(HEADER - 1),
        |file| file[HEADER] ^= 0x80,
    ] {
        let name = KeptName::random();
        let mut writer = shelf.blobs.go_on(&name).unwrap();
        writer.write(&plain).unwrap();
        drop(writer);
        let path = shelf.partial().join(name.to_string());
        let mut file = std::fs::read(&path).unwrap();
        harm(&mut file);
        std::fs::write(&path, file).unwrap();
        let mut writer = shelf.blobs.go_on(&name).unwrap();
        assert_eq!(writer.bytes(), 0);
        writer.write(&plain).unwrap();
        assert_eq!(writer.finish().unwrap().0, shelf.put(&plain));
    }
    let name = KeptName::random();
    shelf.blobs.go_on(&name).unwrap();
    shelf.blobs.forget(&name).unwrap();
    shelf.blobs.forget(&name).unwrap();
    assert_eq!(shelf.partial_files(), 0);
}

#[test]
fn a_sweep_that_cannot_ask_removes_nothing() {
    let shelf = Shelf::new();
    let name = shelf.put(b"perhaps named");
    let late = Timestamp::MAX - SignedDuration::from_hours(1);
    assert!(shelf.blobs.sweep(|_| Err(StoreError::Closed), late).is_err());
    assert_eq!(shelf.names(), [name]);
}

#[test]
fn a_name_has_one_spelling() {
    let shelf = Shelf::new();
    let name = shelf.put(b"x");
    let text = name.to_string();
    assert_eq!(text.parse::<BlobName>().unwrap(), name);
    assert!(text.to_uppercase().parse::<BlobName>().is_err());
    assert!("../../etc/passwd".parse::<BlobName>().is_err());
    assert!(text[1..].parse::<BlobName>().is_err());
    let bytes = store::encode("x", 1, &name).unwrap();
    assert_eq!(bytes.len(), 1 + 32);
    assert_eq!(store::decode::<BlobName>("x", 1, &bytes).unwrap(), name);
}

struct Shelf {
    folder: TempDir,
    blobs: Blobs,
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs"), &KeyRing::random()).unwrap();
        Self { folder, blobs }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("blobs")
    }

    fn path(&self, name: &BlobName) -> PathBuf {
        let text = name.to_string();
        self.root().join(&text[..2]).join(text)
    }

    fn put(&self, plain: &[u8]) -> BlobName {
        let mut writer = self.blobs.begin().unwrap();
        writer.write(plain).unwrap();
        writer.finish().unwrap().0
    }

    fn names(&self) -> Vec<BlobName> {
        self.blobs.names().unwrap().map(Result::unwrap).collect()
    }

    fn partial(&self) -> PathBuf {
        self.root().join("partial")
    }

    fn partial_files(&self) -> usize {
        std::fs::read_dir(self.partial()).unwrap().count()
    }

    fn tamper(&self, name: &BlobName, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.path(name);
        let mut file = std::fs::read(&path).unwrap();
        change(&mut file);
        std::fs::write(path, file).unwrap();
    }

    fn refuses(&self, name: &BlobName) -> bool {
        let read = self.blobs.reader(name).and_then(|mut blob| blob.read_at(0, usize::MAX));
        let scrubbed = self.blobs.scrub(name);
        assert_eq!(read.is_err(), scrubbed.is_err());
        read.is_err()
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 31 % 251) as u8).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_folder_that_is_no_store_has_no_blobs() {
    assert!(Blobs::open(Path::new("/proc/nowhere"), &KeyRing::random()).is_err());
}
