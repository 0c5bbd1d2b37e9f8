//! A plan of a bathroom with the handrails to be fitted, and a walking frame in a room.

use super::canvas::{Canvas, HEIGHT, Paint, WIDTH, rgb};
use super::marks::{number, scribble, squares};
use super::shapes::{arc, area, disc, ellipse, limb, line, path, slab};

pub(super) fn bathroom_handrail_plan() -> Canvas {
    let mut canvas = Canvas::new(Paint::Flat(rgb(0xF7_F8F4)));
    squares(&mut canvas, &slab(640.0, 480.0, WIDTH, HEIGHT, 0.0), 24.0, rgb(0xCF_DDE2));
    let walls = slab(600.0, 470.0, 940.0, 700.0, 0.0);
    canvas.fill(&slab(600.0, 470.0, 980.0, 740.0, 0.0), Paint::Flat(rgb(0x4A_545C)));
    canvas.fill(&walls, Paint::Flat(rgb(0xEC_F1F0)));
    squares(&mut canvas, &slab(600.0, 470.0, 940.0, 700.0, 0.0), 47.0, rgb(0xB3_C3C6));
    bathtub(&mut canvas);
    shower_chair(&mut canvas);
    door(&mut canvas);
    handrails(&mut canvas);
    dimension(&mut canvas, [(130.0, 886.0), (1070.0, 886.0)], 160);
    dimension(&mut canvas, [(1148.0, 120.0), (1148.0, 820.0)], 120);
    scribble(&mut canvas, (1186.0, 840.0), &[70.0, 56.0, 64.0], rgb(0x4A_545C));
    canvas
}

fn bathtub(canvas: &mut Canvas) {
    let tub = slab(884.0, 470.0, 340.0, 660.0, 34.0);
    canvas.shadow(&tub, 9.0);
    canvas.fill(&tub, Paint::Bulge(rgb(0xFF_FFFF), rgb(0xC8_D2D4), 18.0));
    let water = slab(884.0, 480.0, 268.0, 580.0, 90.0);
    canvas.fill(&water, Paint::Down(rgb(0xBF_E3EA), rgb(0x7F_BFD0)));
    for (y, width) in [(330.0, 120.0), (470.0, 150.0), (620.0, 110.0)] {
        let ripple = arc((884.0, y + 130.0), 150.0, [250.0 - width / 8.0, 290.0], 4.0);
        canvas.glaze(&ripple, Paint::Flat(rgb(0xFF_FFFF)), 0.6, 4.0);
    }
    canvas.outline(&water, 3.0, rgb(0x8F_A7AE));
    canvas.fill(&disc(884.0, 730.0, 13.0), Paint::Bulge(rgb(0xEE_F1F2), rgb(0x76_8288), 10.0));
}

fn shower_chair(canvas: &mut Canvas) {
    let seat = slab(440.0, 330.0, 150.0, 140.0, 34.0);
    canvas.shadow(&seat, 10.0);
    canvas.fill(&seat, Paint::Bulge(rgb(0xA9_D6CB), rgb(0x5E_A293), 24.0));
    let back = slab(440.0, 252.0, 160.0, 26.0, 13.0);
    canvas.shadow(&back, 8.0);
    canvas.fill(&back, Paint::Bulge(rgb(0xC6_E6DE), rgb(0x5E_A293), 12.0));
    for (x, y) in [(412.0, 320.0), (468.0, 320.0), (412.0, 352.0), (468.0, 352.0), (440.0, 336.0)] {
        canvas.fill(&disc(x, y, 8.0), Paint::Flat(rgb(0x4C_8779)));
    }
    let tap = slab(170.0, 330.0, 46.0, 150.0, 10.0);
    canvas.shadow(&tap, 5.0);
    canvas.fill(&tap, Paint::Across(rgb(0xF1_F4F5), rgb(0x9C_A8AE)));
    for y in [285.0, 375.0] {
        canvas.fill(&disc(186.0, y, 15.0), Paint::Bulge(rgb(0xFF_FFFF), rgb(0x7D_888E), 12.0));
    }
    let drain = slab(440.0, 500.0, 130.0, 30.0, 4.0);
    canvas.fill(&drain, Paint::Flat(rgb(0xAF_BABE)));
    for index in 0..8_u8 {
        let x = 386.0 + f32::from(index) * 15.4;
        canvas.fill(&line((x, 488.0), (x, 512.0), 4.0), Paint::Flat(rgb(0x66_7379)));
    }
}

