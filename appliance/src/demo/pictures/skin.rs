//! A forearm with a fresh dressing, and a wound beside a ruler.

use super::canvas::{Canvas, Paint, rgb};
use super::marks::{ruler, scribble};
use super::shapes::{Shape, at, disc, ellipse, joined, limb, line, slab};

pub(super) fn forearm_dressing() -> Canvas {
    let mut canvas = Canvas::new(Paint::Down(rgb(0xC9_DADB), rgb(0x9F_BABC)));
    towel(&mut canvas);
    let arm = forearm();
    canvas.shadow(&arm, 26.0);
    canvas.fill(&arm, Paint::Bulge(rgb(0xF3_CDAE), rgb(0xCB_8E69), 120.0));
    let lit = joined(vec![limb((-60.0, 430.0, 34.0), (620.0, 436.0, 8.0))], 1.0);
    canvas.glaze(&lit.within(&arm), Paint::Flat(rgb(0xFF_EBD8)), 0.45, 90.0);
    for (from, to) in [((880.0, 410.0), (868.0, 540.0)), ((902.0, 415.0), (892.0, 545.0))] {
        canvas.glaze(&line(from, to, 3.0), Paint::Flat(rgb(0xB0_7350)), 0.4, 6.0);
    }
    for (x, y) in [(1098.0, 402.0), (1108.0, 462.0), (1104.0, 522.0), (1082.0, 576.0)] {
        canvas.glaze(&line((x, y - 17.0), (x + 4.0, y + 15.0), 3.0), skin_line(), 0.4, 6.0);
    }
    dressing(&mut canvas, &arm);
    ruler(&mut canvas, (96.0, 776.0), 12, 66.0);
    sticker(&mut canvas);
    canvas
}

fn skin_line() -> Paint {
    Paint::Flat(rgb(0xB0_7350))
}

fn forearm() -> Shape {
    joined(
        vec![
            limb((-120.0, 510.0, 190.0), (420.0, 495.0, 165.0)),
            limb((420.0, 495.0, 165.0), (880.0, 478.0, 84.0)),
            limb((930.0, 480.0, 92.0), (1020.0, 480.0, 98.0)),
            limb((1040.0, 408.0, 33.0), (1196.0, 372.0, 23.0)),
            limb((1050.0, 458.0, 34.0), (1232.0, 442.0, 24.0)),
            limb((1050.0, 512.0, 33.0), (1218.0, 518.0, 23.0)),
            limb((1036.0, 556.0, 29.0), (1166.0, 588.0, 20.0)),
            limb((930.0, 410.0, 44.0), (1056.0, 296.0, 27.0)),
        ],
        22.0,
    )
}

fn towel(canvas: &mut Canvas) {
    let towel = slab(600.0, 470.0, 1120.0, 640.0, 28.0).turned(-2.0);
    canvas.shadow(&towel, 14.0);
    canvas.fill(&towel, Paint::Down(rgb(0xFA_FAF7), rgb(0xE6_E9E6)));
    for x in [120.0, 142.0, 164.0] {
        let stripe = slab(x, 470.0, 9.0, 700.0, 0.0).turned(-2.0).within(&towel);
        canvas.glaze(&stripe, Paint::Flat(rgb(0x7F_B2B5)), 0.7, 2.0);
    }
}

fn dressing(canvas: &mut Canvas, arm: &Shape) {
    let halo = ellipse(470.0, 488.0, 240.0, 76.0);
    canvas.glaze(&halo, Paint::Flat(rgb(0xD9_6A58)), 0.3, 120.0);
    let film = slab(470.0, 484.0, 380.0, 236.0, 34.0).turned(-3.0);
    canvas.glaze(&film, Paint::Down(rgb(0xFF_FBF5), rgb(0xF6_E6D6)), 0.6, 2.0);
    canvas.outline(&film, 2.0, rgb(0xFB_F1E6));
    let pad = slab(470.0, 484.0, 278.0, 148.0, 16.0).turned(-3.0);
    canvas.shadow(&pad, 5.0);
    canvas.fill(&pad, Paint::Bulge(rgb(0xFF_FEFB), rgb(0xE4_DED4), 34.0));
    for step in 0..13_u8 {
        let x = 346.0 + f32::from(step) * 20.0;
        let thread = line((x, 400.0), (x + 8.0, 570.0), 1.4).within(&pad);
        canvas.glaze(&thread, Paint::Flat(rgb(0xCF_C8BB)), 0.5, 2.0);
    }
    let stain = joined(vec![disc(492.0, 492.0, 26.0), disc(520.0, 505.0, 17.0)], 18.0);
    canvas.glaze(&stain, Paint::Flat(rgb(0xD8_8A6B)), 0.55, 30.0);
    canvas.glaze(&disc(498.0, 494.0, 9.0), Paint::Flat(rgb(0xB2_4A3C)), 0.55, 18.0);
    for (x, degrees) in [(318.0, 6.0), (622.0, -9.0)] {
        let tape = slab(x, 484.0, 46.0, 300.0, 5.0).turned(degrees).within(arm);
        canvas.shadow(&tape, 2.0);
        canvas.glaze(&tape, Paint::Across(rgb(0xF4_E4D2), rgb(0xE6_D1BA)), 0.88, 1.4);
    }
}

