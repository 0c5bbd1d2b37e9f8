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
use rustix::event::epoll;

use super::outside::{BATCH, MESSAGE_BYTES, PIECES_MAX, SEND_BYTES_MAX};
use super::tun::READ_BYTES;
use super::{Shared, now};
use crate::engine::{Drop, Event, Moment, Route, Table};
use crate::offload::{Coalescer, Split};
use crate::wireguard::{BUFFER_BYTES_MIN, DATA_OVERHEAD_BYTES};

/// Reads of the TUN a turn: about as much as one batch from outside can hold.
const READS: usize = 8;
/// Packets of one turn on their way inside lie here side by side; the library wants room for the
/// largest datagram behind the last one.
const ARENA_BYTES: usize = BATCH * MESSAGE_BYTES + BUFFER_BYTES_MIN;

const STOP: u64 = 0;
const TUN: u64 = 1;
const FIRST_PORT: u64 = 2;
const EVENTS: usize = 4;

pub struct Worker {
    shared: Arc<Shared>,
    epoll: rustix::fd::OwnedFd,
    received: Vec<Vec<u8>>,
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
            for event in &events {
                match event.data.u64() {
                    STOP => return,
                    TUN => self.take_inside(&table),
                    port => {
                        let port = usize::try_from(port - FIRST_PORT).unwrap_or_default();
                        self.take_outside(&table, port);
                    }
                }
            }
        }
    }

    fn take_outside(&mut self, table: &Table, port: usize) {
        let mut about = [RecvMeta::default(); BATCH];
        let mut received = mem::take(&mut self.received);
        let mut buffers: Vec<_> = received.iter_mut().map(|one| IoSliceMut::new(one)).collect();
        let count = self.shared.outside.receive(port, &mut buffers, &mut about);
        let now = now();
        let mut has_queued = false;
        for (meta, buffer) in about.iter().zip(&received).take(count) {
            let route = Route { remote: meta.addr, local: meta.dst_ip, port };
            let bytes = buffer.get(..meta.len).unwrap_or_default();
            for datagram in bytes.chunks(meta.stride.max(1)) {
                has_queued |= self.take_datagram(table, now, route, datagram);
            }
        }
        self.received = received;
        self.flush();
        if has_queued {
            self.shared.wake_handshakes();
        }
    }

    /// Whether it is an initiation that waits.
    fn take_datagram(&mut self, table: &Table, now: Moment, route: Route, datagram: &[u8]) -> bool {
        if self.arena.len() - self.used < BUFFER_BYTES_MIN {
            self.flush();
        }
        let Some(out) = self.arena.get_mut(self.used..) else { return false };
        let engine = &self.shared.engine;
        let taken = catch_unwind(AssertUnwindSafe(|| {
            engine.take_datagram(table, now, route, datagram, out)
        }));
        match taken {
            Ok(Event::Nothing) => false,
            Ok(Event::Queued) => true,
            Ok(Event::Answer(range)) => {
                send_one(&self.shared, &route, out.get(range).unwrap_or_default());
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
        for _ in 0..READS {
            let Some(length) = self.shared.tun.read(&mut self.read) else { return };
            self.send(table, now, length);
        }
    }

    /// One read: perhaps 50 packets of one flow, which leave by one call.
    fn send(&mut self, table: &Table, now: Moment, length: usize) {
        let Self { shared, read, sealed, .. } = self;
        let engine = &shared.engine;
        let packet = read.get(crate::offload::HEADER_BYTES..length).unwrap_or_default();
        let Some(slot) = engine.slot_for(table, packet) else { return };
        let Some(mut sender) = slot.sender(now) else {
            if let Some((range, route)) = engine.farewell(slot, now, packet, sealed) {
                send_one(shared, &route, sealed.get(range).unwrap_or_default());
            }
            return;
        };
        let Ok(mut split) = Split::new(read, length, shared.tun.mtu) else {
            return engine.drops.count(Drop::Unsplittable);
        };
        let route = sender.route;
        let mut batch = Batch::default();
        let mut bytes = 0;
        while let Some(packet) = split.next_packet() {
            let datagram = packet.len() + DATA_OVERHEAD_BYTES;
            if !batch.takes(datagram) {
                batch.send(shared, &route, sealed);
            }
            bytes += packet.len();
            let Some(out) = sealed.get_mut(batch.used..) else { break };
            let Some(length) = sender.seal(packet, out) else { break };
            batch.add(length);
        }
        batch.send(shared, &route, sealed);
        let bytes = u64::try_from(bytes).unwrap_or_default();
        shared.sent_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn send_one(shared: &Shared, route: &Route, datagram: &[u8]) {
    if !shared.outside.send(route, datagram, datagram.len()) {
        shared.engine.drops.count(Drop::SendFailed);
    }
}

/// Datagrams side by side, of one size but for the last.
#[derive(Default)]
struct Batch {
    used: usize,
    size: usize,
    count: usize,
    is_closed: bool,
}

impl Batch {
    fn takes(&self, datagram: usize) -> bool {
        self.count == 0
            || (!self.is_closed
                && datagram <= self.size
                && self.count < PIECES_MAX
                && self.used + datagram <= SEND_BYTES_MAX)
    }

    fn add(&mut self, length: usize) {
        if self.count == 0 {
            self.size = length;
        }
        self.is_closed = length < self.size;
        self.used += length;
        self.count += 1;
    }

    fn send(&mut self, shared: &Shared, route: &Route, sealed: &[u8]) {
        let batch = mem::take(self);
        let datagrams = sealed.get(..batch.used).unwrap_or_default();
        if !datagrams.is_empty() && !shared.outside.send(route, datagrams, batch.size) {
            shared.engine.drops.count(Drop::SendFailed);
        }
    }
}