fn door(canvas: &mut Canvas) {
    canvas.fill(&slab(480.0, 830.0, 220.0, 24.0, 0.0), Paint::Flat(rgb(0xF7_F8F4)));
    let swing =
        area(&[(370.0, 820.0), (590.0, 820.0), (556.0, 702.0), (480.0, 636.0), (370.0, 600.0)]);
    canvas.glaze(&swing, Paint::Flat(rgb(0xDD_E7C9)), 0.55, 2.0);
    canvas.fill(&line((370.0, 824.0), (370.0, 604.0), 9.0), Paint::Flat(rgb(0x8A_6A45)));
    for step in 0..12_u8 {
        let from = -90.0 + f32::from(step) * 7.5;
        let dash = arc((370.0, 824.0), 220.0, [from, from + 4.5], 3.0);
        canvas.fill(&dash, Paint::Flat(rgb(0x8A_6A45)));
    }
}

fn handrails(canvas: &mut Canvas) {
    let rails: [&[(f32, f32)]; 4] = [
        &[(320.0, 138.0), (560.0, 138.0)],
        &[(148.0, 470.0), (148.0, 640.0)],
        &[(690.0, 138.0), (690.0, 300.0)],
        &[(616.0, 802.0), (706.0, 802.0)],
    ];
    for (index, rail) in (1_u32..).zip(rails) {
        let bar = path(rail, 17.0);
        canvas.shadow(&bar, 8.0);
        canvas.fill(&bar, Paint::Bulge(rgb(0xFF_B266), rgb(0xD9_6A16), 9.0));
        for (x, y) in rail {
            canvas.fill(&disc(*x, *y, 14.0), Paint::Bulge(rgb(0xF4_F6F7), rgb(0x8D_979C), 10.0));
        }
        let middle = rail.iter().fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x / 2.0, sum.1 + y / 2.0));
        let badge = (middle.0 + 44.0, middle.1 + if index == 4 { -44.0 } else { 44.0 });
        canvas.shadow(&disc(badge.0, badge.1, 23.0), 4.0);
        canvas.fill(&disc(badge.0, badge.1, 23.0), Paint::Flat(rgb(0xFF_FFFF)));
        canvas.outline(&disc(badge.0, badge.1, 22.0), 3.0, rgb(0xD9_6A16));
        number(canvas, index, badge, 24.0, rgb(0xB4_5208));
    }
}

fn dimension(canvas: &mut Canvas, [from, to]: [(f32, f32); 2], centimetres: u32) {
    let ink = Paint::Flat(rgb(0x3F_6E8C));
    canvas.fill(&line(from, to, 2.4), ink);
    let (across, down) = (f32::from(from.1 == to.1), f32::from(from.0 == to.0));
    for ((x, y), way) in [(from, 1.0), (to, -1.0)] {
        let (tip_x, tip_y) = (x + 16.0 * across * way, y + 16.0 * down * way);
        let head = [
            (x, y),
            (tip_x + 6.0 * down, tip_y + 6.0 * across),
            (tip_x - 6.0 * down, tip_y - 6.0 * across),
        ];
        canvas.fill(&area(&head), ink);
        let end =
            line((x - 14.0 * down, y - 14.0 * across), (x + 14.0 * down, y + 14.0 * across), 2.4);
        canvas.fill(&end, ink);
    }
    let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
    canvas.fill(&slab(middle.0, middle.1, 88.0, 40.0, 8.0), Paint::Flat(rgb(0xF7_F8F4)));
    number(canvas, centimetres, middle, 28.0, rgb(0x3F_6E8C));
}

pub(super) fn walker() -> Canvas {
    let mut canvas = Canvas::new(Paint::Down(rgb(0xEF_E9DD), rgb(0xDD_D3C1)));
    let floor = area(&[(-9.0, 640.0), (1289.0, 640.0), (1289.0, 969.0), (-9.0, 969.0)]);
    canvas.fill(&floor, Paint::Down(rgb(0xC7_A27A), rgb(0xA9_8259)));
    for index in 0..15_u8 {
        let far = f32::from(index) * 130.0 - 270.0;
        let near = (far - 640.0) * 2.2 + 640.0;
        let joint = line((far, 640.0), (near, 969.0), 3.0);
        canvas.glaze(&joint, Paint::Flat(rgb(0x7A_5836)), 0.45, 3.0);
    }
    canvas
        .fill(&slab(640.0, 634.0, 1300.0, 26.0, 0.0), Paint::Down(rgb(0xFB_F8F1), rgb(0xD6_CCBA)));
    window(&mut canvas);
    let lying = ellipse(660.0, 838.0, 380.0, 46.0);
    canvas.glaze(&lying, Paint::Flat(rgb(0x3A_2A1C)), 0.38, 90.0);
    frame(&mut canvas);
    canvas
}

