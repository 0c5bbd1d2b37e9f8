//! Opened frames of a folder's files: a bounded number of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Eight mebibytes of frames: what a few searches at once touch.
const FRAMES_MAX: usize = 128;

/// A file's number and a frame's.
pub(super) type Place = (u64, u64);

#[derive(Default)]
pub(super) struct Cache(Mutex<State>);

#[derive(Default)]
struct State {
    held: HashMap<Place, Held>,
    looks: u64,
}

struct Held {
    frame: Arc<Vec<u8>>,
    looked_at: u64,
}

impl Cache {
    pub fn get(&self, place: Place) -> Option<Arc<Vec<u8>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.looks += 1;
        let looks = state.looks;
        let held = state.held.get_mut(&place)?;
        held.looked_at = looks;
        Some(held.frame.clone())
    }

    /// The frame that was looked at longest ago makes room.
    pub fn put(&self, place: Place, frame: Arc<Vec<u8>>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held.len() >= FRAMES_MAX {
            let oldest = state.held.iter().min_by_key(|(_, held)| held.looked_at);
            if let Some(place) = oldest.map(|(place, _)| *place) {
                state.held.remove(&place);
            }
        }
        let looked_at = state.looks;
        state.held.insert(place, Held { frame, looked_at });
    }

    pub fn clear(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.held = HashMap::new();
    }
}
