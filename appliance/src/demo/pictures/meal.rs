//! A soft-food lunch on its tray, seen from above.

use super::canvas::{Canvas, Paint, rgb};
use super::shapes::{Shape, area, disc, ellipse, joined, limb, line, path, slab};

pub(super) fn meal_tray() -> Canvas {
    let mut canvas = Canvas::new(Paint::Glow(rgb(0xDF_E7E4), rgb(0xB9_C9C6)));
    tray(&mut canvas);
    rice(&mut canvas);
    soup(&mut canvas);
    fish(&mut canvas);
    vegetables(&mut canvas);
    pudding(&mut canvas);
    cutlery(&mut canvas);
    canvas
}

fn tray(canvas: &mut Canvas) {
    let rim = slab(640.0, 490.0, 1140.0, 790.0, 60.0);
    canvas.shadow(&rim, 24.0);
    canvas.fill(&rim, Paint::Down(rgb(0xB9_8A5C), rgb(0x8D_6139)));
    let floor = slab(640.0, 490.0, 1086.0, 736.0, 44.0);
    canvas.fill(&floor, Paint::Down(rgb(0xCB_A070), rgb(0xB9_8B5B)));
    for index in 0..22_u8 {
        let y = 140.0 + f32::from(index) * 33.0;
        let bend = f32::from(index % 4) * 7.0 - 10.0;
        let grain =
            path(&[(100.0, y), (460.0, y + bend), (820.0, y - bend), (1180.0, y + 4.0)], 3.0);
        canvas.glaze(&grain.within(&floor), Paint::Flat(rgb(0x8F_6238)), 0.22, 6.0);
    }
    canvas.outline(&floor, 3.0, rgb(0x7C_5430));
}

fn bowl(canvas: &mut Canvas, (x, y): (f32, f32), radius: f32, colours: [u32; 2]) {
    let [inside, rim] = colours;
    canvas.shadow(&disc(x, y, radius), 18.0);
    canvas.fill(&disc(x, y, radius), Paint::Bulge(rgb(rim), rgb(rim).towards(rgb(0), 0.25), 9.0));
    let hollow = disc(x, y, radius - 13.0);
    canvas.fill(&hollow, Paint::Bulge(rgb(inside), rgb(inside).towards(rgb(0), 0.35), 46.0));
}

fn rice(canvas: &mut Canvas) {
    bowl(canvas, (330.0, 640.0), 150.0, [0xEE_F2F2, 0x5C_86A8]);
    let porridge = disc(330.0, 640.0, 122.0);
    canvas.fill(&porridge, Paint::Bulge(rgb(0xFD_FCF6), rgb(0xDD_DACC), 50.0));
    for index in 0..90_u16 {
        let turn = f32::from(index) * 2.399_963;
        let reach = 108.0 * (f32::from(index) / 90.0).sqrt();
        let (x, y) = (330.0 + reach * turn.cos(), 640.0 + reach * turn.sin());
        let grain = ellipse(x, y, 9.0, 4.5).turned(f32::from(index) * 47.0);
        canvas.glaze(&grain, Paint::Bulge(rgb(0xFF_FFFF), rgb(0xD2_CFC0), 5.0), 0.7, 2.0);
    }
    let plum = disc(330.0, 634.0, 25.0);
    canvas.shadow(&plum, 4.0);
    canvas.fill(&plum, Paint::Bulge(rgb(0xD7_4B4B), rgb(0x8C_2330), 22.0));
    canvas.glaze(&ellipse(322.0, 625.0, 7.0, 4.0), Paint::Flat(rgb(0xFF_D9D2)), 0.7, 5.0);
}

fn soup(canvas: &mut Canvas) {
    bowl(canvas, (925.0, 640.0), 148.0, [0x4A_2018, 0x7A_2C24]);
    let broth = disc(925.0, 640.0, 120.0);
    canvas.fill(&broth, Paint::Bulge(rgb(0xD9_A65E), rgb(0xA4_6E30), 80.0));
    for (x, y, size) in [(880.0, 600.0, 40.0), (965.0, 660.0, 52.0), (925.0, 710.0, 36.0)] {
        canvas.glaze(&disc(x, y, size), Paint::Flat(rgb(0xEF_CB8C)), 0.45, 40.0);
    }
    for (x, y, turn) in [(890.0, 640.0, 12.0), (958.0, 606.0, -20.0), (944.0, 690.0, 38.0)] {
        let tofu = slab(x, y, 44.0, 38.0, 5.0).turned(turn);
        canvas.shadow(&tofu, 3.0);
        canvas.fill(&tofu, Paint::Bulge(rgb(0xFF_FBF0), rgb(0xE3_D8C0), 10.0));
    }
    for (x, y) in [(862.0, 682.0), (915.0, 574.0), (1000.0, 650.0), (905.0, 700.0)] {
        let leek = disc(x, y, 11.0);
        canvas.fill(&leek, Paint::Flat(rgb(0xB9_D58A)));
        canvas.outline(&leek, 4.0, rgb(0x5D_9648));
    }
}

