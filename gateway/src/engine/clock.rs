//! Whether a device's clock was set back.
//!
//! An initiation says when it was made, and one that is no younger than the last is refused. That
//! alone says little: whoever recorded old ones sends them again without any key. So each that
//! was authentic is remembered, and is nothing when it comes again. A device whose clock went
//! back makes a fresh one every 5 s, and none of them lets it in.
//!
//! The rule: [`FRESH`] that nobody saw before, within [`WITHIN`], and none taken since. A thief
//! with enough initiations that never came here, or came before the last [`REMEMBERED`], can
//! still raise it for a device that is away; the device's next handshake takes it back.

use std::collections::VecDeque;
use std::time::Duration;

use super::Moment;
use crate::bytes::array_at;
use crate::wireguard::EPHEMERAL_AT;

/// Two hours of a device that never rests, in half a kilobyte.
const REMEMBERED: usize = 64;
const FRESH: usize = 3;
/// The apps ask every 5 s, for 90 s at a time.
const WITHIN: Duration = Duration::from_secs(60);

/// Tells initiations apart: each has an ephemeral key of its own, whose beginning will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark([u8; 8]);

impl Mark {
    pub fn of(initiation: &[u8]) -> Option<Self> {
        array_at(initiation, EPHEMERAL_AT).map(Self)
    }
}

/// What a peer's initiations say about its clock.
#[derive(Debug, Default)]
pub struct Clock {
    known: VecDeque<Mark>,
    fresh: VecDeque<Moment>,
    behind: Option<Moment>,
}

impl Clock {
    pub fn knows(&self, mark: Mark) -> bool {
        self.known.contains(&mark)
    }

    /// It was younger than the ones before: the clock goes as it should.
    pub fn take(&mut self, mark: Mark) {
        self.remember(mark);
        self.fresh.clear();
        self.behind = None;
    }

    /// It was authentic, unknown, and no younger than the last that was taken.
    pub fn refuse(&mut self, now: Moment, mark: Mark) {
        self.remember(mark);
        if self.fresh.len() == FRESH {
            self.fresh.pop_front();
        }
        self.fresh.push_back(now);
        let is_row = self.fresh.len() == FRESH
            && self.fresh.front().is_some_and(|first| now.since(*first) <= WITHIN);
        if is_row || self.behind.is_some() {
            if self.behind.is_none() {
                log::warn!("a peer's clock is behind that of its last handshake");
            }
            self.behind = Some(now);
        }
    }

    /// When it last asked in vain.
    pub fn behind(&self) -> Option<Moment> {
        self.behind
    }

    fn remember(&mut self, mark: Mark) {
        if self.known.len() == REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back(mark);
    }
}
