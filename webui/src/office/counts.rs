//! The numbers on the office's tiles.

use jiff::SignedDuration;
use provisioning::{cards, devices, enrolment};
use serde::Serialize;
use store::StoreError;

use crate::kit::app::App;

/// Renewal takes a telephone call; two months leave time for one.
pub const DEVICE_WARNED: SignedDuration = SignedDuration::from_hours(60 * 24);

#[derive(Clone, Copy, Serialize)]
pub struct Counts {
    pub enrolments: usize,
    pub cards: usize,
    pub devices: usize,
    pub unfinished: usize,
}

pub fn counts(app: &App) -> Result<Counts, StoreError> {
    let now = app.now();
    app.store.read(|read| {
        Ok(Counts {
            enrolments: enrolment::waiting(read, now)?.len(),
            cards: cards::open(read, now)?.len(),
            devices: devices::ending(read, now, now + DEVICE_WARNED)?,
            unfinished: enrolment::unfinished(read, now)?.len(),
        })
    })
}

/// What every page of the office shows in its tabs.
#[derive(Clone, Copy, Serialize)]
pub struct Office {
    waiting: usize,
}

pub fn office(app: &App) -> Result<Office, StoreError> {
    let waiting = app.store.read(|read| enrolment::waiting(read, app.now()))?.len();
    Ok(Office { waiting })
}
