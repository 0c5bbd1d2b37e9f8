//! Boxes: a length, four letters, and what is inside; every length is held against its parent.

use std::ops::Range;

use super::{FilmError, FilmFault, PARTS_MAX, ReadAt};

/// A box's place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub kind: [u8; 4],
    pub start: u64,
    /// Where its content begins.
    pub content: u64,
    pub end: u64,
}

/// Longer stretches are written over without looking.
const LOOKED_AT_BYTES_MAX: u64 = 64 * 1024;

pub struct Walk<'a, R> {
    pub file: &'a mut R,
    /// How many boxes there were, at all levels.
    pub seen: usize,
}

impl<R: ReadAt> Walk<'_, R> {
    /// The box at a place, which must lie before `end`.
    pub fn header(&mut self, at: u64, end: u64) -> Result<Header, FilmError<R::Error>> {
        self.seen += 1;
        if self.seen > PARTS_MAX {
            return Err(FilmFault::TooManyParts.into());
        }
        let bytes = self.read(at, 16)?;
        let (Some(short), Some(kind)) = (number::<4>(&bytes, 0), bytes.get(4..8)) else {
            return Err(FilmFault::Damaged.into());
        };
        let kind = <[u8; 4]>::try_from(kind).map_err(|_| FilmFault::Damaged)?;
        let (length, head) = match short {
            // To the end of its parent.
            0 => (end - at, 8),
            1 => (number::<8>(&bytes, 8).ok_or(FilmFault::Damaged)?, 16),
            short => (short, 8),
        };
        let until = at.checked_add(length).filter(|until| length >= head && *until <= end);
        let until = until.ok_or(FilmFault::Damaged)?;
        Ok(Header { kind, start: at, content: at + head, end: until })
    }

    /// The boxes inside one. QuickTime may end a list with a zero, and fewer bytes are no box.
    pub fn children(&mut self, parent: &Header) -> Result<Vec<Header>, FilmError<R::Error>> {
        let mut found = Vec::new();
        let mut at = parent.content;
        while parent.end - at >= 8 {
            let header = self.header(at, parent.end)?;
            at = header.end;
            found.push(header);
        }
        Ok(found)
    }

    /// The whole content of a small box.
    pub fn content(&mut self, of: &Header, bytes_max: u64) -> Result<Vec<u8>, FilmError<R::Error>> {
        let bytes = of.end - of.content;
        if bytes > bytes_max {
            return Err(FilmFault::TooManyParts.into());
        }
        let bytes = usize::try_from(bytes).map_err(|_| FilmFault::TooManyParts)?;
        let content = self.read(of.content, bytes)?;
        if content.len() == bytes { Ok(content) } else { Err(FilmFault::Damaged.into()) }
    }

    pub fn is_zero(&mut self, range: &Range<u64>) -> Result<bool, FilmError<R::Error>> {
        if range.end - range.start > LOOKED_AT_BYTES_MAX {
            return Ok(false);
        }
        let bytes = usize::try_from(range.end - range.start).unwrap_or_default();
        Ok(self.read(range.start, bytes)?.iter().all(|byte| *byte == 0))
    }

    fn read(&mut self, at: u64, bytes: usize) -> Result<Vec<u8>, FilmError<R::Error>> {
        self.file.read_at(at, bytes).map_err(FilmError::Read)
    }
}

/// A big-endian number of `N` bytes.
pub fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let digits = bytes.get(at..)?.first_chunk::<N>()?;
    Some(digits.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}
