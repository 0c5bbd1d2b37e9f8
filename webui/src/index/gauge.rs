//! How much the index holds: what pages and the console tell of it. Kept by whoever feeds it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;

/// What can be found at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is being opened or begun.
    Nothing,
    /// Pieces from this moment on: an index is filled from its newest end.
    Since(Timestamp),
    Everything,
}

#[derive(Default)]
pub struct Gauge {
    /// Microseconds, or one of the two below.
    since: AtomicI64,
    followed: AtomicU64,
}

const NOTHING: i64 = 0;
const EVERYTHING: i64 = i64::MIN;

impl Gauge {
    pub fn set(&self, reach: Reach, followed: u64) {
        let since = match reach {
            Reach::Nothing => NOTHING,
            Reach::Since(at) => at.as_microsecond(),
            Reach::Everything => EVERYTHING,
        };
        self.since.store(since, Ordering::Relaxed);
        self.followed.store(followed, Ordering::Relaxed);
    }

    pub fn reach(&self) -> Reach {
        match self.since.load(Ordering::Relaxed) {
            NOTHING => Reach::Nothing,
            EVERYTHING => Reach::Everything,
            since => Timestamp::from_microsecond(since).map_or(Reach::Nothing, Reach::Since),
        }
    }

    /// The last change that was looked at.
    pub fn followed(&self) -> u64 {
        self.followed.load(Ordering::Relaxed)
    }
}
