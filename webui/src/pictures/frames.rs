//! What the worker says on its stdout: frames of one tag byte, a length, and that many bytes.
//!
//! `F` facts, `T` thumbnail, `P` the cleaned photo, in this order; or one `R` with the reason
//! why not. The server trusts no length in it: a worker may have been taken over by a photo.

use std::io;
use std::io::Write;

/// The largest photo taken in: well above what a 50-megapixel phone camera writes.
pub const PHOTO_BYTES_MAX: u64 = 50 * 1024 * 1024;

/// Thumbnails lie in lists of fifty; at this size such a list stays below 2.5 MB.
pub const THUMBNAIL_BYTES_MAX: u32 = 48 * 1024;

/// Above the longest reason word.
pub(super) const REASON_BYTES_MAX: u32 = 32;

pub(super) const FACTS: u8 = b'F';
pub(super) const THUMBNAIL: u8 = b'T';
pub(super) const PHOTO: u8 = b'P';
pub(super) const REFUSED: u8 = b'R';

pub(super) const HEADER_BYTES: usize = 5;
pub(super) const FACTS_BYTES: u32 = 8;

/// What is wrong with a photo; whoever sent it can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhotoFault {
    #[error("the photo has more than {PHOTO_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the photo has too many pixels")]
    TooManyPixels,
    #[error("the file is neither JPEG, PNG nor HEIC")]
    NotAPhoto,
    #[error("the photo is damaged or incomplete")]
    Damaged,
    #[error("the photo is of a kind of HEIC that cannot be read")]
    Unreadable,
}

impl PhotoFault {
    const ALL: [Self; 5] =
        [Self::TooLarge, Self::TooManyPixels, Self::NotAPhoto, Self::Damaged, Self::Unreadable];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::TooManyPixels => "too-many-pixels",
            Self::NotAPhoto => "not-a-photo",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
        }
    }

    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.word().as_bytes() == word)
    }
}

pub(super) struct Header {
    pub(super) tag: u8,
    pub(super) length: u32,
}

impl Header {
    pub(super) fn write(tag: u8, length: usize, to: &mut impl Write) -> io::Result<()> {
        let length = u32::try_from(length).map_err(io::Error::other)?;
        to.write_all(&[tag])?;
        to.write_all(&length.to_be_bytes())
    }

    pub(super) fn read([tag, a, b, c, d]: [u8; HEADER_BYTES]) -> Self {
        Self { tag, length: u32::from_be_bytes([a, b, c, d]) }
    }
}

pub(super) fn facts(width: u32, height: u32) -> [u8; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (width.to_be_bytes(), height.to_be_bytes());
    [a, b, c, d, e, f, g, h]
}

/// Width and height.
pub(super) fn read_facts([a, b, c, d, e, f, g, h]: [u8; 8]) -> (u32, u32) {
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}
