//! The child process: one photo in on stdin, frames out on stdout, and nothing else in reach.
//!
//! It gives up its own rights first, so that a decoder gone wild can neither open a file, start
//! a program, nor take the memory that the server needs.

use std::io;
use std::io::{BufWriter, Cursor, Read, Write};
use std::process::ExitCode;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage};
use rlimit::Resource;

use super::frames;
use super::frames::{Header, PHOTO_BYTES_MAX, PhotoFault};
use super::kind::is_heic;
use super::stripping::{Stripped, strip_jpeg, strip_png};
use super::thumbnail::make_thumbnail;

/// The photo twice, its pixels, and a progressive JPEG's coefficients at four bytes a pixel.
const ADDRESS_BYTES_MAX: u64 = 768 * 1024 * 1024;

/// Twenty times what a 50-megapixel photo takes.
const CPU_SECONDS_MAX: u64 = 15;

/// A 50-megapixel phone camera (8160 x 6144) and no more.
const PIXELS_MAX: u64 = 51_000_000;

/// `PIXELS_MAX` with four bytes each: eight bits a channel and transparency.
const DECODED_BYTES_MAX: u64 = 4 * PIXELS_MAX;

/// A stitched panorama is long; longer than this no phone makes it.
const EDGE_PIXELS_MAX: u32 = 30_000;

/// Stdin, stdout and stderr.
const OPEN_FILES_MAX: u64 = 3;

/// The body of `tokinet picture-worker`. Call it before any thread or runtime is started.
pub fn run_worker() -> ExitCode {
    match give_up_rights().and_then(|()| clean_photo(io::stdin().lock(), io::stdout().lock())) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(_)) => ExitCode::from(REFUSED_CODE),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Tells a script that runs the worker by hand a bad photo from a broken worker.
const REFUSED_CODE: u8 = 2;

fn give_up_rights() -> io::Result<()> {
    let limits = [
        (Resource::AS, ADDRESS_BYTES_MAX),
        (Resource::CPU, CPU_SECONDS_MAX),
        (Resource::FSIZE, 0),
        (Resource::NPROC, 0),
        // A core file would be the photo on disk.
        (Resource::CORE, 0),
        (Resource::NOFILE, OPEN_FILES_MAX),
    ];
    limits.into_iter().try_for_each(|(resource, limit)| resource.set(limit, limit))
}

/// What the worker does, without giving up rights. The outer error is a pipe's, the inner one the
/// photo's, and that one has been told.
pub fn clean_photo(input: impl Read, output: impl Write) -> io::Result<Result<(), PhotoFault>> {
    let mut photo = Vec::new();
    input.take(PHOTO_BYTES_MAX + 1).read_to_end(&mut photo)?;
    let photo = Bytes::from(photo);
    let mut output = BufWriter::new(output);
    let told = match clean(&photo) {
        Ok(cleaned) => {
            tell(&cleaned, &mut output)?;
            Ok(())
        }
        Err(fault) => {
            let word = fault.word().as_bytes();
            Header::write(frames::REFUSED, word.len(), &mut output)?;
            output.write_all(word)?;
            Err(fault)
        }
    };
    output.flush()?;
    Ok(told)
}

struct Cleaned {
    width: u32,
    height: u32,
    thumbnail: Vec<u8>,
    photo: Stripped,
}

fn tell(cleaned: &Cleaned, output: &mut impl Write) -> io::Result<()> {
    let facts = frames::facts(cleaned.width, cleaned.height);
    Header::write(frames::FACTS, facts.len(), output)?;
    output.write_all(&facts)?;
    Header::write(frames::THUMBNAIL, cleaned.thumbnail.len(), output)?;
    output.write_all(&cleaned.thumbnail)?;
    Header::write(frames::PHOTO, cleaned.photo.bytes(), output)?;
    cleaned.photo.write(output)
}

fn clean(photo: &Bytes) -> Result<Cleaned, PhotoFault> {
    if u64::try_from(photo.len()).is_ok_and(|bytes| bytes > PHOTO_BYTES_MAX) {
        return Err(PhotoFault::TooLarge);
    }
    if is_heic(photo) {
        return convert(photo);
    }
    let format = if infer::image::is_jpeg(photo) {
        ImageFormat::Jpeg
    } else if infer::image::is_png(photo) {
        ImageFormat::Png
    } else {
        return Err(PhotoFault::NotAPhoto);
    };
    let (pixels, orientation) = decode(photo, format)?;
    let (mut width, mut height) = (pixels.width(), pixels.height());
    if is_turned(orientation) {
        (width, height) = (height, width);
    }
    let thumbnail = make_thumbnail(pixels, orientation).map_err(|_| PhotoFault::Damaged)?;
    let photo = if format == ImageFormat::Jpeg {
        strip_jpeg(photo, orientation)?
    } else {
        strip_png(photo.clone(), orientation)?
    };
    Ok(Cleaned { width, height, thumbnail, photo })
}

/// A HEIC photo becomes a JPEG, the right way up and in the colours of every screen: no Windows
/// PC of a clinic shows HEIC by itself.
fn convert(photo: &Bytes) -> Result<Cleaned, PhotoFault> {
    // A thread would be one process more than the worker may have.
    let options = heifer::Options { max_threads: 1, max_pixels: PIXELS_MAX };
    let decoded = heifer::decode_srgb_rgba8(photo, &options).map_err(heic_fault)?;
    let (width, height) = (decoded.width, decoded.height);
    let pixels = RgbaImage::from_raw(width, height, decoded.data).ok_or(PhotoFault::Damaged)?;
    let pixels = DynamicImage::ImageRgba8(pixels).into_rgb8();
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, CONVERTED_QUALITY);
    pixels.write_with_encoder(encoder).map_err(fault)?;
    let pixels = DynamicImage::ImageRgb8(pixels);
    let upright = Orientation::NoTransforms;
    let thumbnail = make_thumbnail(pixels, upright).map_err(|_| PhotoFault::Damaged)?;
    Ok(Cleaned { width, height, thumbnail, photo: Stripped::fresh(jpeg) })
}

/// What iPads themselves choose when they are asked for JPEG; a wound's colours stay.
const CONVERTED_QUALITY: u8 = 90;

fn heic_fault(problem: heifer::Error) -> PhotoFault {
    match problem {
        heifer::Error::Unsupported(_) => PhotoFault::Unreadable,
        heifer::Error::Invalid(_)
        | heifer::Error::Container(_)
        | heifer::Error::Hevc(_)
        | heifer::Error::Encode(_) => PhotoFault::Damaged,
    }
}

fn decode(photo: &[u8], format: ImageFormat) -> Result<(DynamicImage, Orientation), PhotoFault> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(EDGE_PIXELS_MAX);
    limits.max_image_height = Some(EDGE_PIXELS_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(photo), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > PIXELS_MAX || decoder.total_bytes() > DECODED_BYTES_MAX {
        return Err(PhotoFault::TooManyPixels);
    }
    let orientation = decoder.orientation().map_err(fault)?;
    let pixels = DynamicImage::from_decoder(decoder).map_err(fault)?;
    Ok((pixels, orientation))
}

fn fault(problem: ImageError) -> PhotoFault {
    if matches!(problem, ImageError::Limits(_)) {
        PhotoFault::TooManyPixels
    } else {
        PhotoFault::Damaged
    }
}

fn is_turned(orientation: Orientation) -> bool {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
    }
}
