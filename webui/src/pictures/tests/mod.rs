//! The samples are made here byte by byte, so that each test knows what was hidden where.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, Rgb, RgbImage};

mod kinds;

mod films;

mod heic;

mod metadata;

mod process;

/// Stands wherever a photo could give a home away; a rational of the EXIF GPS block spells it.
const PLACE: &[u8] = b"N35.6895";

fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue] = [x * 7 + y, y * 5, x ^ y].map(|value| value.to_le_bytes()[0]);
        Rgb([red, green, blue])
    })
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(picture).unwrap();
    bytes
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn pixels(photo: &[u8]) -> RgbImage {
    image::load_from_memory(photo).unwrap().to_rgb8()
}

fn contains(photo: &[u8], needle: &[u8]) -> bool {
    photo.windows(needle.len()).any(|window| window == needle)
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), content].concat()
}

/// A little-endian EXIF block as a phone writes it: the camera, the orientation, and the place.
fn exif_with_gps(orientation: u8) -> Vec<u8> {
    let mut block = b"Exif\0\0II\x2A\0\x08\0\0\0".to_vec();
    block.extend([3, 0]);
    block.extend([0x10, 0x01, 2, 0, 8, 0, 0, 0, 50, 0, 0, 0]);
    block.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    block.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 58, 0, 0, 0]);
    block.extend([0; 4]);
    block.extend(b"Phone 9\0");
    block.extend([2, 0]);
    block.extend([0x01, 0, 2, 0, 2, 0, 0, 0, b'N', 0, 0, 0]);
    block.extend([0x02, 0, 5, 0, 1, 0, 0, 0, 88, 0, 0, 0]);
    block.extend([0; 4]);
    block.extend(PLACE);
    block
}

/// A photo with the place in every corner where phones and programs put one.
fn photo_with_place(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let plain = jpeg(picture);
    let (start, rest) = plain.split_at(2);
    let (body, end) = rest.split_at(rest.len() - 2);
    let spoken = |prefix: &[u8]| [prefix, PLACE].concat();
    [
        start.to_vec(),
        segment(0xE1, &exif_with_gps(orientation)),
        segment(0xE1, &spoken(b"http://ns.adobe.com/xap/1.0/\0")),
        segment(0xE2, b"ICC_PROFILE\0\x01\x01colours"),
        segment(0xE2, &spoken(b"MPF\0")),
        segment(0xED, &spoken(b"Photoshop 3.0\0")),
        segment(0xEE, &spoken(b"Adobe\0\x64\0\0\0\0\x01")),
        segment(0xFE, PLACE),
        body.to_vec(),
        segment(0xFE, PLACE),
        end.to_vec(),
        spoken(b"\0\0\0\x18ftypmp42"),
    ]
    .concat()
}

fn png_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut crc = !0_u32;
    for byte in kind.iter().chain(content) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (!(crc & 1)).wrapping_add(1));
        }
    }
    [&length, kind.as_slice(), content, &(!crc).to_be_bytes()].concat()
}

/// Between the header chunk and the rest.
fn png_with_chunks(picture: &RgbImage, chunks: &[Vec<u8>]) -> Vec<u8> {
    let plain = png(picture);
    let (head, rest) = plain.split_at(33);
    [head, &chunks.concat(), rest].concat()
}
