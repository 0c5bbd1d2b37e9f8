//! One read of the TUN into packets for the wire, in place.
//!
//! The headers of each packet are written over the end of the packet before it, which is already
//! on its way: nothing is copied but headers.

use super::checksum::{Sum, pseudo_header};
use super::header::{HEADER_BYTES, Header, Segmentation, Shape, TCP};
use crate::bytes::{array_at, put, put_u16, u16_at, u32_at};

/// What has to be free behind a packet, for padding.
pub const SPARE_BYTES: usize = 15;
/// Packets are padded to a multiple of this, but not beyond the MTU (WireGuard 5.4.6).
const PADDING: usize = 16;
/// IPv6 and TCP with all options.
const HEADERS_BYTES_MAX: usize = 40 + 60;

const FIN: u8 = 0x01;
const PUSH: u8 = 0x08;
const REDUCED: u8 = 0x80;

/// What the kernel should never hand out; the packet is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitProblem {
    Short,
    UnknownKind,
    /// The header promises another packet than the one that follows.
    Disagrees,
    /// A segment would be larger than the MTU.
    TooLarge,
}

/// Hands out one packet after the other.
#[derive(Debug)]
pub struct Split<'a> {
    /// The packet without the virtio header, and at least [`SPARE_BYTES`] behind it.
    bytes: &'a mut [u8],
    end: usize,
    mtu: usize,
    plan: Plan,
    /// What padding overwrote, to be put back.
    saved: Option<(usize, [u8; SPARE_BYTES])>,
}

#[derive(Debug)]
enum Plan {
    Whole,
    Segments(Segments),
    Over,
}

#[derive(Debug)]
struct Segments {
    shape: Shape,
    /// Without what differs between the segments.
    headers: [u8; HEADERS_BYTES_MAX],
    identifier: u16,
    sequence: u32,
    flags: u8,
    /// Of IPv4's header, and of the pseudo header: what all segments have in common.
    ip_sum: Sum,
    pseudo_sum: Sum,
    size: usize,
    /// Where the next payload begins.
    at: usize,
    count: u16,
}

impl<'a> Split<'a> {
    /// `read` has [`SPARE_BYTES`] more than the `length` bytes that were read into it.
    ///
    /// # Errors
    ///
    /// When header and packet do not belong together.
    pub fn new(read: &'a mut [u8], length: usize, mtu: usize) -> Result<Self, SplitProblem> {
        if read.len() < length + SPARE_BYTES {
            return Err(SplitProblem::Short);
        }
        let Some((header, bytes)) = read.split_first_chunk_mut::<HEADER_BYTES>() else {
            return Err(SplitProblem::Short);
        };
        let Some(end) = length.checked_sub(HEADER_BYTES).filter(|end| *end > 0) else {
            return Err(SplitProblem::Short);
        };
        let header = Header::parse(header).ok_or(SplitProblem::UnknownKind)?;
        let packet = bytes.get_mut(..end).ok_or(SplitProblem::Short)?;
        let plan = match header.segmentation {
            Segmentation::Whole => {
                if end > mtu {
                    return Err(SplitProblem::TooLarge);
                }
                complete(packet, &header)?;
                Plan::Whole
            }
            Segmentation::Tcp4 { size }
            | Segmentation::Tcp6 { size }
            | Segmentation::Udp { size } => {
                Plan::Segments(Segments::new(packet, header.segmentation, size, mtu)?)
            }
        };
        Ok(Self { bytes, end, mtu, plan, saved: None })
    }

    /// The next packet, padded for the cipher.
    pub fn next_packet(&mut self) -> Option<&mut [u8]> {
        if let Some((at, saved)) = self.saved.take() {
            put(self.bytes, at, saved);
        }
        let (start, end) = match &mut self.plan {
            Plan::Over => return None,
            Plan::Whole => {
                self.plan = Plan::Over;
                (0, self.end)
            }
            Plan::Segments(segments) => {
                let range = segments.write(self.bytes, self.end);
                if range.is_none() || segments.at >= self.end {
                    self.plan = Plan::Over;
                }
                range?
            }
        };
        let length = end - start;
        let padded = length.next_multiple_of(PADDING).min(self.mtu.max(length));
        if padded > length {
            self.saved = array_at(self.bytes, end).map(|saved| (end, saved));
            self.bytes.get_mut(end..start + padded)?.fill(0);
        }
        self.bytes.get_mut(start..start + padded)
    }
}

/// The kernel leaves the sum of the pseudo header where the checksum goes.
fn complete(packet: &mut [u8], header: &Header) -> Result<(), SplitProblem> {
    let Some(partial) = header.partial else { return Ok(()) };
    let at = partial.start + partial.offset;
    if at + 2 > packet.len() {
        return Err(SplitProblem::Disagrees);
    }
    let summed = packet.get(partial.start..).ok_or(SplitProblem::Disagrees)?;
    let checksum = match Sum::default().bytes(summed).checksum() {
        // In UDP a zero would say that there is none (RFC 768).
        0 => 0xffff,
        checksum => checksum,
    };
    put_u16(packet, at, checksum);
    Ok(())
}

