//! Packets from the wire into few writes to the TUN: segments of one TCP flow in a row become one
//! large packet, as the kernel's own GRO does, so that it goes through the stack once.
//!
//! Split again, a large packet gives exactly the packets that it was made of (but for the IPv4
//! identifier of packets that may not be fragmented, which means nothing: RFC 6864). Their TCP
//! checksum is not looked at: the cipher has just vouched for each of them.

use std::ops::Range;

use super::checksum::{Sum, pseudo_header};
use super::header::{HEADER_BYTES, Header, Partial, Segmentation, Shape, TCP};
use super::segment::{PUSH, Pair, Segment};
use crate::bytes::{put, put_u16, u16_at};

/// As many flows as can grow at a time; a browser opens six connections to a server.
const OPEN_MAX: usize = 16;
/// As many packets as a large one is made of (the kernel's MAX_SKB_FRAGS is 17 pages of 4 KB at
/// least, and 64 KB are 53 packets of the smallest MTU).
const SEGMENTS_MAX: usize = 64;
const PACKET_BYTES_MAX: usize = 65_535;
/// Of one [`Large`]: the virtio header, and what each packet gives.
pub const PIECES_MAX: usize = 1 + SEGMENTS_MAX;

const DONT_FRAGMENT: u16 = 0x4000;

/// Collects the packets of one turn, which lie in one buffer, as ranges.
#[derive(Debug, Default)]
pub struct Coalescer {
    /// In the order in which they began: that of packets in a flow is kept.
    batches: Vec<Batch>,
    /// The last ones of `batches` that may still grow.
    open: Vec<usize>,
    /// Lists of earlier turns, to be used again.
    spare: Vec<Vec<Range<usize>>>,
}

#[derive(Debug)]
struct Batch {
    shape: Option<Shape>,
    first: Range<usize>,
    more: Vec<Range<usize>>,
    size: usize,
    total: usize,
    next_sequence: u32,
    /// Whether the last packet asked to be handed on at once.
    is_pushed: bool,
}

/// One write: a virtio header, a packet's start, and payloads to go behind it.
#[derive(Debug)]
pub struct Large<'a> {
    pub header: [u8; HEADER_BYTES],
    first: &'a [u8],
    more: &'a [Range<usize>],
    buffer: &'a [u8],
}

