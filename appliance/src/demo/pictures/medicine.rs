//! The week's pocket calendar for medicines: seven days, four times a day.

use super::canvas::{Canvas, Colour, HEIGHT, Paint, rgb};
use super::shapes::{Shape, arc, area, at, disc, line, slab};

const DAYS: [u32; 7] =
    [0xC9_6B6B, 0xD9_9A4E, 0xC9_B24A, 0x6E_A767, 0x4F_9FA3, 0x5B_86BE, 0x8D_76B4];

/// From the left edge of the first day's pocket, and from one to the next.
const FIRST_X: f32 = 270.0;
const DAY_STEP: f32 = 134.0;
const FIRST_Y: f32 = 300.0;
const TIME_STEP: f32 = 158.0;

pub(super) fn pill_calendar() -> Canvas {
    let mut canvas = Canvas::new(Paint::Down(rgb(0xF1_ECE2), rgb(0xDD_D5C6)));
    for x in [0.0, 320.0, 640.0, 960.0, 1280.0] {
        let groove = line((x, 0.0), (x, HEIGHT), 3.0);
        canvas.glaze(&groove, Paint::Flat(rgb(0xC2_B8A6)), 0.5, 4.0);
    }
    let cloth = slab(640.0, 500.0, 1130.0, 850.0, 26.0);
    canvas.shadow(&cloth, 20.0);
    canvas.fill(&cloth, Paint::Down(rgb(0xFD_FCF8), rgb(0xEF_F1EE)));
    canvas.outline(&slab(640.0, 500.0, 1106.0, 826.0, 20.0), 2.0, rgb(0xC9_D4D1));
    for x in [120.0, 1160.0] {
        canvas.fill(&line((640.0, 30.0), (x, 80.0), 3.0), Paint::Flat(rgb(0xA8_9274)));
    }
    let rod = slab(640.0, 82.0, 1170.0, 20.0, 10.0);
    canvas.shadow(&rod, 8.0);
    canvas.fill(&rod, Paint::Down(rgb(0xC6_9C6D), rgb(0x8E_683F)));
    canvas.fill(&disc(640.0, 30.0, 9.0), Paint::Bulge(rgb(0xE8_E8E8), rgb(0x84_8A8E), 9.0));
    for (time, y) in (0_u8..4).map(|time| (time, FIRST_Y + f32::from(time) * TIME_STEP)) {
        time_of_day(&mut canvas, time, (150.0, y));
        for (day, colour) in (0_u8..).zip(DAYS) {
            let x = FIRST_X + f32::from(day) * DAY_STEP;
            // Taken until the morning of the fourth day.
            let is_full = day * 4 + time > 12;
            pocket(&mut canvas, (x, y), rgb(colour), is_full.then_some(time));
        }
    }
    for (day, colour) in (0_u8..).zip(DAYS) {
        let tab = slab(FIRST_X + f32::from(day) * DAY_STEP, 166.0, 112.0, 62.0, 14.0);
        canvas.fill(&tab, Paint::Down(rgb(colour).towards(rgb(0xFF_FFFF), 0.18), rgb(colour)));
        let center = FIRST_X + f32::from(day) * DAY_STEP;
        for dot in 0..=day {
            let x = center + (f32::from(dot) - f32::from(day) / 2.0) * 13.0;
            canvas.fill(&disc(x, 166.0, 4.2), Paint::Flat(rgb(0xFF_FFFF)));
        }
    }
    canvas
}

fn pocket(canvas: &mut Canvas, (x, y): (f32, f32), colour: Colour, time: Option<u8>) {
    let back = slab(x, y, 114.0, 134.0, 10.0);
    canvas.fill(&back, Paint::Down(rgb(0xE3_E9E8), rgb(0xF4_F6F4)));
    if let Some(time) = time {
        packet(canvas, (x, y + 4.0), time);
    }
    let front = slab(x, y + 22.0, 114.0, 90.0, 10.0);
    canvas.shadow(&slab(x, y - 25.0, 110.0, 3.0, 1.5), 3.0);
    canvas.glaze(&front, Paint::Down(rgb(0xFF_FFFF), rgb(0xD5_E4E6)), 0.38, 1.6);
    let gleam = area(&[
        (x - 40.0, y + 62.0),
        (x - 22.0, y + 62.0),
        (x + 22.0, y - 18.0),
        (x + 4.0, y - 18.0),
    ]);
    canvas.glaze(&gleam, Paint::Flat(rgb(0xFF_FFFF)), 0.3, 6.0);
    canvas.outline(&back, 2.4, colour.towards(rgb(0xFF_FFFF), 0.25));
    canvas.fill(&line((x - 56.0, y - 22.0), (x + 56.0, y - 22.0), 3.0), Paint::Flat(colour));
}

