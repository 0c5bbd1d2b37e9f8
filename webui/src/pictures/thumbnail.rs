//! A small JPEG of a photo, the right way up.

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageResult, Rgb, RgbImage};

use super::frames::THUMBNAIL_BYTES_MAX;

/// Longest edge and quality, from what is wanted to what any picture fits into:
/// noise of 240 x 240 pixels stays below 40 KiB at quality 40.
const TRIES: [(u32, u8); 5] = [(480, 80), (480, 65), (480, 50), (320, 60), (240, 40)];

pub(super) fn make_thumbnail(
    photo: DynamicImage,
    orientation: Orientation,
) -> ImageResult<Vec<u8>> {
    let mut small = photo;
    let mut jpeg = Vec::new();
    for (edge, quality) in TRIES {
        // Never enlarged, and shrunk before it is turned: turning would copy every pixel.
        if small.width().max(small.height()) > edge {
            small = small.thumbnail(edge, edge);
        }
        let mut upright = small.clone();
        upright.apply_orientation(orientation);
        jpeg.clear();
        JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&on_white(&upright))?;
        if u32::try_from(jpeg.len()).is_ok_and(|bytes| bytes <= THUMBNAIL_BYTES_MAX) {
            break;
        }
    }
    Ok(jpeg)
}

/// JPEG has no transparency; a scanned form drawn in black on nothing would be all black.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let pixels = picture.to_rgba8();
    let mut opaque = RgbImage::new(pixels.width(), pixels.height());
    for (target, source) in opaque.pixels_mut().zip(pixels.pixels()) {
        let [red, green, blue, alpha] = source.0;
        *target = Rgb([red, green, blue].map(|value| over_white(value, alpha)));
    }
    opaque
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u16::from(value), u16::from(alpha));
    u8::try_from((value * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
}
