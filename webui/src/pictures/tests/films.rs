//! What a film loses and what it keeps. The material was written by ffmpeg, a second each: the
//! index behind or before the pictures, in fragments, and with a drone's subtitles.

use std::convert::Infallible;

use super::contains;
use crate::pictures::{FilmError, FilmFault, Patch, ReadAt, apply, find_places};

const INDEX_AT_END: &[u8] = include_bytes!("material/end.mov");
const INDEX_AT_START: &[u8] = include_bytes!("material/start.mp4");
const FRAGMENTS: &[u8] = include_bytes!("material/fragments.mp4");
const DRONE: &[u8] = include_bytes!("material/drone.mp4");

struct Film<'a>(&'a [u8]);

impl ReadAt for Film<'_> {
    type Error = Infallible;

    fn read_at(&mut self, at: u64, bytes: usize) -> Result<Vec<u8>, Infallible> {
        let rest = usize::try_from(at).ok().and_then(|at| self.0.get(at..)).unwrap_or_default();
        Ok(rest[..rest.len().min(bytes)].to_vec())
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}

fn places(film: &[u8]) -> Result<Vec<Patch>, FilmFault> {
    find_places(&mut Film(film), length(film)).map_err(|error| match error {
        FilmError::Film(fault) => fault,
        FilmError::Read(never) => match never {},
    })
}

/// In pieces of any size, as files are copied.
fn cleaned(film: &[u8], piece_bytes: usize) -> Vec<u8> {
    let places = places(film).unwrap();
    let mut at = 0;
    let clean = film.chunks(piece_bytes).flat_map(|piece| {
        let mut piece = piece.to_vec();
        apply(&places, at, &mut piece);
        at += length(&piece);
        piece
    });
    clean.collect()
}

fn box_of(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + content.len()).unwrap().to_be_bytes();
    [&length, kind.as_slice(), content].concat()
}

/// The pictures and the sound.
fn data(film: &[u8]) -> &[u8] {
    let at = film.windows(4).position(|letters| letters == b"mdat").unwrap();
    let bytes = u32::from_be_bytes(film[at - 4..at].try_into().unwrap());
    &film[at + 4..at - 4 + usize::try_from(bytes).unwrap()]
}

#[test]
fn places_become_zeros_and_no_picture_changes() {
    for film in [INDEX_AT_END, INDEX_AT_START, FRAGMENTS] {
        let clean = cleaned(film, 1 << 16);
        assert_eq!(clean.len(), film.len());
        assert!(data(film) == data(&clean));
        for hidden in [b"35.6895".as_slice(), b"loci", b"\xA9xyz", b"location", b"udta", b"Lavf5"] {
            assert!(!contains(&clean, hidden), "{}", hidden.escape_ascii());
        }
        for piece_bytes in [1, 3, 7, 1000] {
            assert!(cleaned(film, piece_bytes) == clean, "{piece_bytes}");
        }
        assert_eq!(places(&clean), Ok(Vec::new()), "there is nothing left to hide");
    }
}

#[test]
fn subtitles_of_a_drone_go_with_their_samples() {
    assert!(contains(DRONE, b"35.6895"));
    let clean = cleaned(DRONE, 1 << 16);
    assert!(!contains(&clean, b"35.6895"));
    assert!(contains(&clean, b"vide") && !contains(&clean, b"sbtl"));
    let same = data(DRONE).iter().zip(data(&clean)).filter(|(one, other)| one == other).count();
    assert!(same > data(DRONE).len() * 3 / 4, "the pictures are still there");
}

#[test]
fn boxes_that_nobody_plays_are_emptied() {
    let uuid = box_of(b"uuid", b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71 <x:xmpmeta> 35.6895");
    let old = box_of(b"free", b"an older index with 35.6895");
    let film = [INDEX_AT_END, &uuid, &old, b"SEFT 35.6895"].concat();
    let clean = cleaned(&film, 100);
    assert!(!contains(&clean, b"35.6895") && !contains(&clean, b"uuid"));
    assert!(data(&film) == data(&clean));
}

#[test]
fn boxes_that_lie_about_their_length_are_refused() {
    for end in (9..INDEX_AT_START.len()).step_by(37) {
        assert!(places(&INDEX_AT_START[..end]).is_err(), "cut at {end}");
    }
    let inner = box_of(b"trak", b"");
    let mut loops = box_of(b"moov", &inner);
    loops[11] = 0xFF;
    assert_eq!(places(&loops), Err(FilmFault::Damaged), "larger than its parent");
    loops[8..12].copy_from_slice(&4_u32.to_be_bytes());
    assert_eq!(places(&loops), Err(FilmFault::Damaged), "smaller than its own head");
    let wide = [b"\0\0\0\x01moov".as_slice(), &[0xFF; 8]].concat();
    assert_eq!(places(&wide), Err(FilmFault::Damaged), "beyond every number");
    let many = box_of(b"moov", &box_of(b"free", b"").repeat(200_001));
    assert_eq!(places(&many), Err(FilmFault::TooManyParts));
    let packed = box_of(b"moov", &box_of(b"cmov", b"zlib"));
    assert_eq!(places(&packed), Err(FilmFault::Unreadable));
}

#[test]
fn samples_that_are_pointed_at_again_and_again_cost_one_writing() {
    let chunks = 50_000_u32;
    let offsets = (0..chunks).flat_map(|n| (n % 7).to_be_bytes()).collect::<Vec<_>>();
    let offsets = [&[0; 4], chunks.to_be_bytes().as_slice(), &offsets].concat();
    let runs = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
    let sizes = [&[0; 4], 5_u32.to_be_bytes().as_slice(), &chunks.to_be_bytes()].concat();
    let table = [box_of(b"stco", &offsets), box_of(b"stsc", &runs), box_of(b"stsz", &sizes)];
    let info = box_of(b"minf", &box_of(b"stbl", &table.concat()));
    let handler = box_of(b"hdlr", b"\0\0\0\0\0\0\0\0meta\0\0\0\0");
    let track = box_of(b"trak", &box_of(b"mdia", &[handler, info].concat()));
    let film = [b"\0\0\0\x14ftypqt  \0\0\0\0qt  ".to_vec(), box_of(b"moov", &track)].concat();
    assert!(places(&film).unwrap().len() < 10);
}