fn fish(canvas: &mut Canvas) {
    let plate = ellipse(450.0, 300.0, 262.0, 132.0);
    canvas.shadow(&plate, 14.0);
    canvas.fill(&plate, Paint::Bulge(rgb(0xFB_FBF8), rgb(0xD5_DBDA), 20.0));
    canvas.outline(&ellipse(450.0, 300.0, 222.0, 104.0), 3.0, rgb(0xA9_C3CC));
    let fillet = joined(
        vec![limb((320.0, 316.0, 44.0), (480.0, 286.0, 58.0)), disc(540.0, 280.0, 36.0)],
        30.0,
    );
    canvas.shadow(&fillet, 7.0);
    canvas.fill(&fillet, Paint::Bulge(rgb(0xF0_A77C), rgb(0xBE_6B42), 40.0));
    for index in 0..5_u8 {
        let x = 330.0 + f32::from(index) * 44.0;
        let flake = path(&[(x, 250.0), (x + 24.0, 298.0), (x + 4.0, 350.0)], 5.0).within(&fillet);
        canvas.glaze(&flake, Paint::Flat(rgb(0xFB_DBC2)), 0.75, 6.0);
    }
    let lemon = disc(618.0, 330.0, 42.0);
    canvas.shadow(&lemon, 5.0);
    canvas.fill(&lemon, Paint::Flat(rgb(0xF3_CE3C)));
    canvas.fill(&disc(618.0, 330.0, 35.0), Paint::Glow(rgb(0xFB_EE9C), rgb(0xF6_DE6A)));
    for spoke in 0..6_u8 {
        let (sin, cos) = (f32::from(spoke) * 60.0).to_radians().sin_cos();
        let rib = line((618.0, 330.0), (618.0 + 34.0 * cos, 330.0 + 34.0 * sin), 3.0);
        canvas.fill(&rib, Paint::Flat(rgb(0xFE_F9DC)));
    }
}

fn vegetables(canvas: &mut Canvas) {
    bowl(canvas, (860.0, 300.0), 122.0, [0xF4_F1E6, 0xE3_E1D2]);
    for (x, y, size) in [(820.0, 330.0, 38.0), (872.0, 350.0, 36.0), (906.0, 306.0, 34.0)] {
        let pumpkin = slab(x, y, size * 1.7, size * 1.5, 16.0).turned(x * 0.3);
        canvas.shadow(&pumpkin, 6.0);
        canvas.fill(&pumpkin, Paint::Bulge(rgb(0xF5_B041), rgb(0xC7_7A1E), 22.0));
        let peel = slab(x - 4.0, y + size * 0.6, size * 1.3, 9.0, 4.0).turned(x * 0.3);
        canvas.glaze(&peel, Paint::Flat(rgb(0x5D_7A3A)), 0.8, 3.0);
    }
    for (x, y) in [(812.0, 262.0), (846.0, 246.0), (878.0, 262.0), (838.0, 282.0)] {
        let floret = joined(
            vec![disc(x, y, 17.0), disc(x + 13.0, y + 8.0, 13.0), disc(x - 12.0, y + 9.0, 13.0)],
            6.0,
        );
        canvas.shadow(&floret, 4.0);
        canvas.fill(&floret, Paint::Bulge(rgb(0x86_BE5C), rgb(0x47_7E37), 15.0));
    }
}

fn pudding(canvas: &mut Canvas) {
    let cup = slab(1090.0, 420.0, 128.0, 128.0, 64.0);
    canvas.shadow(&cup, 12.0);
    canvas.fill(&cup, Paint::Bulge(rgb(0xFD_FDFD), rgb(0xCC_D6DC), 12.0));
    canvas.fill(&disc(1090.0, 420.0, 52.0), Paint::Bulge(rgb(0xFA_DD8C), rgb(0xDF_B352), 30.0));
    let caramel = disc(1090.0, 420.0, 34.0);
    canvas.fill(&caramel, Paint::Bulge(rgb(0xA8_6128), rgb(0x75_3C14), 22.0));
    canvas.glaze(&ellipse(1078.0, 408.0, 11.0, 6.0), Paint::Flat(rgb(0xFF_E9C8)), 0.7, 8.0);
}

fn cutlery(canvas: &mut Canvas) {
    let rest = slab(628.0, 800.0, 40.0, 66.0, 12.0);
    canvas.shadow(&rest, 5.0);
    canvas.fill(&rest, Paint::Bulge(rgb(0x8F_B8BE), rgb(0x57_8089), 14.0));
    for y in [790.0, 812.0] {
        let stick = limb((590.0, y, 5.0), (1010.0, y + 6.0, 8.0));
        canvas.shadow(&stick, 7.0);
        canvas.fill(&stick, Paint::Bulge(rgb(0xC0_5B45), rgb(0x7B_2B22), 7.0));
    }
    let spoon: Shape = joined(
        vec![ellipse(626.0, 520.0, 36.0, 52.0), limb((626.0, 570.0, 9.0), (626.0, 742.0, 11.0))],
        14.0,
    );
    canvas.shadow(&spoon, 9.0);
    canvas.fill(&spoon, Paint::Bulge(rgb(0xF1_F4F5), rgb(0x8E_989E), 12.0));
    let hollow = ellipse(626.0, 518.0, 26.0, 40.0);
    canvas.glaze(&hollow, Paint::Down(rgb(0x9A_A5AB), rgb(0xF8_FAFA)), 0.9, 8.0);
    let gleam = area(&[(622.0, 600.0), (628.0, 600.0), (628.0, 730.0), (622.0, 730.0)]);
    canvas.glaze(&gleam, Paint::Flat(rgb(0xFF_FFFF)), 0.7, 4.0);
}
