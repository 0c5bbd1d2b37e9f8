//! Two papers on a desk: an electrocardiogram and a month of blood pressure.

use super::canvas::{Canvas, Paint, rgb};
use super::marks::{number, scribble, squares};
use super::shapes::{disc, line, path, slab};

pub(super) fn ecg_strip() -> Canvas {
    let mut canvas = Canvas::new(Paint::Glow(rgb(0x8F_A3AD), rgb(0x62_7682)));
    let paper = slab(640.0, 480.0, 1180.0, 800.0, 6.0);
    canvas.shadow(&paper, 18.0);
    canvas.fill(&paper, Paint::Down(rgb(0xFF_F8F5), rgb(0xFB_EBE6)));
    squares(&mut canvas, &slab(640.0, 540.0, 1140.0, 640.0, 0.0), 12.0, rgb(0xE8_8F8A));
    scribble(&mut canvas, (84.0, 126.0), &[230.0, 170.0], rgb(0x5A_5552));
    scribble(&mut canvas, (860.0, 126.0), &[160.0, 250.0], rgb(0x5A_5552));
    number(&mut canvas, 25, (640.0, 132.0), 26.0, rgb(0x5A_5552));
    number(&mut canvas, 10, (730.0, 132.0), 26.0, rgb(0x5A_5552));
    for (row, height) in [(0_u8, 1.0), (1, 1.35), (2, 0.8)] {
        trace(&mut canvas, 350.0 + f32::from(row) * 205.0, height);
    }
    let clip = slab(640.0, 84.0, 190.0, 40.0, 10.0);
    canvas.shadow(&clip, 6.0);
    canvas.fill(&clip, Paint::Down(rgb(0xE9_EDEF), rgb(0x8E_989E)));
    canvas
}

fn trace(canvas: &mut Canvas, base: f32, height: f32) {
    let (left, upper) = (90.0, base - 90.0);
    let calibration = [
        (left, base),
        (left + 12.0, base),
        (left + 12.0, upper),
        (left + 42.0, upper),
        (left + 42.0, base),
        (left + 56.0, base),
    ];
    canvas.fill(&path(&calibration, 3.0), Paint::Flat(rgb(0x1F_2A33)));
    let mut points = Vec::new();
    for step in 0..=1030_u16 {
        let x = f32::from(step);
        // An irregular fourth beat gives the reader something to write about.
        let beats = [70.0, 245.0, 420.0, 545.0, 770.0, 945.0];
        let lift: f32 = beats.iter().map(|beat| beat_at(x - beat)).sum();
        let breath = (x / 260.0).sin() * 4.0;
        points.push((left + 56.0 + x, base - lift * height + breath));
    }
    for stretch in points.chunks(41) {
        let last = stretch.last().copied().unwrap_or_default();
        let next = points.iter().find(|point| point.0 > last.0).copied().unwrap_or(last);
        let corners: Vec<_> = stretch.iter().copied().chain([next]).collect();
        canvas.fill(&path(&corners, 3.0), Paint::Flat(rgb(0x1F_2A33)));
    }
}

/// P, Q, R, S and T of one beat as five bells.
fn beat_at(x: f32) -> f32 {
    let waves = [
        (-38.0, 12.0, 9.0),
        (-8.0, 3.0, -12.0),
        (0.0, 3.6, 112.0),
        (8.0, 3.4, -30.0),
        (54.0, 17.0, 24.0),
    ];
    waves
        .iter()
        .map(|(middle, width, lift): &(f32, f32, f32)| {
            lift * (-((x - middle) / width).powi(2) / 2.0).exp()
        })
        .sum()
}

/// Upper and lower values of 14 days, and the pulse.
const DAYS: [(u16, u16, u16); 14] = [
    (148, 92, 72),
    (152, 94, 75),
    (145, 90, 70),
    (158, 96, 78),
    (150, 91, 74),
    (143, 88, 71),
    (139, 86, 69),
    (141, 85, 72),
    (136, 84, 68),
    (133, 82, 70),
    (137, 85, 71),
    (131, 80, 66),
    (128, 79, 67),
    (130, 81, 68),
];

