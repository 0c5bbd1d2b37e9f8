//! The numbers on the office's tiles.

use provisioning::enrolment;
use serde::Serialize;
use store::StoreError;

use crate::kit::app::App;

#[derive(Clone, Copy, Serialize)]
pub struct Counts {
    pub changes: usize,
    pub enrolments: usize,
    pub cards: usize,
    pub devices: usize,
    pub unfinished: usize,
}

pub fn counts(app: &App) -> Result<Counts, StoreError> {
    let enrolments = app.store.read(|read| enrolment::waiting(read, app.now()))?.len();
    Ok(Counts { changes: 0, enrolments, cards: 0, devices: 0, unfinished: 0 })
}
