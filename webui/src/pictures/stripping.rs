//! A photo's bytes without its metadata; the compressed pixels are copied as they are.
//!
//! JPEG is walked here to its very end, because `img-parts` reads segments up to the first scan
//! only, and phones hide places behind it too: second pictures and short films after the end.

use std::io;
use std::io::Write;

use bytes::Bytes;
use image::metadata::Orientation;
use img_parts::ImageEXIF;
use img_parts::png::Png;

use super::frames::PhotoFault;

/// In pieces that share the original's memory, so that no photo is there twice.
pub(super) struct Stripped(Vec<Bytes>);

impl Stripped {
    /// A photo that was made anew, and so has nothing to lose.
    pub(super) fn fresh(photo: Vec<u8>) -> Self {
        Self(vec![photo.into()])
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        self.0.iter().try_for_each(|piece| to.write_all(piece))
    }
}

/// Chunks that change what is seen. Text, time, EXIF, XMP and animation are none of them.
const PNG_KEPT: [&[u8; 4]; 10] =
    [b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs"];

pub(super) fn strip_png(photo: Bytes, orientation: Orientation) -> Result<Stripped, PhotoFault> {
    let mut png = Png::from_bytes(photo).map_err(|_| PhotoFault::Damaged)?;
    png.chunks_mut().retain(|chunk| PNG_KEPT.contains(&&chunk.kind()));
    if png.chunks().last().map(|chunk| chunk.kind()) != Some(*b"IEND") {
        return Err(PhotoFault::Damaged);
    }
    if orientation != Orientation::NoTransforms {
        png.set_exif(Some(orientation_only(orientation).into()));
    }
    Ok(Stripped(png.encoder().collect()))
}

pub(super) fn strip_jpeg(photo: &Bytes, orientation: Orientation) -> Result<Stripped, PhotoFault> {
    walk_jpeg(photo, orientation).map(Stripped).ok_or(PhotoFault::Damaged)
}

/// `None` where the file ends before its end marker.
fn walk_jpeg(photo: &Bytes, orientation: Orientation) -> Option<Vec<Bytes>> {
    let mut rest = photo.strip_prefix(&[0xFF, START])?;
    let mut pieces = vec![Bytes::from_static(&[0xFF, START])];
    let mut exif = (orientation != Orientation::NoTransforms).then(|| exif_segment(orientation));
    loop {
        let marker_at = rest.windows(2).position(is_marker)?;
        let marker = *rest.get(marker_at + 1)?;
        if marker == END {
            pieces.push(Bytes::from_static(&[0xFF, END]));
            return Some(pieces);
        }
        let segment = rest.get(marker_at..)?;
        let length = 2 + usize::from(u16::from_be_bytes([*segment.get(2)?, *segment.get(3)?]));
        let content = segment.get(4..length)?;
        rest = segment.get(length..)?;
        if marker == APP0 {
            pieces.extend(fixed_part(marker, content, b"JFIF\0", JFIF_BYTES, &[0, 0]));
            continue;
        }
        // JFIF stands first, so the orientation waits for whatever comes after it.
        pieces.extend(exif.take());
        if marker == APP14 {
            pieces.extend(fixed_part(marker, content, b"Adobe", ADOBE_BYTES, &[]));
        } else if is_kept(marker, content) {
            pieces.push(photo.slice_ref(segment.get(..length)?));
        }
        if marker == SCAN {
            let scan_bytes = rest.windows(2).position(is_marker)?;
            let (scan, behind) = rest.split_at(scan_bytes);
            pieces.push(photo.slice_ref(scan));
            rest = behind;
        }
    }
}

const START: u8 = 0xD8;
const END: u8 = 0xD9;
const SCAN: u8 = 0xDA;
const APP0: u8 = 0xE0;
const APP2: u8 = 0xE2;
const APP14: u8 = 0xEE;

/// Bytes of a scan that look like a marker are followed by 0, restarts belong to the scan, and
/// a marker may be preceded by any number of `FF`.
fn is_marker(pair: &[u8]) -> bool {
    matches!(pair, [0xFF, 0x02..=0xCF | 0xD8..=0xFE])
}

/// Tables, frame and scan headers, and the colour profile.
fn is_kept(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xC0..=0xCF | SCAN..=0xDF => true,
        APP2 => content.starts_with(b"ICC_PROFILE\0"),
        _ => false,
    }
}

/// Up to the flag that says how colours are transformed.
const ADOBE_BYTES: usize = 12;

/// Up to the size of a thumbnail, which goes: it would be the picture before it was cropped.
const JFIF_BYTES: usize = 12;

fn fixed_part(
    marker: u8,
    content: &[u8],
    name: &[u8],
    bytes: usize,
    ending: &[u8],
) -> Option<Bytes> {
    let fixed = content.get(..bytes).filter(|fixed| fixed.starts_with(name))?;
    let length = u8::try_from(2 + fixed.len() + ending.len()).ok()?;
    Some([&[0xFF, marker, 0, length], fixed, ending].concat().into())
}

fn exif_segment(orientation: Orientation) -> Bytes {
    let mut segment = vec![0xFF, 0xE1, 0, 34];
    segment.extend_from_slice(b"Exif\0\0");
    segment.extend(orientation_only(orientation));
    segment.into()
}

/// A TIFF block with one directory of one entry.
fn orientation_only(orientation: Orientation) -> Vec<u8> {
    let mut block = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    block.push(orientation.to_exif());
    block.extend_from_slice(&[0; 6]);
    block
}
