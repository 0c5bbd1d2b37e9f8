//! The virtio header before each packet of the TUN (virtio 1.2, 5.1.6), and where headers end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::bytes::{array_at, u16_at};
use crate::filter::{IPV4_HEADER_BYTES, IPV6_HEADER_BYTES, TCP_HEADER_BYTES_MIN};

pub const HEADER_BYTES: usize = 10;

const NEEDS_CHECKSUM: u8 = 1;

const GSO_NONE: u8 = 0;
const GSO_TCP4: u8 = 1;
const GSO_TCP6: u8 = 4;
const GSO_UDP: u8 = 5;
/// A bit beside the kind: the packet is marked for congestion notification.
const GSO_ECN: u8 = 0x80;

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

/// A checksum that is still to be completed: from where, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partial {
    pub start: usize,
    pub offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segmentation {
    Whole,
    Tcp4 { size: usize },
    Tcp6 { size: usize },
    Udp { size: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub segmentation: Segmentation,
    pub partial: Option<Partial>,
    /// Only a hint of the kernel's, and not to be trusted.
    pub headers_bytes: u16,
}

impl Header {
    pub const WHOLE: [u8; HEADER_BYTES] = [0; HEADER_BYTES];

    /// `None` for kinds that the TUN was not told to give.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let &[flags, kind, a, b, c, d, e, f, g, h] = bytes;
        let number = |low, high| u16::from_ne_bytes([low, high]);
        let size = usize::from(number(c, d));
        let partial = (flags & NEEDS_CHECKSUM != 0)
            .then(|| Partial { start: number(e, f).into(), offset: number(g, h).into() });
        let segmentation = match kind & !GSO_ECN {
            GSO_NONE => Segmentation::Whole,
            GSO_TCP4 => Segmentation::Tcp4 { size },
            GSO_TCP6 => Segmentation::Tcp6 { size },
            GSO_UDP => Segmentation::Udp { size },
            _ => return None,
        };
        Some(Self { segmentation, partial, headers_bytes: number(a, b) })
    }

    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let (kind, size) = match self.segmentation {
            Segmentation::Whole => (GSO_NONE, 0),
            Segmentation::Tcp4 { size } => (GSO_TCP4, size),
            Segmentation::Tcp6 { size } => (GSO_TCP6, size),
            Segmentation::Udp { size } => (GSO_UDP, size),
        };
        let (flags, start, offset) = match self.partial {
            Some(partial) => (NEEDS_CHECKSUM, partial.start, partial.offset),
            None => (0, 0, 0),
        };
        let number = |value: usize| u16::try_from(value).unwrap_or(u16::MAX).to_ne_bytes();
        let ([a, b], [c, d]) = (self.headers_bytes.to_ne_bytes(), number(size));
        let ([e, f], [g, h]) = (number(start), number(offset));
        [flags, kind, a, b, c, d, e, f, g, h]
    }
}

/// Where the parts of an IP packet with one plain TCP or UDP header lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub is_v4: bool,
    pub protocol: u8,
    pub ip_bytes: usize,
    /// IP and transport header together; not beyond the packet's end.
    pub headers_bytes: usize,
    pub source: IpAddr,
    pub destination: IpAddr,
}

impl Shape {
    /// `None` for everything else: options, extension headers, fragments, other protocols.
    pub fn of(packet: &[u8]) -> Option<Self> {
        let (is_v4, protocol, ip_bytes, source, destination): (_, _, _, IpAddr, IpAddr) =
            match packet.first()? {
                0x45 => {
                    if u16_at(packet, 6)? & 0x3fff != 0 {
                        return None;
                    }
                    let source = Ipv4Addr::from_octets(array_at(packet, 12)?);
                    let destination = Ipv4Addr::from_octets(array_at(packet, 16)?);
                    let protocol = *packet.get(9)?;
                    (true, protocol, IPV4_HEADER_BYTES, source.into(), destination.into())
                }
                first if first >> 4 == 6 => {
                    let source = Ipv6Addr::from_octets(array_at(packet, 8)?);
                    let destination = Ipv6Addr::from_octets(array_at(packet, 24)?);
                    let protocol = *packet.get(6)?;
                    (false, protocol, IPV6_HEADER_BYTES, source.into(), destination.into())
                }
                _ => return None,
            };
        let transport = match protocol {
            TCP => {
                let bytes = usize::from(packet.get(ip_bytes + 12)? >> 4) * 4;
                if bytes < TCP_HEADER_BYTES_MIN {
                    return None;
                }
                bytes
            }
            UDP => 8,
            _ => return None,
        };
        let headers_bytes = ip_bytes + transport;
        (headers_bytes <= packet.len()).then_some(Self {
            is_v4,
            protocol,
            ip_bytes,
            headers_bytes,
            source,
            destination,
        })
    }

    /// Where the transport's checksum stands.
    pub fn checksum_at(&self) -> usize {
        self.ip_bytes + if self.protocol == TCP { 16 } else { 6 }
    }
}
