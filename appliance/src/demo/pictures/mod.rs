//! Pictures for the demo network, drawn by the program itself: no photo of anybody, no licence.
//!
//! [`draw`] knows a drawing by the name that the demo's data files use. `shapes` says what is
//! where, `canvas` puts colour on it, `marks` are the digits and rulers, and the other files
//! are the drawings. [`large_photo`] is what a phone would send, for tests and measurements.

use self::canvas::Canvas;

pub use self::photo::large_photo;

/// In the order in which the demo's memos show them.
pub const NAMES: [&str; 8] = [
    "forearm-dressing",
    "wound-ruler",
    "pill-calendar",
    "meal-tray",
    "ecg-strip",
    "blood-pressure-chart",
    "bathroom-handrail-plan",
    "walker",
];

/// A JPEG of 1280 x 960 pixels, the same bytes every time.
pub fn draw(name: &str) -> Option<Vec<u8>> {
    scene(name)?.into_jpeg().ok()
}

fn scene(name: &str) -> Option<Canvas> {
    Some(match name {
        "forearm-dressing" => skin::forearm_dressing(),
        "wound-ruler" => skin::wound_ruler(),
        "pill-calendar" => medicine::pill_calendar(),
        "meal-tray" => meal::meal_tray(),
        "ecg-strip" => paper::ecg_strip(),
        "blood-pressure-chart" => paper::blood_pressure_chart(),
        "bathroom-handrail-plan" => home::bathroom_handrail_plan(),
        "walker" => home::walker(),
        _ => return None,
    })
}

mod skin;

mod medicine;

mod meal;

mod paper;

mod home;

mod photo;

mod marks;

mod canvas;

mod shapes;

#[cfg(test)]
mod tests;
