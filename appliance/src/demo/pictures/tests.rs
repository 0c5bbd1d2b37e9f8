//! Every name draws something worth looking at; the eye checks the rest.

use image::GenericImageView;

use super::{NAMES, draw, large_photo};

#[test]
fn every_name_draws_a_picture_with_content() {
    for name in NAMES {
        let jpeg = draw(name).unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap();
        assert_eq!(picture.dimensions(), (1280, 960), "{name}");
        assert!((40_000..600_000).contains(&jpeg.len()), "{name}: {} bytes", jpeg.len());
        let mut colours: Vec<_> = picture.to_rgb8().pixels().map(|pixel| pixel.0).collect();
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() > 2_000, "{name}: {} colours", colours.len());
    }
    assert!(draw("nothing").is_none());
}

#[test]
fn a_drawing_is_the_same_every_time() {
    assert_eq!(draw("walker"), draw("walker"));
}

#[test]
fn a_large_photo_knows_its_place() {
    let photo = large_photo(400, 300, 7);
    assert_eq!(image::load_from_memory(&photo).unwrap().dimensions(), (400, 300));
    let gps_pointer = [0x88, 0x25, 0, 4, 0, 0, 0, 1];
    assert!(photo.windows(8).any(|window| window == gps_pointer));
    assert_ne!(photo, large_photo(400, 300, 8));
}
