//! Datagrams that came from one place at a time, mostly of one peer, whose lock they take once.

use std::ops::Range;

use parking_lot::MutexGuard;

use super::slot::{Line, Slot};
use super::{Drop, Engine, Event, Moment, Route, Table};
use crate::filter;
use crate::wireguard::{
    COOKIE_REPLY_BYTES, DATA_OVERHEAD_BYTES, INITIATION_BYTES, Opened, RESPONSE_BYTES,
};

const INITIATION: u8 = 1;
const RESPONSE: u8 = 2;
const COOKIE_REPLY: u8 = 3;
const DATA: u8 = 4;

/// Where the receiver's index stands.
pub(super) const DATA_RECEIVER_AT: usize = 4;
const RESPONSE_RECEIVER_AT: usize = 8;
const COOKIE_REPLY_RECEIVER_AT: usize = 4;

/// Lives as long as one receive takes, or shorter: nobody else can use the peer meanwhile.
pub struct Arrival<'a> {
    engine: &'a Engine,
    table: &'a Table,
    now: Moment,
    route: Route,
    /// The receiver's index of the data before, and its peer.
    held: Option<(u32, &'a Slot, MutexGuard<'a, Line>)>,
    has_data: bool,
}

impl<'a> Arrival<'a> {
    pub fn new(engine: &'a Engine, table: &'a Table, now: Moment, route: Route) -> Self {
        Self { engine, table, now, route, held: None, has_data: false }
    }

    /// `out` is at least [`crate::wireguard::BUFFER_BYTES_MIN`] long.
    pub fn take(&mut self, datagram: &[u8], out: &mut [u8]) -> Event {
        let taken = match (datagram.first_chunk(), datagram.len()) {
            (Some([DATA, 0, 0, 0]), DATA_OVERHEAD_BYTES..) => self.open(datagram, out),
            other => {
                // What follows takes locks of its own.
                self.release();
                match other {
                    (Some([INITIATION, 0, 0, 0]), INITIATION_BYTES) => self.admit(datagram, out),
                    (Some([RESPONSE, 0, 0, 0]), RESPONSE_BYTES) => {
                        self.take_answer(datagram, RESPONSE_RECEIVER_AT, out)
                    }
                    (Some([COOKIE_REPLY, 0, 0, 0]), COOKIE_REPLY_BYTES) => {
                        self.take_answer(datagram, COOKIE_REPLY_RECEIVER_AT, out)
                    }
                    _ => Err(Drop::Junk),
                }
            }
        };
        taken.unwrap_or_else(|why| {
            self.engine.drops.count(why);
            Event::Nothing
        })
    }

    /// Whether any peer's keys vouched for some of it.
    pub fn has_data(&self) -> bool {
        self.has_data
    }

    /// Lets go of the peer.
    pub fn release(&mut self) {
        self.held = None;
    }

    fn open(&mut self, datagram: &[u8], out: &mut [u8]) -> Result<Event, Drop> {
        let (engine, now, route) = (self.engine, self.now, self.route);
        let Some((slot, line)) = self.hold(datagram) else {
            return engine.hear(now, route, datagram);
        };
        // Asked for each: whoever revokes waits for the lock, and only then says that it is done.
        if line.left.is_some() {
            return engine.turn_away(slot, line, (now, route.source()), datagram, out);
        }
        line.tick_if_stale(now);
        let length = match line.channel.open(route.source(), datagram, out)? {
            Opened::Packet(packet) => Some(packet.len()),
            Opened::Keepalive => None,
        };
        // Only here is it certain that the peer is there, and now.
        line.arrive(now, route, datagram.len());
        self.has_data = true;
        let Some(length) = length else { return Ok(Event::Nothing) };
        // The library decrypts to the start of the buffer.
        let packet = out.get(..length).ok_or(Drop::Malformed)?;
        filter::check(packet, &slot.addresses, &engine.service)?;
        Ok(Event::Inside(0..length))
    }

    /// The peer that the data is for, with its lock.
    fn hold(&mut self, datagram: &[u8]) -> Option<(&'a Slot, &mut Line)> {
        let index = Table::receiver(datagram, DATA_RECEIVER_AT)?;
        if self.held.as_ref().is_none_or(|(held, ..)| *held != index) {
            self.release();
            let slot = self.table.by_index(index)?;
            self.held = Some((index, slot, slot.line.lock()));
        }
        self.held.as_mut().map(|(_, slot, line)| (*slot, &mut **line))
    }

    fn admit(&self, datagram: &[u8], out: &mut [u8]) -> Result<Event, Drop> {
        let Engine { admission, macs, .. } = self.engine;
        admission.lock().admit(macs, self.now, self.route, datagram, out)
    }

    /// What answers an initiation of ours: there are some when a client went silent.
    fn take_answer(
        &self,
        message: &[u8],
        receiver_at: usize,
        out: &mut [u8],
    ) -> Result<Event, Drop> {
        let index = Table::receiver(message, receiver_at).ok_or(Drop::Junk)?;
        let slot = self.table.by_index(index).ok_or(Drop::UnknownIndex)?;
        let mut line = slot.line.lock();
        if line.left.is_some() {
            return Err(Drop::Revoked);
        }
        line.tick(self.now);
        let answered = line.channel.take_handshake(self.route.source(), message, out)?;
        let answer: Option<Range<usize>> = answered.map(|answer| 0..answer.len());
        if answer.is_some() {
            line.handshake(self.now);
        }
        Ok(answer.map_or(Event::Nothing, Event::Answer))
    }
}
