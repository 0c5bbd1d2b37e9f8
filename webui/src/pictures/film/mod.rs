//! Where a film was taken stands in many of its boxes; only pictures and sound stay.
//!
//! An MP4 or QuickTime file is a tree of boxes, and sound and pictures are found by their place
//! in the file. So nothing is taken out: a box that is not needed for playing becomes one called
//! `free` with nothing but zeros inside, and every offset stays right. The walk reads headers
//! only, wherever the index lies, and answers what to write over; memory does not grow with the
//! film. Tracks that are neither picture nor sound go with their samples: tablets, action
//! cameras and drones write a place there every second.

mod boxes;
mod track;

use std::ops::Range;

use self::boxes::{Header, Walk};

/// What to write over a part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch {
    /// A box's four letters at this place become `free`.
    Free(u64),
    Zeros(Range<u64>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilmFault {
    #[error("a box does not fit into its file")]
    Damaged,
    #[error("the film holds things that cannot be looked into")]
    Unreadable,
    #[error("the film has too many parts")]
    TooManyParts,
}

/// A film of two gigabytes has some ten thousand chunks a track.
const PARTS_MAX: usize = 200_000;

/// What plays a film, at the outermost level.
const OUTER_KEPT: [&[u8; 4]; 10] =
    [b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix", b"prft", b"wide"];
const INDEX_KEPT: [&[u8; 4]; 4] = [b"mvhd", b"trak", b"mvex", b"iods"];
const TRACK_KEPT: [&[u8; 4]; 7] = [b"tkhd", b"edts", b"tref", b"mdia", b"tapt", b"clip", b"load"];
const FRAGMENT_KEPT: [&[u8; 4]; 2] = [b"mfhd", b"traf"];
const MEDIA_KEPT: [&[u8; 4]; 4] = [b"mdhd", b"hdlr", b"minf", b"elng"];

/// Reads at most so many bytes from an offset on; fewer only at the end.
pub trait ReadAt {
    type Error;
    fn read_at(&mut self, at: u64, bytes: usize) -> Result<Vec<u8>, Self::Error>;
}

#[derive(Debug)]
pub enum FilmError<E> {
    Film(FilmFault),
    Read(E),
}

impl<E> From<FilmFault> for FilmError<E> {
    fn from(fault: FilmFault) -> Self {
        Self::Film(fault)
    }
}

/// Everything to be written over, in the order of the file; empty if there is nothing to hide.
pub fn find_places<R: ReadAt>(file: &mut R, bytes: u64) -> Result<Vec<Patch>, FilmError<R::Error>> {
    let mut film =
        Film { walk: Walk { file, seen: 0 }, patches: Vec::new(), fragments: false, other: false };
    let mut seen_index_and_data = (false, false);
    let mut at = 0;
    while at < bytes {
        let header = match film.walk.header(at, bytes) {
            Ok(header) => header,
            // Some cameras add a trailer that is no box; nothing there is needed for playing.
            Err(FilmError::Film(_)) if seen_index_and_data == (true, true) => {
                film.zero(at..bytes)?;
                break;
            }
            Err(fault) => return Err(fault),
        };
        match &header.kind {
            b"moov" => film.index(&header)?,
            b"moof" => film.fragment(&header)?,
            _ => {}
        }
        seen_index_and_data.0 |= header.kind == *b"moov";
        seen_index_and_data.1 |= header.kind == *b"mdat";
        film.keep_only(&OUTER_KEPT, &header)?;
        at = header.end;
    }
    if film.fragments && film.other {
        // Their samples lie between those of the picture, found by other tables than an index.
        return Err(FilmFault::Unreadable.into());
    }
    Ok(in_order(film.patches))
}

/// By place, and stretches that touch made one: a film that points at the same bytes again and
/// again costs no more than one that does so once.
fn in_order(mut patches: Vec<Patch>) -> Vec<Patch> {
    patches.sort_by_key(Patch::start);
    let mut zeros_until = 0;
    let mut ordered: Vec<Patch> = Vec::with_capacity(patches.len());
    for patch in patches {
        if let Patch::Zeros(range) = patch {
            if range.end > zeros_until {
                ordered.push(Patch::Zeros(range.start.max(zeros_until)..range.end));
                zeros_until = range.end;
            }
        } else {
            ordered.push(patch);
        }
    }
    // What was cut at its beginning begins later.
    ordered.sort_by_key(Patch::start);
    ordered
}

impl Patch {
    fn start(&self) -> u64 {
        match self {
            Self::Free(at) => *at,
            Self::Zeros(range) => range.start,
        }
    }

    fn end(&self) -> u64 {
        match self {
            Self::Free(at) => at + 4,
            Self::Zeros(range) => range.end,
        }
    }
}

struct Film<'a, R> {
    walk: Walk<'a, R>,
    patches: Vec<Patch>,
    fragments: bool,
    /// Whether there was a track that is neither picture nor sound.
    other: bool,
}

impl<R: ReadAt> Film<'_, R> {
    fn index(&mut self, index: &Header) -> Result<(), FilmError<R::Error>> {
        for inner in self.walk.children(index)? {
            match &inner.kind {
                b"cmov" => return Err(FilmFault::Unreadable.into()),
                b"trak" => self.track(&inner)?,
                _ => self.keep_only(&INDEX_KEPT, &inner)?,
            }
        }
        Ok(())
    }

    fn fragment(&mut self, fragment: &Header) -> Result<(), FilmError<R::Error>> {
        self.fragments = true;
        for inner in self.walk.children(fragment)? {
            self.keep_only(&FRAGMENT_KEPT, &inner)?;
            if inner.kind == *b"traf" {
                for table in self.walk.children(&inner)? {
                    if [*b"udta", *b"meta", *b"uuid"].contains(&table.kind) {
                        self.free(&table)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn track(&mut self, track: &Header) -> Result<(), FilmError<R::Error>> {
        let parts = self.walk.children(track)?;
        let media = parts.iter().find(|part| part.kind == *b"mdia");
        let media = media.map(|media| self.walk.children(media)).transpose()?.unwrap_or_default();
        if !self.walk.is_seen_or_heard(&media)? {
            self.other = true;
            for samples in self.walk.samples(&media)? {
                self.zero(samples)?;
            }
            return self.free(track);
        }
        for part in &parts {
            self.keep_only(&TRACK_KEPT, part)?;
        }
        for part in &media {
            self.keep_only(&MEDIA_KEPT, part)?;
        }
        Ok(())
    }

    fn keep_only(&mut self, kept: &[&[u8; 4]], found: &Header) -> Result<(), FilmError<R::Error>> {
        if kept.contains(&&found.kind) { Ok(()) } else { self.free(found) }
    }

    fn free(&mut self, found: &Header) -> Result<(), FilmError<R::Error>> {
        if found.kind != *b"free" {
            self.add(Patch::Free(found.start + 4))?;
        }
        self.zero(found.content..found.end)
    }

    fn zero(&mut self, range: Range<u64>) -> Result<(), FilmError<R::Error>> {
        if range.is_empty() || self.walk.is_zero(&range)? {
            return Ok(());
        }
        self.add(Patch::Zeros(range))
    }

    fn add(&mut self, patch: Patch) -> Result<(), FilmError<R::Error>> {
        if self.patches.len() >= PARTS_MAX {
            return Err(FilmFault::TooManyParts.into());
        }
        self.patches.push(patch);
        Ok(())
    }
}

/// Writes the patches over a piece of the file that begins at `at`.
pub fn apply(patches: &[Patch], at: u64, piece: &mut [u8]) {
    let end = at + u64::try_from(piece.len()).unwrap_or(u64::MAX);
    let index = |place: u64| usize::try_from(place.clamp(at, end) - at).unwrap_or(piece.len());
    let begun = patches.iter().take_while(|patch| patch.start() < end);
    let within: Vec<_> = begun
        .filter(|patch| patch.end() > at)
        .map(|patch| (patch, index(patch.start())..index(patch.end())))
        .collect();
    for (patch, place) in within {
        let Some(bytes) = piece.get_mut(place) else { continue };
        match patch {
            Patch::Zeros(_) => bytes.fill(0),
            Patch::Free(start) => {
                let letters = usize::try_from(at.saturating_sub(*start)).unwrap_or(4);
                let letters = b"free".get(letters..).unwrap_or_default();
                bytes.iter_mut().zip(letters).for_each(|(byte, letter)| *byte = *letter);
            }
        }
    }
}
