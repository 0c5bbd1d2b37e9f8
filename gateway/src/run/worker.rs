//! Packets, both ways, on one thread: a flow stays in order because nobody else touches it.
//!
//! A turn takes at most one batch from each end, so that neither starves the other.

use std::io::{self, IoSliceMut};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quinn_udp::RecvMeta;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, epoll};

use super::batch::Batch;
use super::outside::{BATCH, MESSAGE_BYTES, SEND_BYTES_MAX};
use super::tun::READ_BYTES;
use super::{Shared, now};
use crate::engine::{Arrival, Drop, Event, Moment, Route, Table};
use crate::offload::{Coalescer, Split};
use crate::wireguard::{BUFFER_BYTES_MIN, DATA_OVERHEAD_BYTES};

/// Reads of the TUN a turn: about as much as one batch from outside can hold.
const READS: usize = 8;
/// Packets of one turn on their way inside lie here side by side; the library wants room for the
/// largest datagram behind the last one.
const ARENA_BYTES: usize = BATCH * MESSAGE_BYTES + BUFFER_BYTES_MIN;

/// Two come in a turn when one client sends as fast as it can.
const OFFERED_MIN: usize = 4;

/// Under a flood handshakes are taken by the handful: to be woken costs three times what a message
/// does. Live sessions then wait so much longer at most.
const LULL: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000 };

const STOP: u64 = 0;
const TUN: u64 = 1;
const FIRST_PORT: u64 = 2;
const EVENTS: usize = 4;

pub struct Worker {
    shared: Arc<Shared>,
    epoll: rustix::fd::OwnedFd,
    received: Vec<Vec<u8>>,
    /// How many of `received` the next call offers: each costs something, filled or not.
    offered: usize,
    arena: Vec<u8>,
    used: usize,
    coalescer: Coalescer,
    read: Vec<u8>,
    sealed: Vec<u8>,
}

