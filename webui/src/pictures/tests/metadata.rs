//! What a photo loses and what it keeps, without a process around it.

use image::GenericImageView;

use super::{PLACE, contains, jpeg, photo_with_place, pixels, png, png_chunk, png_with_chunks};
use super::{scene, segment};
use crate::pictures::PhotoFault;
use crate::pictures::frames::{Header, THUMBNAIL_BYTES_MAX, read_facts};
use crate::pictures::worker::clean_photo;

struct Cleaned {
    size: (u32, u32),
    thumbnail: Vec<u8>,
    photo: Vec<u8>,
}

fn clean(photo: &[u8]) -> Result<Cleaned, PhotoFault> {
    let mut frames = Vec::new();
    clean_photo(photo, &mut frames).unwrap()?;
    let mut rest = frames.as_slice();
    let [facts, thumbnail, photo] = [b'F', b'T', b'P'].map(|tag| {
        let (header, behind) = rest.split_first_chunk().unwrap();
        let header = Header::read(*header);
        assert_eq!(header.tag, tag);
        let (body, behind) = behind.split_at(usize::try_from(header.length).unwrap());
        rest = behind;
        body.to_vec()
    });
    assert!(rest.is_empty());
    Ok(Cleaned { size: read_facts(facts.try_into().unwrap()), thumbnail, photo })
}

fn check_refused(photo: &[u8], expected: PhotoFault) {
    assert_eq!(clean(photo).map(|cleaned| cleaned.size), Err(expected));
}

#[test]
fn a_jpeg_loses_its_place_and_no_pixel() {
    let photo = photo_with_place(&scene(640, 400), 1);
    assert!(contains(&photo, PLACE));
    let cleaned = clean(&photo).unwrap();
    assert_eq!(cleaned.size, (640, 400));
    assert_eq!(pixels(&cleaned.photo), pixels(&photo));
    for hidden in [PLACE, b"Exif", b"Phone", b"xap", b"MPF", b"Photoshop", b"ftyp"] {
        assert!(!contains(&cleaned.photo, hidden), "{}", hidden.escape_ascii());
    }
    assert!(contains(&cleaned.photo, b"ICC_PROFILE\0\x01\x01colours"));
    assert!(contains(&cleaned.photo, b"Adobe\0\x64\0\0\0\0\x01\xFF"));
    assert!(cleaned.photo.ends_with(&[0xFF, 0xD9]));
}

#[test]
fn a_jpeg_keeps_its_orientation_and_nothing_else_of_exif() {
    let photo = photo_with_place(&scene(640, 400), 6);
    let cleaned = clean(&photo).unwrap();
    assert_eq!(cleaned.size, (400, 640));
    let thumbnail = image::load_from_memory(&cleaned.thumbnail).unwrap();
    assert_eq!(thumbnail.dimensions(), (300, 480));
    assert_eq!(pixels(&cleaned.photo), pixels(&photo));
    assert!(!contains(&cleaned.photo, PLACE));
    let again = clean(&cleaned.photo).unwrap();
    assert_eq!((again.size, again.photo), ((400, 640), cleaned.photo));
}

#[test]
fn a_thumbnail_inside_the_jfif_header_goes() {
    let plain = jpeg(&scene(32, 32));
    let (start, rest) = plain.split_at(2);
    let jfif = [b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x03".as_slice(), PLACE, b"."].concat();
    let behind = &rest[18..];
    let cleaned = clean(&[start, &segment(0xE0, &jfif), behind].concat()).unwrap();
    assert!(!contains(&cleaned.photo, PLACE));
    assert_eq!(cleaned.photo.len(), plain.len());
}

#[test]
fn a_png_keeps_only_what_is_seen() {
    let picture = scene(300, 200);
    let hidden = png_with_chunks(
        &picture,
        &[
            png_chunk(b"gAMA", &45_455_u32.to_be_bytes()),
            png_chunk(b"tEXt", &[b"Comment\0", PLACE].concat()),
            png_chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", PLACE].concat()),
            png_chunk(b"tIME", &[7, 0xEA, 1, 1, 0, 0, 0]),
            png_chunk(b"eXIf", &super::exif_with_gps(3)[6..]),
        ],
    );
    let cleaned = clean(&[hidden.as_slice(), PLACE].concat()).unwrap();
    assert_eq!(pixels(&cleaned.photo), picture);
    assert!(contains(&cleaned.photo, b"gAMA"));
    for name in [PLACE, b"tEXt", b"iTXt", b"tIME", b"Phone"] {
        assert!(!contains(&cleaned.photo, name), "{}", name.escape_ascii());
    }
    let again = clean(&cleaned.photo).unwrap();
    assert_eq!(again.photo, cleaned.photo, "the orientation stays");
}

#[test]
fn a_bomb_of_pixels_is_refused_by_its_header() {
    let plain = png(&scene(8, 8));
    let mut header = plain[16..29].to_vec();
    header[..4].copy_from_slice(&30_000_u32.to_be_bytes());
    header[4..8].copy_from_slice(&30_000_u32.to_be_bytes());
    let bomb = [&plain[..8], &png_chunk(b"IHDR", &header), &plain[33..]].concat();
    check_refused(&bomb, PhotoFault::TooManyPixels);
}

#[test]
fn cut_and_broken_photos_are_refused() {
    let photo = photo_with_place(&scene(64, 64), 1);
    let end = photo.len() - PLACE.len() - 12;
    for length in (4..end).step_by(7) {
        check_refused(&photo[..length], PhotoFault::Damaged);
    }
    let drawing = png(&scene(64, 64));
    for length in (8..drawing.len()).step_by(101) {
        check_refused(&drawing[..length], PhotoFault::Damaged);
    }
    check_refused(&[0xFF, 0xD8, 0xFF, 0xE0].repeat(400), PhotoFault::Damaged);
    check_refused(b"GIF89a", PhotoFault::NotAPhoto);
    check_refused(b"", PhotoFault::NotAPhoto);
}

#[test]
fn noise_still_fits_into_a_thumbnail() {
    let mut seed = 7_u32;
    let noise = image::RgbImage::from_fn(900, 900, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = seed.to_le_bytes();
        image::Rgb([red, green, blue])
    });
    let small = image::imageops::crop_imm(&noise, 0, 0, 480, 480).to_image();
    for picture in [noise, small] {
        let thumbnail = clean(&png(&picture)).unwrap().thumbnail;
        assert!(thumbnail.len() <= usize::try_from(THUMBNAIL_BYTES_MAX).unwrap());
    }
}
