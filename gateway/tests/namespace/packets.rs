//! Packets by hand, as a peer would send them, and what the TUN gives back.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd as _;

use gateway::namespace::Made;
use rustix::event::{PollFd, PollFlags, Timespec};

pub const VIRTIO_BYTES: usize = 10;
/// `VIRTIO_NET_HDR_F_NEEDS_CSUM`: the checksum is left to the reader.
pub const NEEDS_CSUM: u8 = 1;

pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const ACK: u8 = 0x10;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// The kernel answers within microseconds; a loaded machine within a second.
const ANSWER_WAIT_S: i64 = 10;

pub fn tcp(from: SocketAddr, to: SocketAddr, sequence: u32, ack: u32, flags: u8) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend_from_slice(&from.port().to_be_bytes());
    segment.extend_from_slice(&to.port().to_be_bytes());
    segment.extend_from_slice(&sequence.to_be_bytes());
    segment.extend_from_slice(&ack.to_be_bytes());
    segment.extend_from_slice(&[0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet(from.ip(), to.ip(), TCP, segment, 16)
}

pub fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).unwrap();
    let mut datagram = Vec::new();
    datagram.extend_from_slice(&from.port().to_be_bytes());
    datagram.extend_from_slice(&to.port().to_be_bytes());
    datagram.extend_from_slice(&length.to_be_bytes());
    datagram.extend_from_slice(&[0, 0]);
    datagram.extend_from_slice(payload);
    packet(from.ip(), to.ip(), UDP, datagram, 6)
}

/// Behind an empty virtio header; `checksum` is where in the payload its own one stands.
fn packet(from: IpAddr, to: IpAddr, protocol: u8, mut inner: Vec<u8>, checksum: usize) -> Vec<u8> {
    let length = u16::try_from(inner.len()).unwrap();
    let mut pseudo = Vec::new();
    for address in [from, to] {
        match address {
            IpAddr::V4(v4) => pseudo.extend_from_slice(&v4.octets()),
            IpAddr::V6(v6) => pseudo.extend_from_slice(&v6.octets()),
        }
    }
    let addresses = pseudo.clone();
    pseudo.extend_from_slice(&[0, protocol]);
    pseudo.extend_from_slice(&length.to_be_bytes());
    pseudo.extend_from_slice(&inner);
    inner[checksum..checksum + 2].copy_from_slice(&sum(&pseudo).to_be_bytes());
    let mut header = match from {
        IpAddr::V4(_) => {
            let total = (length + 20).to_be_bytes();
            vec![0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, protocol, 0, 0]
        }
        IpAddr::V6(_) => {
            let length = length.to_be_bytes();
            vec![0x60, 0, 0, 0, length[0], length[1], protocol, 64]
        }
    };
    header.extend_from_slice(&addresses);
    if from.is_ipv4() {
        let own = sum(&header).to_be_bytes();
        header[10..12].copy_from_slice(&own);
    }
    [&[0; VIRTIO_BYTES][..], &header, &inner].concat()
}

/// The internet checksum.
fn sum(bytes: &[u8]) -> u16 {
    let words = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or_default()));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap()
}

pub fn write(made: &Made, packet: &[u8]) {
    assert_eq!(rustix::io::write(&made.tun, packet), Ok(packet.len()));
}

/// The next packet that comes out, taken apart.
pub fn read(made: &Made) -> Seen {
    let mut waits = [PollFd::from_borrowed_fd(made.tun.as_fd(), PollFlags::IN)];
    let limit = Timespec { tv_sec: ANSWER_WAIT_S, tv_nsec: 0 };
    assert_eq!(rustix::event::poll(&mut waits, Some(&limit)), Ok(1), "the TUN stays silent");
    let mut bytes = [0; 2048];
    let length = rustix::io::read(&made.tun, &mut bytes).unwrap();
    Seen::new(&bytes[..length])
}

#[derive(Debug)]
pub struct Seen {
    pub virtio: [u8; VIRTIO_BYTES],
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub protocol: u8,
    /// From the ports on.
    pub inner: Vec<u8>,
}

impl Seen {
    fn new(bytes: &[u8]) -> Self {
        let (virtio, packet) = bytes.split_at(VIRTIO_BYTES);
        let (protocol, from, to, inner): (u8, IpAddr, IpAddr, &[u8]) = if packet[0] >> 4 == 4 {
            let from: [u8; 4] = packet[12..16].try_into().unwrap();
            let to: [u8; 4] = packet[16..20].try_into().unwrap();
            (packet[9], from.into(), to.into(), &packet[20..])
        } else {
            let from: [u8; 16] = packet[8..24].try_into().unwrap();
            let to: [u8; 16] = packet[24..40].try_into().unwrap();
            (packet[6], from.into(), to.into(), &packet[40..])
        };
        let port = |at: usize| u16::from_be_bytes([inner[at], inner[at + 1]]);
        Self {
            virtio: virtio.try_into().unwrap(),
            from: SocketAddr::new(from, port(0)),
            to: SocketAddr::new(to, port(2)),
            protocol,
            inner: inner.to_vec(),
        }
    }

    pub fn flags(&self) -> u8 {
        assert_eq!(self.protocol, TCP, "{self:?}");
        self.inner[13]
    }

    /// "Destination unreachable" of either family.
    pub fn is_icmp_error(&self) -> bool {
        (self.protocol, self.inner[0]) == (1, 3) || (self.protocol, self.inner[0]) == (58, 1)
    }

    pub fn sequence(&self) -> u32 {
        u32::from_be_bytes(self.inner[4..8].try_into().unwrap())
    }

    pub fn acknowledged(&self) -> u32 {
        u32::from_be_bytes(self.inner[8..12].try_into().unwrap())
    }

    pub fn payload_of_udp(&self) -> &[u8] {
        assert_eq!(self.protocol, UDP, "{self:?}");
        &self.inner[8..]
    }
}