fn sticker(canvas: &mut Canvas) {
    let note = slab(1118.0, 800.0, 210.0, 130.0, 10.0).turned(3.0);
    canvas.shadow(&note, 8.0);
    canvas.fill(&note, Paint::Down(rgb(0xFF_F6C9), rgb(0xFB_E9A2)));
    scribble(canvas, (1044.0, 772.0), &[120.0, 146.0, 90.0], rgb(0x6B_6250));
}

pub(super) fn wound_ruler() -> Canvas {
    let mut canvas = Canvas::new(Paint::Glow(rgb(0xF4_D2B5), rgb(0xD6_9F7C)));
    for (x, y, size) in [(250.0, 160.0, 260.0), (980.0, 760.0, 300.0), (420.0, 860.0, 220.0)] {
        canvas.glaze(&disc(x, y, size), Paint::Flat(rgb(0xFB_E2CB)), 0.35, 320.0);
    }
    for (x, y, size) in [(150.0, 190.0, 6.0), (1100.0, 560.0, 5.0), (985.0, 150.0, 4.0)] {
        canvas.glaze(&disc(x, y, size), Paint::Flat(rgb(0x7D_4B33)), 0.6, 4.0);
    }
    wound(&mut canvas);
    ruler(&mut canvas, (210.0, 700.0), 10, 76.0);
    colour_card(&mut canvas);
    canvas
}

fn wound(canvas: &mut Canvas) {
    let bed = vec![
        ellipse(560.0, 400.0, 190.0, 120.0).turned(-8.0),
        disc(440.0, 438.0, 92.0),
        disc(690.0, 352.0, 84.0),
        disc(604.0, 470.0, 74.0),
    ];
    let wound = joined(bed, 60.0);
    canvas.glaze(&wound, Paint::Flat(rgb(0xD7_5F52)), 0.42, 190.0);
    canvas.outline(&wound, 26.0, rgb(0xE9_A79B));
    canvas.glaze(&wound, Paint::Flat(rgb(0xD9_7A70)), 0.7, 30.0);
    canvas.fill(&wound, Paint::Bulge(rgb(0xC4_4541), rgb(0x96_2E2D), 46.0));
    for index in 0..150_u16 {
        let turn = f32::from(index) * 2.399_963;
        let reach = (f32::from(index) / 150.0).sqrt();
        let (x, y) = (562.0 + 235.0 * reach * turn.cos(), 405.0 + 128.0 * reach * turn.sin());
        let size = 12.0 + f32::from(index % 5) * 3.0;
        let grain = disc(x, y, size).within(&wound);
        canvas.glaze(&grain, Paint::Bulge(rgb(0xDB_5C54), rgb(0xA6_302F), size), 0.5, 16.0);
    }
    for (x, y) in [(480.0, 330.0), (610.0, 318.0), (700.0, 330.0), (560.0, 480.0), (420.0, 460.0)] {
        let gleam = ellipse(x, y, 24.0, 5.0).turned(-14.0).within(&wound);
        canvas.glaze(&gleam, Paint::Flat(rgb(0xFF_DAD2)), 0.45, 12.0);
    }
    let slough = joined(
        vec![
            ellipse(505.0, 398.0, 66.0, 34.0).turned(-20.0),
            disc(560.0, 366.0, 24.0),
            disc(450.0, 420.0, 20.0),
        ],
        26.0,
    );
    canvas.glaze(&slough.within(&wound), Paint::Flat(rgb(0xE9_CF8C)), 0.85, 20.0);
    canvas.glaze(&ellipse(496.0, 388.0, 34.0, 9.0), Paint::Flat(rgb(0xF8_EABB)), 0.7, 14.0);
    let island = ellipse(668.0, 398.0, 34.0, 18.0).turned(-30.0);
    canvas.glaze(&island.within(&wound), Paint::Flat(rgb(0xF0_B9AA)), 0.85, 16.0);
}

fn colour_card(canvas: &mut Canvas) {
    let card = slab(1130.0, 330.0, 150.0, 420.0, 12.0).turned(2.0);
    canvas.shadow(&card, 9.0);
    canvas.fill(&card, Paint::Flat(rgb(0xF8_F7F2)));
    let patches = [0xD6_3B36, 0xE8_C34D, 0x3F_8F58, 0x2F_6DA8, 0x8B_8F93, 0x26_2A2E];
    for (index, patch) in (0_u8..).zip(patches) {
        let y = 172.0 + f32::from(index) * 62.0;
        let center = at(1136.0 - f32::from(index) * 2.2, y);
        let patch_shape = Shape::Slab { center, size: at(104.0, 50.0), round: 6.0, degrees: 2.0 };
        canvas.fill(&patch_shape, Paint::Flat(rgb(patch)));
    }
}