pub(super) fn blood_pressure_chart() -> Canvas {
    let mut canvas = Canvas::new(Paint::Down(rgb(0xD9_C7AE), rgb(0xB8_9F7F)));
    for index in 0..16_u8 {
        let y = f32::from(index) * 62.0;
        let grain = path(&[(-10.0, y), (500.0, y + 14.0), (1290.0, y - 8.0)], 3.0);
        canvas.glaze(&grain, Paint::Flat(rgb(0x8C_6E4A)), 0.18, 8.0);
    }
    let card = slab(640.0, 490.0, 1140.0, 850.0, 18.0);
    canvas.shadow(&card, 18.0);
    canvas.fill(&card, Paint::Down(rgb(0xFE_FDF9), rgb(0xF5_F2E8)));
    let band = slab(640.0, 98.0, 1140.0, 66.0, 18.0);
    canvas.fill(&band, Paint::Across(rgb(0x2F_7E84), rgb(0x4C_9DA0)));
    scribble(&mut canvas, (104.0, 88.0), &[210.0, 130.0], rgb(0xFF_FFFF));
    let normal = slab(
        690.0,
        (height_of(135) + height_of(85)) / 2.0,
        1000.0,
        height_of(85) - height_of(135),
        0.0,
    );
    canvas.glaze(&normal, Paint::Flat(rgb(0xBF_E0CE)), 0.6, 1.4);
    for step in 0..=6_u16 {
        let value = 60 + step * 20;
        let y = height_of(value);
        canvas.fill(&line((190.0, y), (1190.0, y), 1.4), Paint::Flat(rgb(0xCF_CFC6)));
        number(&mut canvas, u32::from(value), (138.0, y), 26.0, rgb(0x55_5F66));
    }
    curves(&mut canvas);
    pencil(&mut canvas);
    canvas
}

fn curves(canvas: &mut Canvas) {
    let days = || (0_u16..).zip(DAYS);
    for (day, (upper, lower, _)) in days() {
        let x = across(day);
        let bar = line((x, height_of(upper)), (x, height_of(lower)), 9.0);
        canvas.glaze(&bar, Paint::Down(rgb(0xD9_7A6C), rgb(0x6C_96BD)), 0.4, 1.4);
        number(canvas, u32::from(day) + 1, (x, 880.0), 20.0, rgb(0x55_5F66));
    }
    let of = |pick: fn((u16, u16, u16)) -> u16| -> Vec<(f32, f32)> {
        days().map(|(day, values)| (across(day), height_of(pick(values)))).collect()
    };
    for (points, colour) in
        [(of(|day| day.0), 0xC9_4F43), (of(|day| day.1), 0x3F_75A8), (of(|day| day.2), 0x8A_8F94)]
    {
        canvas.fill(&path(&points, 4.0), Paint::Flat(rgb(colour)));
        for (x, y) in points {
            canvas.fill(&disc(x, y, 9.0), Paint::Flat(rgb(0xFF_FFFF)));
            canvas.outline(&disc(x, y, 8.0), 4.0, rgb(colour));
        }
    }
}

fn across(day: u16) -> f32 {
    230.0 + f32::from(day) * 71.0
}

fn height_of(value: u16) -> f32 {
    850.0 - (f32::from(value) - 55.0) * 5.2
}

fn pencil(canvas: &mut Canvas) {
    let body = slab(1020.0, 208.0, 330.0, 24.0, 3.0).turned(-18.0);
    canvas.shadow(&body, 9.0);
    canvas.fill(&body, Paint::Down(rgb(0xF2_C84B), rgb(0xD6_9A22)));
    let side = slab(1022.0, 213.0, 330.0, 7.0, 0.0).turned(-18.0);
    canvas.glaze(&side, Paint::Flat(rgb(0xB5_7C12)), 0.5, 2.0);
    let eraser = slab(1192.0, 152.0, 34.0, 26.0, 8.0).turned(-18.0);
    canvas.fill(&eraser, Paint::Bulge(rgb(0xEE_A3A0), rgb(0xC7_6D6C), 10.0));
    let wood = super::shapes::area(&[(866.7, 270.4), (859.3, 247.6), (822.0, 272.0)]);
    canvas.fill(&wood, Paint::Flat(rgb(0xE9_CFA6)));
    let lead = super::shapes::area(&[(836.0, 271.0), (833.0, 264.0), (822.0, 272.0)]);
    canvas.fill(&lead, Paint::Flat(rgb(0x33_3333)));
}
