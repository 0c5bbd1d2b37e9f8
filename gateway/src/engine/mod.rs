//! The endpoint without sockets and without a clock: a datagram goes in, and what is to be done
//! about it comes out. Time and randomness are arguments.
//!
//! A data message goes through [`Arrival`]; an initiation is only admitted there
//! (`admission.rs`) and answered by `take_queued`, which another thread calls, since it costs
//! 300 times as much. The same thread asks clients of before a restart for new keys (`lost.rs`).
//! Each peer is a [`Slot`] behind its own lock; the tables that lead to it are swapped whole
//! (`table.rs`).

mod admission;
mod arrival;
mod bucket;
mod clock;
mod drops;
mod farewell;
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
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use admission::Admission;
pub use admission::{Flood, Initiation};
pub use arrival::Arrival;
use clock::Mark;
pub use drops::{Drop, Drops};
pub use farewell::Reset;
pub use lost::Call;
use lost::Lost;
pub use places::Alarm;
pub use slot::{PeerStatus, Slot};
pub use table::Table;

use crate::config::{Peer, Secret32};
use crate::filter::{self, Addresses};
use crate::wireguard::{INDEX_BITS, Identity, Macs, Refused};

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
    /// Held while peers change, by one at a time: the tables of before. Taking 5,000 entries apart
    /// takes milliseconds, which must not fall to whoever happens to look at one last.
    changing: Mutex<Vec<Arc<Table>>>,
    pub drops: Drops,
}

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

    /// For what came from one place: `table` and `now` hold for all of it.
    pub fn arrival<'a>(&'a self, table: &'a Table, now: Moment, route: Route) -> Arrival<'a> {
        Arrival::new(self, table, now, route)
    }

    /// One datagram alone; `out` is at least [`crate::wireguard::BUFFER_BYTES_MIN`] long.
    pub fn take_datagram(
        &self,
        table: &Table,
        now: Moment,
        route: Route,
        datagram: &[u8],
        out: &mut [u8],
    ) -> Event {
        self.arrival(table, now, route).take(datagram, out)
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
        let mark = Mark::of(message).ok_or(Drop::Malformed)?;
        let mut line = slot.line.lock();
        if line.left.is_some() {
            return Err(Drop::Revoked);
        }
        if line.clock.knows(mark) {
            return Err(Drop::StaleInitiation);
        }
        if !line.handshakes.has(now) {
            return Err(Drop::PeerTooFast);
        }
        line.tick(now);
        let source = initiation.route.source();
        let length = match line.channel.take_handshake(source, message, out) {
            Ok(answer) => answer.ok_or(Drop::Malformed)?.len(),
            Err(Refused::Stale) => {
                line.clock.refuse(now, mark);
                let is_behind = line.clock.behind().is_some();
                return Err(if is_behind { Drop::ClockBehind } else { Drop::StaleInitiation });
            }
            Err(refused) => return Err(refused.into()),
        };
        line.clock.take(mark);
        // Charged only when it was real, or a replay would lock its peer out.
        line.handshakes.take(now);
        line.handshake(now);
        Ok(0..length)
    }

    /// Whom a packet from inside goes to: see [`Slot::sender`], and [`Self::farewell`] where that
    /// has nothing.
    pub fn slot_for<'a>(&self, table: &'a Table, packet: &[u8]) -> Option<&'a Arc<Slot>> {
        let slot = filter::destination(packet).and_then(|address| table.towards(address));
        if slot.is_none() {
            self.drops.count(Drop::NoPeer);
        }
        slot
    }

    /// Once a second, for every peer: keepalives, handshakes of our own, keys that are over. Those
    /// who left hear it again, and are forgotten.
    pub fn tick(&self, now: Moment, out: &mut [u8], mut send: impl FnMut(&[u8], Route)) {
        let table = self.table.load();
        for slot in table.slots() {
            let mut line = slot.line.lock();
            line.ticked = now;
            let unsent = line.unsent.take();
            let due = line.channel.tick(out);
            let Some(route) = line.route.filter(|_| line.left.is_none()) else { continue };
            for datagram in unsent.as_deref().into_iter().chain(due) {
                send(datagram, route);
            }
        }
        self.tell_again(&table, now, out, &mut send);
        self.admission.lock().tick(now);
        self.lost.lock().tick(now);
        let before = self.changing.try_lock();
        if let Some(mut before) = before {
            self.forget_left(&mut before, now);
            forget_unused(&mut before);
        }
    }

    /// Whoever left had its time to hear of it.
    fn forget_left(&self, before: &mut Vec<Arc<Table>>, now: Moment) {
        let current = self.table.load();
        if current.has_left(now) {
            let mut table = Table::clone(&current);
            table.forget_left(now);
            before.push(self.table.swap(Arc::new(table)));
        }
    }

    /// Makes these the peers: who left is cut off when this returns, both ways. What it gives back
    /// are the inner addresses of those who left or changed, whose connections are to be ended.
    pub fn change_peers(&self, now: Moment, peers: &[Peer]) -> Vec<IpAddr> {
        let mut before = self.changing.lock();
        forget_unused(&mut before);
        // A session that was lost must not be taken for one of these.
        let is_lost = |number| self.lost.lock().has_index(number >> (u32::BITS - INDEX_BITS));
        let random = || loop {
            let number = (self.random)();
            if !is_lost(number) {
                break number;
            }
        };
        let table = self.table.load();
        let change = peers::change(now, &table, peers, &self.identity, &self.macs, &random);
        for problem in &change.problems {
            log::warn!("left a peer out: {problem}");
        }
        // Whoever is in the middle of a packet of theirs holds the lock, and whoever comes by the
        // table of before finds this.
        change.gone.iter().for_each(|slot| slot.line.lock().left = Some(now));
        before.push(self.table.swap(Arc::new(change.table)));
        let addresses = change.gone.iter().map(|slot| slot.addresses);
        addresses.flat_map(|ends| [ends.v4.into(), ends.v6.into()]).collect()
    }

    /// After a panic in the middle of it, the receiver's state may be anything: it begins again.
    pub fn abandon(&self, datagram: &[u8]) {
        self.drops.count(Drop::Panicked);
        let table = self.table.load();
        let index = Table::receiver(datagram, arrival::DATA_RECEIVER_AT);
        if let Some(slot) = index.and_then(|index| table.by_index(index)) {
            let fresh = slot.fresh_channel(&self.identity, &self.macs);
            slot.line.lock().channel = fresh;
        }
    }

    pub fn flood(&self) -> Flood {
        self.admission.lock().flood()
    }
}

/// Of a table that nobody sees any more there is no other copy, nor a way to make one.
fn forget_unused(tables: &mut Vec<Arc<Table>>) {
    tables.retain(|table| Arc::strong_count(table) > 1);
}