impl Coalescer {
    /// `at` is where the packet lies in `buffer`.
    pub fn add(&mut self, buffer: &[u8], at: Range<usize>) {
        let Some(packet) = buffer.get(at.clone()) else { return };
        let Some(segment) = Segment::of(packet) else {
            self.close_flow(buffer, packet);
            self.batches.push(Batch::whole(at));
            return;
        };
        let found = self.open.iter().position(|index| {
            self.batches.get(*index).is_some_and(|batch| batch.is_flow_of(buffer, packet))
        });
        if let Some(place) = found
            && let Some(index) = self.open.get(place).copied()
            && let Some(batch) = self.batches.get_mut(index)
        {
            if batch.takes(buffer, packet, &segment) {
                if batch.more.is_empty() {
                    batch.more = self.spare.pop().unwrap_or_default();
                }
                if !batch.grow(at.start + segment.shape.headers_bytes..at.end, &segment) {
                    self.open.remove(place);
                }
                return;
            }
            self.open.remove(place);
        }
        if !segment.is_last() {
            if self.open.len() == OPEN_MAX {
                self.open.remove(0);
            }
            self.open.push(self.batches.len());
        }
        self.batches.push(Batch::first(at, &segment));
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Hands out what was collected, with its headers completed in `buffer`, and forgets it.
    pub fn flush(&mut self, buffer: &mut [u8], mut write: impl FnMut(&Large<'_>)) {
        for mut batch in self.batches.drain(..) {
            let header = batch.complete(buffer).unwrap_or(Header::WHOLE);
            let Some(first) = buffer.get(batch.first.clone()) else { continue };
            write(&Large { header, first, more: &batch.more, buffer });
            if batch.more.capacity() > 0 && self.spare.len() < OPEN_MAX {
                batch.more.clear();
                self.spare.push(batch.more);
            }
        }
        self.open.clear();
    }

    /// A packet that is not coalesced must not be overtaken by later ones of its flow.
    fn close_flow(&mut self, buffer: &[u8], packet: &[u8]) {
        let batches = &self.batches;
        self.open.retain(|index| {
            batches.get(*index).is_some_and(|batch| !batch.is_flow_of(buffer, packet))
        });
    }
}

impl<'a> Large<'a> {
    pub fn pieces(&'a self) -> impl Iterator<Item = &'a [u8]> {
        let more = self.more.iter().filter_map(|range| self.buffer.get(range.clone()));
        [self.header.as_slice(), self.first].into_iter().chain(more)
    }
}

impl Batch {
    fn whole(at: Range<usize>) -> Self {
        let (more, total) = (Vec::new(), at.len());
        let first = at;
        Self { shape: None, first, more, size: 0, total, next_sequence: 0, is_pushed: false }
    }

    fn first(at: Range<usize>, segment: &Segment) -> Self {
        Self {
            shape: Some(segment.shape),
            total: at.len(),
            first: at,
            more: Vec::new(),
            size: segment.payload,
            next_sequence: segment.next_sequence(),
            is_pushed: segment.flags & PUSH != 0,
        }
    }

    /// Addresses and ports are the same.
    fn is_flow_of(&self, buffer: &[u8], packet: &[u8]) -> bool {
        let Some((shape, first)) = self.shape.zip(buffer.get(self.first.clone())) else {
            return false;
        };
        let pair = Pair { first, packet };
        let version = first.first().map(|byte| byte >> 4) == packet.first().map(|byte| byte >> 4);
        let is_way = if shape.is_v4 {
            pair.same::<8>(12) && pair.same::<1>(9)
        } else {
            pair.same::<32>(8) && pair.same::<1>(6)
        };
        version && is_way && pair.same::<4>(shape.ip_bytes)
    }

    fn takes(&self, buffer: &[u8], packet: &[u8], next: &Segment) -> bool {
        let Some((shape, first)) = self.shape.zip(buffer.get(self.first.clone())) else {
            return false;
        };
        let pair = Pair { first, packet };
        let tcp = shape.ip_bytes;
        let flags = first.get(tcp + 13).copied().unwrap_or_default();
        let is_alike = if shape.is_v4 {
            // Version, length of header and class; flags, offset and time to live.
            pair.same::<2>(0) && pair.same::<3>(6)
        } else {
            pair.same::<4>(0) && pair.same::<1>(7)
        };
        let options = tcp + 18..shape.headers_bytes;
        is_alike
            && self.has_next_identifier(first, packet)
            && shape == next.shape
            && !self.is_pushed
            && next.payload <= self.size
            && next.sequence == self.next_sequence
            // The acknowledgement, the reserved bits, the window; then all options.
            && pair.same::<5>(tcp + 8)
            && flags | PUSH == next.flags | PUSH
            && pair.same::<2>(tcp + 14)
            && first.get(options.clone()) == packet.get(options)
            && self.total + next.payload <= PACKET_BYTES_MAX
            && self.more.len() + 1 < SEGMENTS_MAX
    }

    fn has_next_identifier(&self, first: &[u8], packet: &[u8]) -> bool {
        if self.shape.is_none_or(|shape| !shape.is_v4) {
            return true;
        }
        if u16_at(first, 6).is_some_and(|bits| bits & DONT_FRAGMENT != 0) {
            return true;
        }
        let count = u16::try_from(self.more.len() + 1).unwrap_or(u16::MAX);
        u16_at(first, 4).map(|number| number.wrapping_add(count)) == u16_at(packet, 4)
    }

    /// Whether it may grow further: only the last segment is shorter, or pushed.
    fn grow(&mut self, payload: Range<usize>, segment: &Segment) -> bool {
        self.total += payload.len();
        self.more.push(payload);
        self.next_sequence = segment.next_sequence();
        self.is_pushed = segment.flags & PUSH != 0;
        segment.payload == self.size && !self.is_pushed
    }

    /// `None` for a packet that stays as it came.
    fn complete(&self, buffer: &mut [u8]) -> Option<[u8; HEADER_BYTES]> {
        let shape = self.shape.filter(|_| !self.more.is_empty())?;
        let packet = buffer.get_mut(self.first.clone())?;
        let total = u16::try_from(self.total).ok()?;
        let tcp = u16::try_from(shape.ip_bytes).ok()?;
        let length = total - tcp;
        if shape.is_v4 {
            put_u16(packet, 2, total);
            put_u16(packet, 10, 0);
            let checksum = Sum::default().bytes(packet.get(..shape.ip_bytes)?).checksum();
            put_u16(packet, 10, checksum);
        } else {
            put_u16(packet, 4, length);
        }
        if self.is_pushed {
            let flags = *packet.get(shape.ip_bytes + 13)?;
            put(packet, shape.ip_bytes + 13, [flags | PUSH]);
        }
        let pseudo = pseudo_header(shape.source, shape.destination, TCP, length);
        put_u16(packet, shape.checksum_at(), pseudo.partial());
        let size = self.size;
        let header = Header {
            segmentation: if shape.is_v4 {
                Segmentation::Tcp4 { size }
            } else {
                Segmentation::Tcp6 { size }
            },
            partial: Some(Partial { start: shape.ip_bytes, offset: 16 }),
            headers_bytes: u16::try_from(shape.headers_bytes).ok()?,
        };
        Some(header.to_bytes())
    }
}
