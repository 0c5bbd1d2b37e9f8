//! Sessions that ended with the process before this one.
//!
//! Their clients know nothing of it: they send on, and ask for new keys only when nothing came
//! back for 15 s. So the gateway asks them: each once at the place where it was last, and again
//! wherever a datagram of its session comes from. Neither place is believed; as always a peer is
//! where its own data comes from.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use super::bucket::{Bucket, Rate};
use super::slot::LIVE;
use super::{Drop, Engine, Event, Moment, Route};
use crate::bytes::array_at;
use crate::config::Session;
use crate::wireguard::INDEX_BITS;

/// An initiation costs 80 us here and 100 us more when it is answered: a fifth of a core, for
/// five seconds where all of 5,000 devices were connected.
const CALL_RATE: Rate = Rate { per_second: 1_000, burst: 100 };
/// For an answer to come; whoever sends on meanwhile would void it by the next question.
const CALL_AGAIN: Duration = Duration::from_secs(1);

/// An initiation of our own that is due; see [`Engine::take_call`].
#[derive(Debug)]
pub struct Call {
    pub public_key: [u8; 32],
    pub route: Route,
}

impl Engine {
    /// Before the first peers: the sessions that the process before had, the likeliest first.
    pub fn call_back(&self, now: Moment, sessions: &[Session]) {
        *self.lost.lock() = Lost::new(now, sessions);
    }

    /// The live sessions, for the process after this one: who spoke last comes first.
    pub fn sessions(&self, now: Moment) -> Vec<Session> {
        let table = self.table.load();
        let mut sessions: Vec<_> = table.slots().filter_map(|slot| slot.session(now)).collect();
        sessions.sort_by_key(|(silence, session)| (*silence, session.index));
        sessions.into_iter().map(|(_, session)| session).collect()
    }

    /// The next client that is to be asked for new keys.
    pub fn next_call(&self, now: Moment) -> Option<Call> {
        self.lost.lock().next(now)
    }

    pub fn has_calls(&self) -> bool {
        self.lost.lock().has_waiting()
    }

    /// Asks it: how much of `out` goes to the call's route. `None` where it is there already, or
    /// may not come any more.
    pub fn take_call(&self, now: Moment, call: &Call, out: &mut [u8]) -> Option<Range<usize>> {
        let table = self.table.load();
        let slot = table.by_key(&call.public_key)?;
        let mut line = slot.line.lock();
        if line.left.is_some() || line.channel.has_session() {
            return None;
        }
        line.tick(now);
        line.channel.initiate(out).map(|initiation| 0..initiation.len())
    }

    /// A session's datagram that is none of ours: of the process before us, perhaps.
    pub(super) fn hear(&self, now: Moment, route: Route, datagram: &[u8]) -> Result<Event, Drop> {
        let index = array_at(datagram, 4).map(u32::from_le_bytes).ok_or(Drop::Malformed)?;
        let is_to_be_asked = self.lost.lock().hear(now, index >> (u32::BITS - INDEX_BITS), route);
        if is_to_be_asked { Ok(Event::Queued) } else { Err(Drop::UnknownIndex) }
    }
}

#[derive(Debug)]
pub struct Lost {
    by_index: HashMap<u32, Client>,
    /// Indices of those who were heard, and of those who are only supposed to be there.
    heard: VecDeque<u32>,
    others: VecDeque<u32>,
    bucket: Bucket,
    until: Moment,
}

#[derive(Debug)]
struct Client {
    public_key: [u8; 32],
    route: Route,
    called: Option<Moment>,
    was_heard: bool,
    waits: bool,
}

impl Default for Lost {
    fn default() -> Self {
        Self {
            by_index: HashMap::new(),
            heard: VecDeque::new(),
            others: VecDeque::new(),
            bucket: Bucket::new(CALL_RATE),
            until: Moment::default(),
        }
    }
}

impl Lost {
    /// Who comes first is asked first.
    pub fn new(now: Moment, sessions: &[Session]) -> Self {
        let client = |session: &Session| {
            let Session { public_key, index, route } = *session;
            (index, Client { public_key, route, called: None, was_heard: false, waits: false })
        };
        Self {
            by_index: sessions.iter().map(client).collect(),
            others: sessions.iter().map(|session| session.index).collect(),
            until: Moment(now.0 + LIVE),
            ..Self::default()
        }
    }

    pub fn has_index(&self, index: u32) -> bool {
        self.by_index.contains_key(&index)
    }

    /// A datagram for this index came. Whether its sender is one to ask.
    pub fn hear(&mut self, now: Moment, index: u32, route: Route) -> bool {
        let Some(client) = self.by_index.get_mut(&index) else { return false };
        // Asked where it is not any more, it is asked here at once; but somebody who pretends to
        // be here and there gets no more than one question a second.
        let is_answering = client.was_heard || client.route == route;
        if is_answering && client.called.is_some_and(|called| now.since(called) < CALL_AGAIN) {
            return false;
        }
        client.route = route;
        client.was_heard = true;
        if !client.waits {
            client.waits = true;
            self.heard.push_back(index);
        }
        true
    }

    pub fn next(&mut self, now: Moment) -> Option<Call> {
        if !self.bucket.has(now) {
            return None;
        }
        while let Some((index, is_heard)) = self.pop() {
            let Some(client) = self.by_index.get_mut(&index) else { continue };
            // In its first turn perhaps, because it was heard.
            if !is_heard && client.called.is_some() {
                continue;
            }
            client.called = Some(now);
            client.waits = false;
            self.bucket.take(now);
            return Some(Call { public_key: client.public_key, route: client.route });
        }
        None
    }

    fn pop(&mut self) -> Option<(u32, bool)> {
        let heard = self.heard.pop_front().map(|index| (index, true));
        heard.or_else(|| self.others.pop_front().map(|index| (index, false)))
    }

    pub fn has_waiting(&self) -> bool {
        !self.heard.is_empty() || !self.others.is_empty()
    }

    /// Forgets all when none of the sessions can be alive at its other end.
    pub fn tick(&mut self, now: Moment) {
        if !self.by_index.is_empty() && now >= self.until {
            *self = Self::default();
        }
    }
}
