//! Single packets that may be one of a row.

use super::header::{Shape, TCP};
use crate::bytes::{array_at, u32_at};

const FIN: u8 = 0x01;
pub const PUSH: u8 = 0x08;
const ACK: u8 = 0x10;

/// The packet that a large one began with, and one that may follow.
pub struct Pair<'a> {
    pub first: &'a [u8],
    pub packet: &'a [u8],
}

impl Pair<'_> {
    /// Whether `N` bytes are alike; with a length that is known, that is one comparison.
    pub fn same<const N: usize>(&self, at: usize) -> bool {
        array_at::<N>(self.first, at) == array_at(self.packet, at)
    }
}

/// A TCP packet that may be one of a row.
pub struct Segment {
    pub shape: Shape,
    pub payload: usize,
    pub sequence: u32,
    pub flags: u8,
}

impl Segment {
    /// `None` for all that carries no plain data.
    pub fn of(packet: &[u8]) -> Option<Self> {
        let shape = Shape::of(packet).filter(|shape| shape.protocol == TCP)?;
        let payload = packet.len() - shape.headers_bytes;
        let flags = *packet.get(shape.ip_bytes + 13)?;
        let sequence = u32_at(packet, shape.ip_bytes + 4)?;
        let is_plain = flags & !PUSH == ACK && flags & FIN == 0 && payload > 0;
        is_plain.then_some(Self { shape, payload, sequence, flags })
    }

    pub fn next_sequence(&self) -> u32 {
        self.sequence.wrapping_add(u32::try_from(self.payload).unwrap_or_default())
    }

    pub fn is_last(&self) -> bool {
        self.flags & PUSH != 0
    }
}
