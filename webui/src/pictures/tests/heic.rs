//! A HEIC photo becomes a JPEG that every PC shows. The material was written by libheif's encoder
//! and exiftool: 64 x 48, a camera, and a place in EXIF and XMP.

use super::contains;
use crate::pictures::PhotoFault;
use crate::pictures::frames::read_facts;
use crate::pictures::worker::clean_photo;

const PHOTO: &[u8] = include_bytes!("material/tiny.heic");

fn told(photo: &[u8]) -> Result<Vec<u8>, PhotoFault> {
    let mut frames = Vec::new();
    clean_photo(photo, &mut frames).unwrap()?;
    Ok(frames)
}

#[test]
fn it_is_shown_and_says_nothing_but_the_picture() {
    assert!(contains(PHOTO, b"Phone 9") && contains(PHOTO, b"N35.6895"));
    let frames = told(PHOTO).unwrap();
    assert_eq!(read_facts(frames[5..13].try_into().unwrap()), (64, 48));
    for hidden in [b"Phone".as_slice(), b"35.6895", b"Exif", b"xap"] {
        assert!(!contains(&frames, hidden), "{}", hidden.escape_ascii());
    }
    let at = frames.windows(3).rposition(|start| start == [0xFF, 0xD8, 0xFF]).unwrap();
    let picture = image::load_from_memory(&frames[at..]).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (64, 48));
    let colours: std::collections::BTreeSet<_> = picture.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 100, "a test card has many colours");
}

#[test]
fn cut_and_changed_photos_never_panic() {
    for length in (12..PHOTO.len()).step_by(61) {
        assert!(told(&PHOTO[..length]).is_err(), "cut at {length}");
    }
    for at in (12..PHOTO.len()).step_by(13) {
        let mut changed = PHOTO.to_vec();
        changed[at] ^= 0x55;
        // Many of them still hold a picture.
        drop(told(&changed));
    }
    assert_eq!(told(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif"), Err(PhotoFault::Damaged));
}