impl Segments {
    fn new(
        packet: &[u8],
        kind: Segmentation,
        size: usize,
        mtu: usize,
    ) -> Result<Self, SplitProblem> {
        let shape = Shape::of(packet).ok_or(SplitProblem::Disagrees)?;
        let fits = match kind {
            Segmentation::Tcp4 { .. } => shape.is_v4 && shape.protocol == TCP,
            Segmentation::Tcp6 { .. } => !shape.is_v4 && shape.protocol == TCP,
            Segmentation::Udp { .. } => shape.protocol != TCP,
            Segmentation::Whole => false,
        };
        if !fits || size == 0 || shape.headers_bytes >= packet.len() {
            return Err(SplitProblem::Disagrees);
        }
        if shape.headers_bytes + size > mtu {
            return Err(SplitProblem::TooLarge);
        }
        let mut headers = [0; HEADERS_BYTES_MAX];
        let written = packet.get(..shape.headers_bytes).zip(headers.get_mut(..shape.headers_bytes));
        let (from, to) = written.ok_or(SplitProblem::Disagrees)?;
        to.copy_from_slice(from);
        let (identifier, sequence, flags) =
            take_apart(to, &shape).ok_or(SplitProblem::Disagrees)?;
        let ip_sum = Sum::default().bytes(to.get(..shape.ip_bytes).unwrap_or_default());
        let pseudo_sum = pseudo_header(shape.source, shape.destination, shape.protocol, 0);
        let at = shape.headers_bytes;
        Ok(Self {
            shape,
            headers,
            identifier,
            sequence,
            flags,
            ip_sum,
            pseudo_sum,
            size,
            at,
            count: 0,
        })
    }

    /// Writes the next segment's headers before its payload: where it begins and ends.
    fn write(&mut self, bytes: &mut [u8], end: usize) -> Option<(usize, usize)> {
        let shape = self.shape;
        let payload_end = (self.at + self.size).min(end);
        let start = self.at.checked_sub(shape.headers_bytes)?;
        let segment = bytes.get_mut(start..payload_end)?;
        let length = u16::try_from(segment.len()).ok()?;
        let below_ip = length - u16::try_from(shape.ip_bytes).ok()?;
        let headers = self.headers.get(..shape.headers_bytes)?;
        segment.get_mut(..shape.headers_bytes)?.copy_from_slice(headers);
        if shape.is_v4 {
            let identifier = self.identifier.wrapping_add(self.count);
            put_u16(segment, 2, length);
            put_u16(segment, 4, identifier);
            put_u16(segment, 10, self.ip_sum.number(length).number(identifier).checksum());
        } else {
            put_u16(segment, 4, below_ip);
        }
        if shape.protocol == TCP {
            let sent = u32::try_from(self.at - shape.headers_bytes).ok()?;
            let sequence = self.sequence.wrapping_add(sent);
            put(segment, shape.ip_bytes + 4, sequence.to_be_bytes());
            put(segment, shape.ip_bytes + 13, [self.flags_of(payload_end == end)]);
        } else {
            put_u16(segment, shape.ip_bytes + 4, below_ip);
        }
        let sum = self.pseudo_sum.number(below_ip).bytes(segment.get(shape.ip_bytes..)?);
        let checksum = match sum.checksum() {
            0 if shape.protocol != TCP => 0xffff,
            checksum => checksum,
        };
        put_u16(segment, shape.checksum_at(), checksum);
        self.at = payload_end;
        self.count = self.count.wrapping_add(1);
        Some((start, payload_end))
    }
    fn flags_of(&self, is_last: bool) -> u8 {
        let mut flags = self.flags;
        if !is_last {
            flags &= !(FIN | PUSH);
        }
        if self.count > 0 {
            flags &= !REDUCED;
        }
        flags
    }
}

/// Blanks what each segment has of its own, and says what identifier, sequence number and flags
/// the first one has; zero where there is no such thing.
fn take_apart(headers: &mut [u8], shape: &Shape) -> Option<(u16, u32, u8)> {
    let identifier = if shape.is_v4 { u16_at(headers, 4)? } else { 0 };
    let (mut sequence, mut flags) = (0, 0);
    if shape.is_v4 {
        put(headers, 2, [0; 4]);
        put_u16(headers, 10, 0);
    }
    if shape.protocol == TCP {
        sequence = u32_at(headers, shape.ip_bytes + 4)?;
        flags = *headers.get(shape.ip_bytes + 13)?;
    }
    put_u16(headers, shape.checksum_at(), 0);
    Some((identifier, sequence, flags))
}
