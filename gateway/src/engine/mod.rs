//! The endpoint without sockets and without a clock: a datagram goes in, and what is to be done
//! about it comes out. Time and randomness are arguments.
//!
//! A data message goes through `take_datagram`; an initiation is only admitted there
//! (`admission.rs`) and answered by `take_queued`, which another thread calls, since it costs
//! 300 times as much. The same thread asks clients of before a restart for new keys (`lost.rs`).
//! Each peer is a [`Slot`] behind its own lock; the tables that lead to it are swapped whole
//! (`table.rs`).

mod admission;
mod bucket;
mod drops;
mod lost;
mod peers;
mod places;
mod slot;
mod table;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use admission::Admission;
pub use admission::{Flood, Initiation};
pub use drops::{Drop, Drops};
pub use lost::Call;
use lost::Lost;
pub use places::Alarm;
pub use slot::{PeerStatus, Slot};
pub use table::Table;

use crate::config::{Peer, Secret32};
use crate::filter::{self, Addresses};
use crate::wireguard::{
    COOKIE_REPLY_BYTES, DATA_OVERHEAD_BYTES, INDEX_BITS, INITIATION_BYTES, Identity, Macs, Opened,
    RESPONSE_BYTES,
};

/// Time since some moment that only the caller knows, on a clock that runs while the machine
/// sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Duration);

impl Moment {
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where a datagram came from, and so where its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub remote: SocketAddr,
    /// The address of ours that was written to: a machine may have several.
    pub local: Option<IpAddr>,
    /// Which of the outside ports.
    pub port: usize,
}

impl Route {
    fn source(&self) -> IpAddr {
        self.remote.ip().to_canonical()
    }
}

/// What a datagram leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Dropped and counted, or nothing to do.
    Nothing,
    /// This part of `out` is a packet for the TUN.
    Inside(Range<usize>),
    /// This part of `out` goes back to where the datagram came from.
    Answer(Range<usize>),
    /// Work waits for [`Engine::take_queued`] or [`Engine::take_call`].
    Queued,
}

/// Makes a number nobody can guess.
pub type Random = dyn Fn() -> u32 + Send + Sync;

pub struct Engine {
    identity: Identity,
    macs: Macs,
    service: Addresses,
    random: Box<Random>,
    table: ArcSwap<Table>,
    admission: Mutex<Admission>,
    lost: Mutex<Lost>,
    /// Held while peers change, by one at a time.
    changing: Mutex<()>,
    pub drops: Drops,
}

const INITIATION: u8 = 1;
const RESPONSE: u8 = 2;
const COOKIE_REPLY: u8 = 3;
const DATA: u8 = 4;

impl Engine {
    pub fn new(private_key: &Secret32, service: Addresses, random: Box<Random>) -> Self {
        let identity = Identity::new(private_key);
        Self {
            macs: Macs::new(&identity),
            identity,
            service,
            random,
            table: ArcSwap::default(),
            admission: Mutex::default(),
            lost: Mutex::default(),
            changing: Mutex::default(),
            drops: Drops::default(),
        }
    }

