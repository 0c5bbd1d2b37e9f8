//! The office's desk: facilities, members, cards, devices and their enrolments.

pub mod counts;

use crate::kit::routes::Routes;

pub fn routes() -> Routes {
    Routes::default()
}
