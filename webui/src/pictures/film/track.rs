//! A track: what it is, and where its samples lie.

use std::ops::Range;

use super::boxes::{Header, Walk, number};
use super::{FilmError, FilmFault, PARTS_MAX, ReadAt};

/// A sample table of `PARTS_MAX` rows of twelve bytes, and a head.
const TABLE_BYTES_MAX: u64 = 12 * 200_000 + 16;

/// Four letters behind version, flags and a reserved word tell what a track is.
const HANDLER_BYTES_MAX: u64 = 64 * 1024;

impl<R: ReadAt> Walk<'_, R> {
    pub fn is_seen_or_heard(&mut self, media: &[Header]) -> Result<bool, FilmError<R::Error>> {
        let Some(handler) = media.iter().find(|part| part.kind == *b"hdlr") else {
            return Ok(false);
        };
        let content = self.content(handler, HANDLER_BYTES_MAX)?;
        Ok(matches!(content.get(8..12), Some(b"vide" | b"soun")))
    }

    /// Where the samples of a track lie, neighbours in one stretch.
    pub fn samples(&mut self, media: &[Header]) -> Result<Vec<Range<u64>>, FilmError<R::Error>> {
        let Some(info) = media.iter().find(|part| part.kind == *b"minf") else {
            return Ok(Vec::new());
        };
        let info = self.children(info)?;
        let Some(tables) = info.into_iter().find(|part| part.kind == *b"stbl") else {
            return Ok(Vec::new());
        };
        let tables = self.children(&tables)?;
        let mut table = |kinds: &[&[u8; 4]]| match tables
            .iter()
            .find(|table| kinds.contains(&&table.kind))
        {
            Some(found) => self.content(found, TABLE_BYTES_MAX).map(|bytes| (found.kind, bytes)),
            None => Err(FilmFault::Unreadable.into()),
        };
        let (offsets_kind, offsets) = table(&[b"stco", b"co64"])?;
        let (_, runs) = table(&[b"stsc"])?;
        let (sizes_kind, sizes) = table(&[b"stsz", b"stz2"])?;
        if sizes_kind == *b"stz2" {
            return Err(FilmFault::Unreadable.into());
        }
        let stretches = stretches(&offsets, offsets_kind == *b"co64", &runs, &sizes);
        stretches.ok_or(FilmFault::Damaged.into())
    }
}

fn stretches(offsets: &[u8], wide: bool, runs: &[u8], sizes: &[u8]) -> Option<Vec<Range<u64>>> {
    let chunks = usize::try_from(number::<4>(offsets, 4)?).ok()?;
    let fixed = number::<4>(sizes, 4)?;
    let samples = number::<4>(sizes, 8)?;
    if chunks > PARTS_MAX {
        return None;
    }
    let mut sample = 0;
    let mut found: Vec<Range<u64>> = Vec::new();
    for chunk in 0..chunks {
        let mut at = if wide {
            number::<8>(offsets, 8 + 8 * chunk)?
        } else {
            number::<4>(offsets, 8 + 4 * chunk)?
        };
        let start = at;
        let here = samples_of(chunk, runs)?.min(samples - sample);
        if fixed > 0 {
            at = at.checked_add(fixed.checked_mul(here)?)?;
        } else {
            for n in sample..sample + here {
                let row = usize::try_from(n).ok()?;
                at = at.checked_add(number::<4>(sizes, row.checked_mul(4)?.checked_add(12)?)?)?;
            }
        }
        sample += here;
        match found.last_mut() {
            Some(last) if last.end == start => last.end = at,
            _ => found.push(start..at),
        }
    }
    Some(found)
}

/// How many samples a chunk has: the last run that begins at or before it.
fn samples_of(chunk: usize, runs: &[u8]) -> Option<u64> {
    let count = usize::try_from(number::<4>(runs, 4)?).ok()?;
    let first = |run: usize| number::<4>(runs, 8 + 12 * run);
    let number_of_chunk = u64::try_from(chunk).ok()? + 1;
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if first(middle)? <= number_of_chunk {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    number::<4>(runs, 8 + 12 * low.checked_sub(1)? + 4)
}