    /// A snapshot; a batch of datagrams is served by one.
    pub fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }

    /// `out` is at least [`crate::wireguard::BUFFER_BYTES_MIN`] long.
    pub fn take_datagram(
        &self,
        table: &Table,
        now: Moment,
        route: Route,
        datagram: &[u8],
        out: &mut [u8],
    ) -> Event {
        let dropped = match (datagram.first_chunk(), datagram.len()) {
            (Some([DATA, 0, 0, 0]), DATA_OVERHEAD_BYTES..) => {
                self.open(table, now, route, datagram, out)
            }
            (Some([INITIATION, 0, 0, 0]), INITIATION_BYTES) => {
                self.admit(now, route, datagram, out)
            }
            (Some([RESPONSE, 0, 0, 0]), RESPONSE_BYTES) => {
                self.take_answer(table, now, route, datagram, 8, out)
            }
            (Some([COOKIE_REPLY, 0, 0, 0]), COOKIE_REPLY_BYTES) => {
                self.take_answer(table, now, route, datagram, 4, out)
            }
            _ => Err(Drop::Junk),
        };
        dropped.unwrap_or_else(|why| {
            self.drops.count(why);
            Event::Nothing
        })
    }

    fn open(
        &self,
        table: &Table,
        now: Moment,
        route: Route,
        datagram: &[u8],
        out: &mut [u8],
    ) -> Result<Event, Drop> {
        let Some(slot) = table.by_receiver(datagram, 4) else {
            return self.hear(now, route, datagram);
        };
        let opened = {
            let mut line = slot.line.lock();
            if slot.is_revoked() {
                return Err(Drop::Revoked);
            }
            line.tick_if_stale(now);
            let length = match line.channel.open(route.source(), datagram, out)? {
                Opened::Packet(packet) => Some(packet.len()),
                Opened::Keepalive => None,
            };
            // Only here is it certain that the peer is there, and now.
            line.arrive(now, route, datagram.len());
            length
        };
        let Some(length) = opened else { return Ok(Event::Nothing) };
        // The library decrypts to the start of the buffer.
        let packet = out.get(..length).ok_or(Drop::Malformed)?;
        filter::check(packet, &slot.addresses, &self.service)?;
        Ok(Event::Inside(0..length))
    }

    fn admit(
        &self,
        now: Moment,
        route: Route,
        datagram: &[u8],
        out: &mut [u8],
    ) -> Result<Event, Drop> {
        if !self.macs.are_for_us(route.source(), datagram) {
            return Err(Drop::BadMac);
        }
        let mut admission = self.admission.lock();
        admission.admit(&self.macs, now, route, datagram, out)
    }

    /// What answers an initiation of ours: there are some when a client went silent.
    fn take_answer(
        &self,
        table: &Table,
        now: Moment,
        route: Route,
        message: &[u8],
        receiver_at: usize,
        out: &mut [u8],
    ) -> Result<Event, Drop> {
        let slot = table.by_receiver(message, receiver_at).ok_or(Drop::UnknownIndex)?;
        let mut line = slot.line.lock();
        if slot.is_revoked() {
            return Err(Drop::Revoked);
        }
        line.tick(now);
        let length = line.channel.take_handshake(route.source(), message, out)?.map(<[u8]>::len);
        if length.is_some() {
            line.handshake(now);
        }
        Ok(length.map_or(Event::Nothing, |length| Event::Answer(0..length)))
    }

    /// The next initiation that was admitted.
    pub fn next_queued(&self, now: Moment) -> Option<Initiation> {
        self.admission.lock().next(now)
    }

    /// Answers an initiation: how much of `out` goes back to its route.
    pub fn take_queued(
        &self,
        now: Moment,
        initiation: &Initiation,
        out: &mut [u8],
    ) -> Option<Range<usize>> {
        let answered = self.answer(now, initiation, out);
        answered.map_err(|why| self.drops.count(why)).ok()
    }

    fn answer(
        &self,
        now: Moment,
        initiation: &Initiation,
        out: &mut [u8],
    ) -> Result<Range<usize>, Drop> {
        let message = initiation.message.as_slice();
        let key = self.identity.claimed_by(message)?;
        let table = self.table.load();
        let slot = table.by_key(&key).ok_or(Drop::UnknownKey)?;
        let mut line = slot.line.lock();
        if slot.is_revoked() {
            return Err(Drop::Revoked);
        }
        if !line.handshakes.has(now) {
            return Err(Drop::PeerTooFast);
        }
        line.tick(now);
        let source = initiation.route.source();
        let length = line.channel.take_handshake(source, message, out)?.map(<[u8]>::len);
        let length = length.ok_or(Drop::Malformed)?;
        // Charged only when it was real, or a replay would lock its peer out.
        line.handshakes.take(now);
        line.handshake(now);
        Ok(0..length)
    }

    /// A packet from inside, padded, to the peer that holds its destination: see [`Slot::seal`].
    pub fn slot_for<'a>(&self, table: &'a Table, packet: &[u8]) -> Option<&'a Arc<Slot>> {
        let slot = filter::destination(packet).and_then(|address| table.by_inside(address));
        if slot.is_none() {
            self.drops.count(Drop::NoPeer);
        }
        slot
    }

    /// Once a second, for every peer: keepalives, handshakes of our own, keys that are over.
    pub fn tick(&self, now: Moment, out: &mut [u8], mut send: impl FnMut(&[u8], Route)) {
        for slot in self.table.load().slots() {
            let mut line = slot.line.lock();
            line.ticked = now;
            let unsent = line.unsent.take();
            let due = line.channel.tick(out);
            let Some(route) = line.route.filter(|_| !slot.is_revoked()) else { continue };
            for datagram in unsent.as_deref().into_iter().chain(due) {
                send(datagram, route);
            }
        }
        self.admission.lock().tick(now);
        self.lost.lock().tick(now);
    }

    /// Makes these the peers: who left is cut off when this returns. What it gives back are the
    /// inner addresses of those who left or changed, whose connections are to be ended.
    pub fn change_peers(&self, peers: &[Peer]) -> Vec<IpAddr> {
        let _alone = self.changing.lock();
        // A session that was lost must not be taken for one of these.
        let is_lost = |number| self.lost.lock().has_index(number >> (u32::BITS - INDEX_BITS));
        let random = || loop {
            let number = (self.random)();
            if !is_lost(number) {
                break number;
            }
        };
        let change = peers::change(&self.table.load(), peers, &self.identity, &self.macs, &random);
        for slot in &change.gone {
            slot.revoked.store(true, Ordering::Release);
        }
        for problem in &change.problems {
            log::warn!("left a peer out: {problem}");
        }
        self.table.store(Arc::new(change.table));
        // Whoever is in the middle of a packet of theirs holds the lock.
        change.gone.iter().for_each(|slot| std::mem::drop(slot.line.lock()));
        let addresses = change.gone.iter().map(|slot| slot.addresses);
        addresses.flat_map(|ends| [ends.v4.into(), ends.v6.into()]).collect()
    }

    /// After a panic in the middle of it, the receiver's state may be anything: it begins again.
    pub fn abandon(&self, datagram: &[u8]) {
        self.drops.count(Drop::Panicked);
        let table = self.table.load();
        if let Some(slot) = table.by_receiver(datagram, 4) {
            let fresh = slot.fresh_channel(&self.identity, &self.macs);
            slot.line.lock().channel = fresh;
        }
    }

    pub fn flood(&self) -> Flood {
        self.admission.lock().flood()
    }
}
