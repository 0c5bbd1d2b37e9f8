//! The last thing that a peer hears: that its connections have ended.
//!
//! Whoever left must get nothing of the service any more, and should not believe for minutes that
//! its pages live. So each TCP packet on its way there becomes a reset of its connection at the
//! packet's own first byte. That is the byte which the client waits for, since it has all that was
//! sent before; a reset further on, as the kernel makes it behind all that was written, lies beyond
//! a gap and is not believed (RFC 5961, 3.2). Where the line lost something there is a gap all the
//! same: the client then asks, and each segment of its own is answered by a reset with the number
//! that it names. A datagram may be lost, too, so each second what was told is told again. No
//! payload leaves, whatever was queued, and nothing goes inside.

use std::mem;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use super::slot::{Line, Slot};
use super::{Drop, Engine, Event, Moment, Route, Table};
use crate::bytes::{array_at, put, put_u16, u32_at};
use crate::filter::{self, IPV4_HEADER_BYTES, IPV6_HEADER_BYTES, TCP_HEADER_BYTES_MIN};
use crate::offload::{Shape, Sum, TCP, pseudo_header};
use crate::wireguard::Opened;

/// Ending the connections takes milliseconds, and some tens of them where there are thousands;
/// their last packets lie in the TUN a moment later. The rest is for telling it twice more on a
/// line that loses something. Afterwards the peer's keys go.
pub const GRACE: Duration = Duration::from_secs(3);
/// Connections of which it is told again: more than a browser has.
const TOLD_MAX: usize = 64;

/// IPv6 and TCP without options, padded for the cipher.
const RESET_BYTES_MAX: usize = 64;
const PADDING: usize = 16;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;
/// Five words of header.
const OFFSET: u8 = 0x50;
const HOPS: u8 = 64;

impl Engine {
    /// What goes out in place of a packet for whom [`Slot::sender`] has nothing: for a peer that
    /// left a moment ago a datagram of `out`, and where it was last.
    pub fn farewell(
        &self,
        slot: &Slot,
        now: Moment,
        packet: &[u8],
        out: &mut [u8],
    ) -> Option<(Range<usize>, Route)> {
        let mut line = slot.line.lock();
        // The packet itself goes nowhere either way.
        self.drops.count(if line.left.is_some() { Drop::Revoked } else { Drop::NotConnected });
        if !line.is_leaving(now) {
            return None;
        }
        let reset = Reset::instead_of(packet)?;
        line.tick_if_stale(now);
        let route = line.route?;
        let told = line.tell(&reset, out)?;
        // The first is the one that a client without a gap believes.
        if line.told.len() < TOLD_MAX && !line.told.iter().any(|one| one.is_of_one_with(&reset)) {
            line.told.push(reset);
        }
        Some((told, route))
    }

    /// Each second: whoever is leaving hears again what it was told.
    pub(super) fn tell_again(
        &self,
        table: &Table,
        now: Moment,
        out: &mut [u8],
        send: &mut impl FnMut(&[u8], Route),
    ) {
        for slot in table.leaving() {
            let mut line = slot.line.lock();
            let Some(route) = line.route.filter(|_| line.is_leaving(now)) else { continue };
            let told = mem::take(&mut line.told);
            for reset in &told {
                if let Some(datagram) = line.tell(reset, out).and_then(|range| out.get(range)) {
                    send(datagram, route);
                }
            }
            line.told = told;
        }
    }

    /// A datagram from whom left: its packet goes nowhere, and is answered where it came from.
    pub(super) fn turn_away(
        &self,
        slot: &Slot,
        line: &mut Line,
        (now, source): (Moment, IpAddr),
        datagram: &[u8],
        out: &mut [u8],
    ) -> Result<Event, Drop> {
        if !line.is_leaving(now) {
            return Err(Drop::Revoked);
        }
        line.tick_if_stale(now);
        let Opened::Packet(packet) = line.channel.open(source, datagram, out)? else {
            return Err(Drop::Revoked);
        };
        filter::check(packet, &slot.addresses, &self.service)?;
        let reset = Reset::answering(packet).ok_or(Drop::Revoked)?;
        let told = line.tell(&reset, out).ok_or(Drop::Revoked)?;
        self.drops.count(Drop::Revoked);
        Ok(Event::Answer(told))
    }
}

impl Line {
    /// `None` without a session.
    fn tell(&mut self, reset: &Reset, out: &mut [u8]) -> Option<Range<usize>> {
        if !self.channel.has_session() {
            return None;
        }
        self.channel.seal(reset.padded(), out).map(|length| 0..length)
    }
}