fn window(canvas: &mut Canvas) {
    let pane = slab(1010.0, 250.0, 330.0, 380.0, 8.0);
    canvas.shadow(&pane, 5.0);
    canvas.fill(&pane, Paint::Down(rgb(0xC9_E6F2), rgb(0xF2_F8EE)));
    let hill = ellipse(950.0, 470.0, 240.0, 110.0).within(&pane);
    canvas.fill(&hill, Paint::Down(rgb(0xA9_CC94), rgb(0x84_B074)));
    canvas.outline(&pane, 16.0, rgb(0xFB_F8F1));
    canvas.fill(&line((1010.0, 64.0), (1010.0, 436.0), 12.0), Paint::Flat(rgb(0xFB_F8F1)));
    let light = area(&[(760.0, 700.0), (1110.0, 700.0), (1010.0, 940.0), (560.0, 940.0)]);
    canvas.glaze(&light, Paint::Flat(rgb(0xFF_EDC4)), 0.3, 40.0);
}

/// Light aluminium tubes: the far side first, then the cross bars, then the near side.
fn frame(canvas: &mut Canvas) {
    let far_left = [(472.0, 318.0), (440.0, 300.0), (408.0, 330.0), (372.0, 742.0)];
    let far_right = [(770.0, 318.0), (806.0, 300.0), (836.0, 330.0), (872.0, 742.0)];
    tube(canvas, &far_left, 22.0, 0.25);
    tube(canvas, &far_right, 22.0, 0.25);
    for y in [400.0, 560.0] {
        let reach = (y - 330.0) * 0.09;
        tube(canvas, &[(402.0 - reach, y), (842.0 + reach, y)], 18.0, 0.2);
    }
    tube(canvas, &[(472.0, 318.0), (360.0, 372.0), (322.0, 430.0), (262.0, 838.0)], 26.0, 0.0);
    tube(canvas, &[(770.0, 318.0), (900.0, 372.0), (940.0, 430.0), (1012.0, 838.0)], 26.0, 0.0);
    for (near, far) in [((303.0, 560.0), (388.0, 560.0)), ((963.0, 560.0), (857.0, 560.0))] {
        tube(canvas, &[near, far], 16.0, 0.1);
    }
    for (from, to) in [((470.0, 318.0), (372.0, 366.0)), ((774.0, 318.0), (888.0, 366.0))] {
        let grip = limb((from.0, from.1, 24.0), (to.0, to.1, 26.0));
        canvas.shadow(&grip, 6.0);
        canvas.fill(&grip, Paint::Bulge(rgb(0x5F_A6A0), rgb(0x22_5F60), 20.0));
    }
    for (x, y) in [(262.0, 838.0), (1012.0, 838.0)] {
        let tip = slab(x, y + 4.0, 46.0, 50.0, 12.0);
        canvas.fill(&tip, Paint::Bulge(rgb(0x63_686C), rgb(0x25_292C), 18.0));
    }
    for x in [368.0, 876.0] {
        canvas.fill(&disc(x, 752.0, 44.0), Paint::Bulge(rgb(0x55_5A5E), rgb(0x22_2527), 16.0));
        canvas.fill(&disc(x, 752.0, 24.0), Paint::Bulge(rgb(0xF2_F4F5), rgb(0x9A_A4AA), 14.0));
        canvas.fill(&disc(x, 752.0, 7.0), Paint::Flat(rgb(0x5C_666C)));
    }
}

fn tube(canvas: &mut Canvas, corners: &[(f32, f32)], width: f32, dim: f32) {
    let dark = rgb(0x3A_4248);
    let tube = path(corners, width);
    let (middle, edge) = (rgb(0xF3_F6F8).towards(dark, dim), rgb(0x7F_8B93).towards(dark, dim));
    canvas.shadow(&tube, 5.0);
    canvas.fill(&tube, Paint::Bulge(middle, edge, width / 2.0));
}
