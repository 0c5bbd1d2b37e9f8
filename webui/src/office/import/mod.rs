//! Lists of facilities and members: taken in whole or not at all, and given out again.
//!
//! A file is read, every cell is checked against the form's own rules, and what would come of it
//! is shown; the button takes in exactly that file if it still means exactly the same.

mod check;
mod facilities;
mod given;
mod japanese;
mod members;
mod model;
mod pages;
mod progress;
pub mod say;
mod take;
#[cfg(test)]
mod tests;

pub use check::{Asker, Checked, Register, check};
pub use given::{export, template};
pub use model::{Changed, Kind, Mistake};
pub use progress::{Progress, Stage, Tell};
pub use take::{NotTaken, Taken, take};

use crate::kit::routes::{Access, Routes};

pub fn routes() -> Routes {
    Routes::default()
        .get(Access::Office, "/office/import", pages::show_start)
        .post(Access::Office, "/office/import/files", pages::post_file)
        .get(Access::Office, "/office/import/check", pages::show_check)
        .get(Access::Office, "/office/import/mistakes", pages::show_mistakes)
        .post(Access::Office, "/office/import/take", pages::post_take)
        .get(Access::Office, "/office/import/progress", pages::show_progress)
        .get(Access::Office, "/office/import/template", pages::show_template)
        .get(Access::Office, "/office/export", pages::show_export)
}