impl Worker {
    pub fn new(shared: Arc<Shared>) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let watch = |handle, data| {
            epoll::add(&epoll, handle, epoll::EventData::new_u64(data), epoll::EventFlags::IN)
        };
        watch(rustix::fd::AsFd::as_fd(&shared.stop), STOP)?;
        watch(shared.tun.handle(), TUN)?;
        for (data, socket) in (FIRST_PORT..).zip(shared.outside.sockets()) {
            watch(socket, data)?;
        }
        Ok(Self {
            shared,
            epoll,
            received: vec![vec![0; MESSAGE_BYTES]; BATCH],
            offered: BATCH,
            arena: vec![0; ARENA_BYTES],
            used: 0,
            coalescer: Coalescer::default(),
            read: vec![0; READ_BYTES],
            sealed: vec![0; SEND_BYTES_MAX + BUFFER_BYTES_MIN],
        })
    }

    pub fn run(mut self) {
        let mut events = Vec::with_capacity(EVENTS);
        while !self.shared.is_stopping() {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => {
                    log::error!("the gateway cannot wait for packets: {error}");
                    return;
                }
            }
            let table = self.shared.engine.table();
            let mut rests = false;
            for event in &events {
                match event.data.u64() {
                    STOP => return,
                    TUN => self.take_inside(&table),
                    port => {
                        let port = usize::try_from(port - FIRST_PORT).unwrap_or_default();
                        rests = self.take_outside(&table, port);
                    }
                }
            }
            drop(table);
            if rests {
                self.rest();
            }
        }
    }

    /// What comes from inside, or the end, is not kept waiting.
    fn rest(&self) {
        let shared = &self.shared;
        let mut waits = [
            PollFd::new(&shared.stop, PollFlags::IN),
            PollFd::from_borrowed_fd(shared.tun.handle(), PollFlags::IN),
        ];
        // However it ends, the loop looks at everything.
        let _ = rustix::event::poll(&mut waits, Some(&LULL));
    }

    /// Whether it may rest: there is a flood, all of it is taken, and no session sent anything.
    fn take_outside(&mut self, table: &Table, port: usize) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut about = [RecvMeta::default(); BATCH];
        let mut received = mem::take(&mut self.received);
        let offered = received.iter_mut().take(self.offered);
        let mut buffers: Vec<_> = offered.map(|one| IoSliceMut::new(one)).collect();
        let count = shared.outside.receive(port, &mut buffers, &mut about);
        let is_empty = count < self.offered;
        self.offered = if is_empty { (2 * count).clamp(OFFERED_MIN, BATCH) } else { BATCH };
        let now = now();
        let (mut has_queued, mut has_data) = (false, false);
        for (meta, buffer) in about.iter().zip(&received).take(count) {
            let route = Route { remote: meta.addr, local: meta.dst_ip, port };
            let bytes = buffer.get(..meta.len).unwrap_or_default();
            let mut arrival = shared.engine.arrival(table, now, route);
            for datagram in bytes.chunks(meta.stride.max(1)) {
                has_queued |= self.take_datagram(&mut arrival, &route, datagram);
            }
            has_data |= arrival.has_data();
        }
        self.received = received;
        self.flush();
        if has_queued {
            shared.wake_handshakes();
        }
        is_empty && !has_data && shared.engine.flood().is_under_load
    }

    /// Whether it is an initiation that waits.
    fn take_datagram(&mut self, arrival: &mut Arrival<'_>, route: &Route, datagram: &[u8]) -> bool {
        if self.arena.len() - self.used < BUFFER_BYTES_MIN {
            self.flush();
        }
        let Some(out) = self.arena.get_mut(self.used..) else { return false };
        let engine = &self.shared.engine;
        let taken = catch_unwind(AssertUnwindSafe(|| arrival.take(datagram, out)));
        match taken {
            Ok(Event::Nothing) => false,
            Ok(Event::Queued) => true,
            Ok(Event::Answer(range)) => {
                send_one(&self.shared, route, out.get(range).unwrap_or_default());
                false
            }
            Ok(Event::Inside(range)) => {
                let at = self.used + range.start..self.used + range.end;
                self.used = at.end;
                self.coalescer.add(&self.arena, at);
                false
            }
            Err(_) => {
                log::error!("a datagram of {} bytes made the gateway panic", datagram.len());
                arrival.release();
                engine.abandon(datagram);
                false
            }
        }
    }

    fn flush(&mut self) {
        let Self { shared, coalescer, arena, .. } = self;
        let mut bytes = 0;
        coalescer.flush(arena, |large| match shared.tun.write(large) {
            Ok(written) => bytes += written,
            Err(_) => shared.engine.drops.count(Drop::TunFailed),
        });
        if bytes > 0 {
            let bytes = u64::try_from(bytes).unwrap_or_default();
            shared.received_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        self.used = 0;
    }

    fn take_inside(&mut self, table: &Table) {
        let now = now();
        let mut batch = Batch::default();
        for _ in 0..READS {
            let Some(length) = self.shared.tun.read(&mut self.read) else { break };
            self.seal(table, now, length, &mut batch);
        }
        send(&self.shared, batch, &self.sealed);
    }

    /// One read: perhaps 50 packets of one flow, which leave by one call. Those that are left, as
    /// acknowledgements are, wait for more of the same peer's until the turn ends.
    fn seal(&mut self, table: &Table, now: Moment, length: usize, batch: &mut Batch) {
        let Self { shared, read, sealed, .. } = self;
        let engine = &shared.engine;
        let packet = read.get(crate::offload::HEADER_BYTES..length).unwrap_or_default();
        let Some(slot) = engine.slot_for(table, packet) else { return };
        let Some(mut sender) = slot.sender(now) else {
            // Behind what waits for the end of the turn.
            let Some(out) = sealed.get_mut(batch.used..) else { return };
            if let Some((range, route)) = engine.farewell(slot, now, packet, out) {
                send_one(shared, &route, out.get(range).unwrap_or_default());
            }
            return;
        };
        let Ok(mut split) = Split::new(read, length, shared.tun.mtu) else {
            return engine.drops.count(Drop::Unsplittable);
        };
        let mut bytes = 0;
        while let Some(packet) = split.next_packet() {
            if !batch.takes(&sender.route, packet.len() + DATA_OVERHEAD_BYTES) {
                send(shared, batch.take(), sealed);
            }
            bytes += packet.len();
            let Some(out) = sealed.get_mut(batch.used..) else { break };
            let Some(length) = sender.seal(packet, out) else { break };
            batch.add(&sender.route, length);
        }
        let bytes = u64::try_from(bytes).unwrap_or_default();
        shared.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn send(shared: &Shared, batch: Batch, sealed: &[u8]) {
    let Some((route, length)) = batch.filled() else { return };
    let datagrams = sealed.get(..length).unwrap_or_default();
    send_pieces(shared, &route, datagrams, batch.size);
}

fn send_one(shared: &Shared, route: &Route, datagram: &[u8]) {
    send_pieces(shared, route, datagram, datagram.len());
}

fn send_pieces(shared: &Shared, route: &Route, datagrams: &[u8], size: usize) {
    if !shared.outside.send(route, datagrams, size) {
        shared.engine.drops.count(Drop::SendFailed);
    }
}
