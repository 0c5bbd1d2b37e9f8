//! Which initiations are worth the 180 us that each costs.
//!
//! A right first MAC is needed always, and costs an attacker little. Under load a source must
//! also show a cookie, that is, be where it says it is; then there is a limit for each source.
//! Whoever showed a cookie goes first.

use std::collections::VecDeque;
use std::time::Duration;

use super::bucket::{Bucket, Buckets, Rate};
use super::{Drop, Event, Moment, Route};
use crate::wireguard::{COOKIE_REPLY_BYTES, Cookie, INITIATION_BYTES, Macs};

/// 0.2 s of work; who waits longer asks again after 5 s.
const QUEUE_MAX: usize = 1_024;
/// This much of it is load.
const QUEUE_CALM: usize = QUEUE_MAX / 8;
/// More in a second than this is load: all 5,000 devices of a network at once stay below it for
/// the first second and are then asked for a cookie.
const CALM_PER_SECOND: u32 = 1_000;
/// For how long load lasts after the last sign of it.
const LOAD_LASTS: Duration = Duration::from_secs(1);
/// A hospital's devices may all stand behind one address.
const SOURCE_RATE: Rate = Rate { per_second: 50, burst: 100 };
/// 64 bytes each for 148 that came: 10 Mbit/s, 44 ms of a core.
const COOKIE_RATE: Rate = Rate { per_second: 20_000, burst: 20_000 };

/// An initiation on its way to [`super::Engine::take_queued`].
#[derive(Debug)]
pub struct Initiation {
    pub message: [u8; INITIATION_BYTES],
    pub route: Route,
}

/// What an attack looks like from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flood {
    pub is_under_load: bool,
    /// How often load began.
    pub floods: u64,
    pub cookies: u64,
    pub queued: usize,
}

#[derive(Debug)]
pub struct Admission {
    proven: VecDeque<Initiation>,
    others: VecDeque<Initiation>,
    sources: Buckets,
    cookie_bucket: Bucket,
    second: u64,
    this_second: u32,
    loaded_until: Option<Moment>,
    flood: Flood,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            proven: VecDeque::new(),
            others: VecDeque::new(),
            sources: Buckets::new(SOURCE_RATE),
            cookie_bucket: Bucket::new(COOKIE_RATE),
            second: 0,
            this_second: 0,
            loaded_until: None,
            flood: Flood::default(),
        }
    }
}

impl Admission {
    /// Under load the first MAC is looked at along with the cookie, so that none costs twice.
    pub fn admit(
        &mut self,
        macs: &Macs,
        now: Moment,
        route: Route,
        message: &[u8],
        out: &mut [u8],
    ) -> Result<Event, Drop> {
        let message = *message.first_chunk().ok_or(Drop::Junk)?;
        let initiation = Initiation { message, route };
        if !self.is_loaded(now) {
            if !macs.are_for_us(route.source(), &message) {
                return Err(Drop::BadMac);
            }
            self.count(now);
            if !self.is_loaded(now) {
                self.others.push_back(initiation);
                return Ok(Event::Queued);
            }
            return self.admit_proven(macs, now, initiation, out);
        }
        let admitted = self.admit_proven(macs, now, initiation, out);
        if !matches!(admitted, Err(Drop::BadMac)) {
            self.count(now);
        }
        admitted
    }

    fn admit_proven(
        &mut self,
        macs: &Macs,
        now: Moment,
        initiation: Initiation,
        out: &mut [u8],
    ) -> Result<Event, Drop> {
        let source = initiation.route.source();
        let reply = out.first_chunk_mut::<COOKIE_REPLY_BYTES>().ok_or(Drop::Junk)?;
        match macs.check_cookie(initiation.route.remote, &initiation.message, reply) {
            Cookie::Malformed => Err(Drop::BadMac),
            Cookie::Ask(reply) => {
                if !self.cookie_bucket.take(now) {
                    return Err(Drop::Overload);
                }
                self.flood.cookies += 1;
                Ok(Event::Answer(0..reply.len()))
            }
            Cookie::Valid => {
                if !self.sources.take(now, source) {
                    return Err(Drop::SourceTooFast);
                }
                if self.proven.len() >= QUEUE_MAX {
                    return Err(Drop::Overload);
                }
                self.proven.push_back(initiation);
                Ok(Event::Queued)
            }
        }
    }

    /// Counts one more of those with a right first MAC, and begins the load when that is too
    /// much. The queue of those without a cookie so never grows beyond what is calm.
    fn count(&mut self, now: Moment) {
        if self.second != now.0.as_secs() {
            self.second = now.0.as_secs();
            self.this_second = 0;
        }
        self.this_second = self.this_second.saturating_add(1);
        let queued = self.proven.len() + self.others.len();
        if queued >= QUEUE_CALM || self.this_second > CALM_PER_SECOND {
            if !self.is_loaded(now) {
                self.flood.floods += 1;
            }
            self.loaded_until = Some(Moment(now.0 + LOAD_LASTS));
        }
    }

    fn is_loaded(&self, now: Moment) -> bool {
        self.loaded_until.is_some_and(|until| now < until)
    }

    pub fn next(&mut self, now: Moment) -> Option<Initiation> {
        self.flood.is_under_load = self.is_loaded(now);
        self.proven.pop_front().or_else(|| self.others.pop_front())
    }

    pub fn tick(&mut self, now: Moment) {
        self.flood.is_under_load = self.is_loaded(now);
        self.sources.tick(now);
    }

    pub fn flood(&self) -> Flood {
        Flood { queued: self.proven.len() + self.others.len(), ..self.flood }
    }
}
