//! A canvas that fills, glazes and shades shapes with smooth edges.
#![expect(clippy::as_conversions, reason = "pixel positions and colour values fit by their clamps")]

use image::codecs::jpeg::JpegEncoder;
use image::{ImageResult, Rgb, RgbImage};

use super::shapes::{Point, Shape, at};

pub(super) const WIDTH: f32 = 1280.0;
pub(super) const HEIGHT: f32 = 960.0;

/// High enough that thin lines stay clean, about 150 KB a picture.
const QUALITY: u8 = 88;

/// The width of an edge in pixels that looks neither stepped nor soft.
const EDGE: f32 = 1.2;

#[derive(Clone, Copy)]
pub(super) struct Colour {
    red: f32,
    green: f32,
    blue: f32,
}

/// As in a style sheet: `0xRRGGBB`.
pub(super) fn rgb(value: u32) -> Colour {
    let [_, red, green, blue] = value.to_be_bytes().map(f32::from);
    Colour { red, green, blue }
}

impl Colour {
    pub(super) fn towards(self, other: Self, share: f32) -> Self {
        let share = share.clamp(0.0, 1.0);
        Self {
            red: self.red + (other.red - self.red) * share,
            green: self.green + (other.green - self.green) * share,
            blue: self.blue + (other.blue - self.blue) * share,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Paint {
    Flat(Colour),
    Down(Colour, Colour),
    Across(Colour, Colour),
    /// From the middle of the shape to its corners.
    Glow(Colour, Colour),
    /// As if the shape were round: the first colour inside, the second at the edge.
    Bulge(Colour, Colour, f32),
}

pub(super) struct Canvas {
    picture: RgbImage,
}

impl Canvas {
    pub(super) fn new(background: Paint) -> Self {
        let mut canvas = Self { picture: RgbImage::new(WIDTH as u32, HEIGHT as u32) };
        let center = at(WIDTH / 2.0, HEIGHT / 2.0);
        let size = at(WIDTH + 8.0, HEIGHT + 8.0);
        canvas.fill(&Shape::Slab { center, size, round: 0.0, degrees: 0.0 }, background);
        canvas
    }

    pub(super) fn fill(&mut self, shape: &Shape, paint: Paint) {
        self.blend(shape, at(0.0, 0.0), paint, 1.0, EDGE);
    }

    /// Like thin colour: `strength` lets through what lies below, `softness` blurs the edge.
    pub(super) fn glaze(&mut self, shape: &Shape, paint: Paint, strength: f32, softness: f32) {
        self.blend(shape, at(0.0, 0.0), paint, strength, softness);
    }

    /// The shape's shadow on what lies `height` below it; light comes from the upper left.
    pub(super) fn shadow(&mut self, shape: &Shape, height: f32) {
        let offset = at(height * 0.45, height * 0.8);
        self.blend(shape, offset, Paint::Flat(rgb(0x2A_2420)), 0.32, height * 2.2);
    }

    pub(super) fn outline(&mut self, shape: &Shape, width: f32, colour: Colour) {
        self.each_pixel(shape, at(0.0, 0.0), width + EDGE, |distance, _| {
            (colour, (0.5 - (distance.abs() - width / 2.0) / EDGE).clamp(0.0, 1.0))
        });
    }

    pub(super) fn into_jpeg(self) -> ImageResult<Vec<u8>> {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&self.picture)?;
        Ok(jpeg)
    }

    fn blend(&mut self, shape: &Shape, offset: Point, paint: Paint, strength: f32, soft: f32) {
        let bounds = shape.bounds();
        self.each_pixel(shape, offset, soft, |distance, point| {
            let cover = (0.5 - distance / soft).clamp(0.0, 1.0);
            // Smooth at both ends, so that no edge of a shadow can be seen.
            let cover = if soft > EDGE { cover * cover * (3.0 - 2.0 * cover) } else { cover };
            (paint.colour(bounds, point, distance), cover * strength)
        });
    }

    fn each_pixel(
        &mut self,
        shape: &Shape,
        offset: Point,
        margin: f32,
        colour_at: impl Fn(f32, Point) -> (Colour, f32),
    ) {
        let [least, most] = shape.bounds();
        let first = |value: f32| (value - margin).max(0.0) as u32;
        let end = |value: f32, size: f32| (value + margin).clamp(0.0, size - 1.0) as u32 + 1;
        for y in first(least.y + offset.y)..end(most.y + offset.y, HEIGHT) {
            for x in first(least.x + offset.x)..end(most.x + offset.x, WIDTH) {
                let point = at(x as f32 + 0.5 - offset.x, y as f32 + 0.5 - offset.y);
                let (colour, share) = colour_at(shape.distance(point), point);
                if share > 0.0
                    && let Some(pixel) = self.picture.get_pixel_mut_checked(x, y)
                {
                    *pixel = over(*pixel, colour, share);
                }
            }
        }
    }
}

impl Paint {
    fn colour(self, [least, most]: [Point; 2], point: Point, distance: f32) -> Colour {
        match self {
            Self::Flat(colour) => colour,
            Self::Down(top, bottom) => {
                top.towards(bottom, (point.y - least.y) / (most.y - least.y).max(1.0))
            }
            Self::Across(left, right) => {
                left.towards(right, (point.x - least.x) / (most.x - least.x).max(1.0))
            }
            Self::Glow(middle, corner) => {
                let half = at((most.x - least.x) / 2.0, (most.y - least.y) / 2.0);
                let x = (point.x - least.x - half.x) / half.x.max(1.0);
                let y = (point.y - least.y - half.y) / half.y.max(1.0);
                middle.towards(corner, x.hypot(y) / std::f32::consts::SQRT_2)
            }
            Self::Bulge(middle, edge, depth) => {
                let inward = (-distance / depth).clamp(0.0, 1.0);
                edge.towards(middle, inward * (2.0 - inward))
            }
        }
    }
}

fn over(below: Rgb<u8>, above: Colour, share: f32) -> Rgb<u8> {
    let [red, green, blue] = below.0.map(f32::from);
    let mixed = Colour { red, green, blue }.towards(above, share);
    Rgb([mixed.red, mixed.green, mixed.blue].map(|value| value.round().clamp(0.0, 255.0) as u8))
}