/// A one-dose packet of the pharmacy, with what is taken at that time.
fn packet(canvas: &mut Canvas, (x, y): (f32, f32), time: u8) {
    let packet = slab(x, y, 84.0, 112.0, 4.0);
    canvas.shadow(&packet, 4.0);
    canvas.glaze(&packet, Paint::Down(rgb(0xFD_FEFF), rgb(0xE9_F0F5)), 0.92, 1.4);
    let label = slab(x, y - 40.0, 66.0, 12.0, 3.0);
    canvas.glaze(&label, Paint::Flat(rgb(0x7F_96A8)), 0.5, 1.4);
    let places = [(-20.0, 8.0), (18.0, -4.0), (16.0, 32.0), (-18.0, 36.0)];
    for (index, (across, down)) in (0_u8..).zip(places) {
        // Mornings have the most to swallow, nights one tablet.
        if index + time < 4 {
            pill(canvas, (x + across, y + down), index);
        }
    }
}

fn pill(canvas: &mut Canvas, (x, y): (f32, f32), sort: u8) {
    match sort {
        0 => tablet(canvas, (x, y), 15.0, 0xFF_FFFF, 0xC9_CED2),
        1 => capsule(canvas, (x, y)),
        2 => tablet(canvas, (x, y), 12.0, 0xFB_C9BE, 0xD9_8D80),
        _ => tablet(canvas, (x, y), 11.0, 0xFB_EBA8, 0xD8_BC5C),
    }
}

fn tablet(canvas: &mut Canvas, (x, y): (f32, f32), radius: f32, middle: u32, edge: u32) {
    let tablet = disc(x, y, radius);
    canvas.shadow(&tablet, 3.0);
    canvas.fill(&tablet, Paint::Bulge(rgb(middle), rgb(edge), radius * 0.6));
    let score = line((x - radius * 0.6, y), (x + radius * 0.6, y), 1.6);
    canvas.glaze(&score, Paint::Flat(rgb(edge)), 0.8, 1.6);
}

fn capsule(canvas: &mut Canvas, (x, y): (f32, f32)) {
    let whole = slab(x, y, 42.0, 18.0, 9.0).turned(-24.0);
    canvas.shadow(&whole, 3.0);
    canvas.fill(&whole, Paint::Bulge(rgb(0xF6_F2E6), rgb(0xC9_C2AE), 9.0));
    let center = at(x + 12.0, y - 5.5);
    let half = Shape::Slab { center, size: at(27.0, 22.0), round: 0.0, degrees: -24.0 };
    canvas.fill(&whole.within(&half), Paint::Bulge(rgb(0x6F_B6C9), rgb(0x35_7A92), 9.0));
}

fn time_of_day(canvas: &mut Canvas, time: u8, (x, y): (f32, f32)) {
    let plate = disc(x, y, 44.0);
    let (sky, low) = match time {
        0 => (0xFD_E3C0, 0xF7_B98C),
        1 => (0xBF_E3F2, 0x8C_C7E2),
        2 => (0xF3_B79E, 0xB9_7EA6),
        _ => (0x3F_5079, 0x27_3355),
    };
    canvas.shadow(&plate, 4.0);
    canvas.fill(&plate, Paint::Down(rgb(sky), rgb(low)));
    match time {
        0 | 2 => {
            let sun = disc(x, y + 12.0, 20.0).within(&slab(x, y - 8.0, 80.0, 40.0, 0.0));
            canvas.fill(&sun, Paint::Flat(rgb(0xFF_F4D6)));
            let horizon = line((x - 30.0, y + 13.0), (x + 30.0, y + 13.0), 4.0);
            canvas.fill(&horizon, Paint::Flat(rgb(0xFF_F4D6)));
        }
        1 => {
            canvas.fill(&disc(x, y, 15.0), Paint::Flat(rgb(0xFF_F3B8)));
            for ray in 0..8_u8 {
                let angle = (f32::from(ray) * 45.0).to_radians();
                let (sin, cos) = angle.sin_cos();
                let from = (x + 21.0 * cos, y + 21.0 * sin);
                let to = (x + 29.0 * cos, y + 29.0 * sin);
                canvas.fill(&line(from, to, 4.0), Paint::Flat(rgb(0xFF_F3B8)));
            }
        }
        _ => {
            canvas.fill(&disc(x, y, 20.0), Paint::Flat(rgb(0xFB_EFC4)));
            canvas.fill(&disc(x + 10.0, y - 6.0, 18.0), Paint::Flat(rgb(0x37_466C)));
        }
    }
    canvas.outline(&arc((x, y), 44.0, [0.0, 360.0], 0.1), 2.0, rgb(0xFF_FFFF));
}