/// A TCP packet without payload that ends its connection.
#[derive(Debug)]
pub struct Reset {
    bytes: [u8; RESET_BYTES_MAX],
    length: usize,
}

/// What a segment says of its connection, and what is said of it.
#[derive(Clone, Copy)]
struct Segment {
    ports: [[u8; 2]; 2],
    sequence: u32,
    acknowledged: u32,
    flags: u8,
}

impl Reset {
    /// Of a packet on its way out. `None` for what is no TCP: nobody waits for the end of an echo
    /// or of a name's answer.
    pub fn instead_of(packet: &[u8]) -> Option<Self> {
        let (shape, segment) = Segment::of(packet)?;
        let flags = RST | (segment.flags & ACK);
        // The number means something only where it is told.
        let acknowledged = if flags & ACK == 0 { 0 } else { segment.acknowledged };
        let told = Segment { acknowledged, flags, ..segment };
        Self::new(shape.is_v4, (shape.source, shape.destination), told)
    }

    /// To a packet that came, as whoever has no such connection would (RFC 9293, 3.10.7.1).
    pub fn answering(packet: &[u8]) -> Option<Self> {
        let (shape, segment) = Segment::of(packet)?;
        if segment.flags & RST != 0 {
            return None;
        }
        let [from, to] = segment.ports;
        let (sequence, acknowledged, flags) = if segment.flags & ACK != 0 {
            (segment.acknowledged, 0, RST)
        } else {
            let payload = u32::try_from(packet.len() - shape.headers_bytes).ok()?;
            let marks = (segment.flags & (FIN | SYN)).count_ones();
            (0, segment.sequence.wrapping_add(payload).wrapping_add(marks), RST | ACK)
        };
        let told = Segment { ports: [to, from], sequence, acknowledged, flags };
        Self::new(shape.is_v4, (shape.destination, shape.source), told)
    }

    fn new(is_v4: bool, (from, to): (IpAddr, IpAddr), told: Segment) -> Option<Self> {
        let at = if is_v4 { IPV4_HEADER_BYTES } else { IPV6_HEADER_BYTES };
        let length = at + TCP_HEADER_BYTES_MIN;
        let tcp_bytes = u16::try_from(TCP_HEADER_BYTES_MIN).ok()?;
        let mut bytes = [0; RESET_BYTES_MAX];
        match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                put(&mut bytes, 0, [0x45, 0]);
                put_u16(&mut bytes, 2, u16::try_from(length).ok()?);
                // Never in fragments.
                put(&mut bytes, 6, [0x40, 0, HOPS, TCP]);
                put(&mut bytes, 12, from.octets());
                put(&mut bytes, 16, to.octets());
                let checksum = Sum::default().bytes(bytes.get(..at)?).checksum();
                put_u16(&mut bytes, 10, checksum);
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                put(&mut bytes, 0, [0x60]);
                put_u16(&mut bytes, 4, tcp_bytes);
                put(&mut bytes, 6, [TCP, HOPS]);
                put(&mut bytes, 8, from.octets());
                put(&mut bytes, 24, to.octets());
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return None,
        }
        let [source, destination] = told.ports;
        put(&mut bytes, at, source);
        put(&mut bytes, at + 2, destination);
        put(&mut bytes, at + 4, told.sequence.to_be_bytes());
        put(&mut bytes, at + 8, told.acknowledged.to_be_bytes());
        put(&mut bytes, at + 12, [OFFSET, told.flags]);
        let pseudo = pseudo_header(from, to, TCP, tcp_bytes);
        let checksum = pseudo.bytes(bytes.get(at..length)?).checksum();
        put_u16(&mut bytes, at + 16, checksum);
        Some(Self { bytes, length })
    }

    /// Whether both end the same connection of one peer.
    fn is_of_one_with(&self, other: &Self) -> bool {
        let ports = |reset: &Self| u32_at(reset.packet(), reset.length - TCP_HEADER_BYTES_MIN);
        self.length == other.length && ports(self) == ports(other)
    }

    /// As long as its headers say.
    pub fn packet(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn padded(&self) -> &[u8] {
        self.bytes.get(..self.length.next_multiple_of(PADDING)).unwrap_or_default()
    }
}

impl Segment {
    fn of(packet: &[u8]) -> Option<(Shape, Self)> {
        let shape = Shape::of(packet).filter(|shape| shape.protocol == TCP)?;
        let at = shape.ip_bytes;
        let segment = Self {
            ports: [array_at(packet, at)?, array_at(packet, at + 2)?],
            sequence: u32_at(packet, at + 4)?,
            acknowledged: u32_at(packet, at + 8)?,
            flags: *packet.get(at + 13)?,
        };
        Some((shape, segment))
    }
}
