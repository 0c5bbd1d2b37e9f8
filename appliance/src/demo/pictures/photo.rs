//! A photo as a phone sends it: large, full of detail, and with its place written inside.
#![expect(clippy::as_conversions, reason = "pixel positions and colour values fit by their clamps")]

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

/// What phones use; with the detail below it makes about 0.4 bytes a pixel.
const QUALITY: u8 = 90;

/// Sizes of the blotches in pixels and how much each lightens or darkens: from the light of the
/// room down to the noise of the sensor.
const DETAILS: [(f32, f32); 6] =
    [(900.0, 60.0), (260.0, 38.0), (70.0, 22.0), (18.0, 12.0), (5.0, 9.0), (1.0, 9.0)];

/// The EXIF block holds a GPS position in the sea and the words `Tokinet test camera`.
/// Both edges must be between 1 and 65,535; the bytes depend on the arguments only.
pub fn large_photo(width: u32, height: u32, seed: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| colour(x, y, seed));
    let mut encoded = Vec::new();
    if JpegEncoder::new_with_quality(&mut encoded, QUALITY).encode_image(&picture).is_err() {
        return Vec::new();
    }
    let (start, rest) = encoded.split_at(2);
    [start, &exif_segment(), rest].concat()
}

fn colour(x: u32, y: u32, seed: u32) -> Rgb<u8> {
    let mut light = 150.0;
    let mut warmth = 0.0;
    for (size, strength) in DETAILS {
        let value = blotch(x as f32 / size, y as f32 / size, seed ^ size as u32);
        light += strength * value;
        warmth += 0.3 * strength * value * value.signum();
    }
    Rgb([light + warmth, light, light - warmth].map(|value| value.clamp(0.0, 255.0) as u8))
}

/// Smooth noise between -1 and 1 with one value a unit.
fn blotch(x: f32, y: f32, seed: u32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (smooth(x - left), smooth(y - top));
    let value = |dx: u32, dy: u32| hashed(left as u32 + dx, top as u32 + dy, seed);
    let upper = value(0, 0) + (value(1, 0) - value(0, 0)) * across;
    let lower = value(0, 1) + (value(1, 1) - value(0, 1)) * across;
    upper + (lower - upper) * down
}

fn smooth(share: f32) -> f32 {
    share * share * (3.0 - 2.0 * share)
}

fn hashed(x: u32, y: u32, seed: u32) -> f32 {
    let mut mixed = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ seed;
    mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D);
    mixed = (mixed ^ (mixed >> 12)).wrapping_mul(0x297A_2D39);
    (mixed >> 8) as f32 / 8_388_608.0 - 1.0
}

/// APP1 with a big-endian TIFF block: camera, orientation 1, and a GPS directory.
fn exif_segment() -> Vec<u8> {
    const CAMERA: &[u8] = b"Tokinet test camera\0";
    let camera_at = 8 + 2 + 3 * 12 + 4;
    let gps_at = camera_at + CAMERA.len() as u32;
    let latitude_at = gps_at + 2 + 4 * 12 + 4;
    let mut block = b"MM\0\x2A\0\0\0\x08\0\x03".to_vec();
    block.extend(entry(0x0110, 2, CAMERA.len() as u32, camera_at));
    block.extend(entry(0x0112, 3, 1, 1 << 16));
    block.extend(entry(0x8825, 4, 1, gps_at));
    block.extend([0; 4]);
    block.extend(CAMERA);
    block.extend([0, 4]);
    block.extend(entry(1, 2, 2, u32::from_be_bytes(*b"N\0\0\0")));
    block.extend(entry(2, 5, 3, latitude_at));
    block.extend(entry(3, 2, 2, u32::from_be_bytes(*b"E\0\0\0")));
    block.extend(entry(4, 5, 3, latitude_at + 24));
    block.extend([0; 4]);
    for degrees_minutes_seconds in [[30_u32, 15, 30], [145, 30, 15]] {
        for value in degrees_minutes_seconds {
            block.extend(value.to_be_bytes());
            block.extend(1_u32.to_be_bytes());
        }
    }
    let length = (2 + 6 + block.len()) as u16;
    [&[0xFF, 0xE1], length.to_be_bytes().as_slice(), b"Exif\0\0", &block].concat()
}

fn entry(tag: u16, format: u16, count: u32, value: u32) -> Vec<u8> {
    let mut entry = tag.to_be_bytes().to_vec();
    entry.extend(format.to_be_bytes());
    entry.extend(count.to_be_bytes());
    entry.extend(value.to_be_bytes());
    entry
}
