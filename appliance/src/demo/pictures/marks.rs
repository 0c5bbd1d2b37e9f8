//! What several drawings measure and write with: digits, rulers, squared paper, cards.

use super::canvas::{Canvas, Colour, Paint, rgb};
use super::shapes::{Shape, at, line, path, slab};

/// Strokes on a grid of 2 x 4, one list of corners for each digit.
const DIGITS: [&[(f32, f32)]; 10] = [
    &[
        (0.0, 1.0),
        (0.5, 0.0),
        (1.5, 0.0),
        (2.0, 1.0),
        (2.0, 3.0),
        (1.5, 4.0),
        (0.5, 4.0),
        (0.0, 3.0),
        (0.0, 1.0),
    ],
    &[(0.4, 0.8), (1.2, 0.0), (1.2, 4.0)],
    &[(0.0, 0.8), (0.6, 0.0), (1.5, 0.0), (2.0, 0.8), (1.8, 1.8), (0.0, 4.0), (2.0, 4.0)],
    &[
        (0.0, 0.0),
        (2.0, 0.0),
        (1.0, 1.6),
        (2.0, 2.4),
        (2.0, 3.3),
        (1.4, 4.0),
        (0.5, 4.0),
        (0.0, 3.4),
    ],
    &[(1.5, 4.0), (1.5, 0.0), (0.0, 2.8), (2.0, 2.8)],
    &[
        (1.9, 0.0),
        (0.2, 0.0),
        (0.1, 1.8),
        (1.3, 1.6),
        (2.0, 2.4),
        (2.0, 3.2),
        (1.4, 4.0),
        (0.5, 4.0),
        (0.0, 3.5),
    ],
    &[
        (1.7, 0.0),
        (0.6, 1.0),
        (0.0, 2.6),
        (0.3, 3.6),
        (1.0, 4.0),
        (1.7, 3.6),
        (2.0, 2.8),
        (1.6, 1.9),
        (0.9, 1.7),
        (0.1, 2.4),
    ],
    &[(0.0, 0.0), (2.0, 0.0), (0.8, 4.0)],
    &[
        (1.0, 1.9),
        (0.2, 1.2),
        (0.4, 0.3),
        (1.0, 0.0),
        (1.6, 0.3),
        (1.8, 1.2),
        (1.0, 1.9),
        (0.1, 2.9),
        (0.4, 3.8),
        (1.0, 4.0),
        (1.6, 3.8),
        (1.9, 2.9),
        (1.0, 1.9),
    ],
    &[
        (1.9, 1.7),
        (1.1, 2.3),
        (0.4, 2.1),
        (0.0, 1.2),
        (0.3, 0.4),
        (1.0, 0.0),
        (1.7, 0.4),
        (2.0, 1.4),
        (1.4, 3.0),
        (0.3, 4.0),
    ],
];

/// A number centred on a point.
pub(super) fn number(canvas: &mut Canvas, value: u32, (x, y): (f32, f32), size: f32, ink: Colour) {
    let text = value.to_string();
    let unit = size / 4.0;
    let advance = unit * 3.0;
    let digits = text.chars().filter_map(|digit| digit.to_digit(10));
    let strokes: Vec<_> =
        digits.filter_map(|digit| DIGITS.get(usize::try_from(digit).ok()?)).collect();
    let mut left = x + unit / 2.0;
    for _ in &strokes {
        left -= advance / 2.0;
    }
    for stroke in strokes {
        let corners: Vec<_> = stroke
            .iter()
            .map(|(across, down)| (left + across * unit, y - size / 2.0 + down * unit))
            .collect();
        canvas.fill(&path(&corners, (size / 8.0).max(1.6)), Paint::Flat(ink));
        left += advance;
    }
}

/// A paper ruler lying flat; `centimetres` marks of `step` pixels, read from its upper edge.
pub(super) fn ruler(canvas: &mut Canvas, (x, y): (f32, f32), centimetres: u16, step: f32) {
    let width = f32::from(centimetres) * step + step * 0.8;
    let body = slab(x + width / 2.0, y + 46.0, width, 92.0, 8.0);
    canvas.shadow(&body, 9.0);
    canvas.fill(&body, Paint::Down(rgb(0xFF_FDF6), rgb(0xEF_EADB)));
    let zero = x + step * 0.4;
    for millimetre in 0..=centimetres * 10 {
        let length = match (millimetre % 10, millimetre % 5) {
            (0, _) => 36.0,
            (_, 0) => 26.0,
            _ => 16.0,
        };
        let mark = zero + f32::from(millimetre) * step / 10.0;
        let ink = Paint::Flat(rgb(0x3A_4650));
        canvas.fill(&line((mark, y + 2.0), (mark, y + length), 1.8), ink);
    }
    for centimetre in 0..=centimetres {
        let mark = zero + f32::from(centimetre) * step;
        number(canvas, u32::from(centimetre), (mark, y + 62.0), 24.0, rgb(0x3A_4650));
    }
}

/// Squared paper inside a shape: a thin line each `step`, a stronger one each fifth.
pub(super) fn squares(canvas: &mut Canvas, paper: &Shape, step: f32, ink: Colour) {
    let [least, most] = paper.bounds();
    for index in 0..400_u16 {
        let offset = f32::from(index) * step;
        let (width, strength) = if index % 5 == 0 { (1.8, 0.75) } else { (1.0, 0.4) };
        if least.x + offset < most.x {
            let x = least.x + offset;
            let mark = line((x, least.y), (x, most.y), width).within(paper);
            canvas.glaze(&mark, Paint::Flat(ink), strength, 1.2);
        }
        if least.y + offset < most.y {
            let y = least.y + offset;
            let mark = line((least.x, y), (most.x, y), width).within(paper);
            canvas.glaze(&mark, Paint::Flat(ink), strength, 1.2);
        }
    }
}

/// Lines where a sticker or a form would carry writing; drawings name nobody.
pub(super) fn scribble(canvas: &mut Canvas, (x, y): (f32, f32), widths: &[f32], ink: Colour) {
    let mut top = y;
    for width in widths {
        let center = at(x + width / 2.0, top);
        let bar = Shape::Slab { center, size: at(*width, 9.0), round: 4.5, degrees: 0.0 };
        canvas.glaze(&bar, Paint::Flat(ink), 0.55, 1.2);
        top += 26.0;
    }
}
