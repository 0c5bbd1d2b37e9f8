//! Packets as a client might make them.

use std::net::IpAddr;

pub fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut packet = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut header = vec![0x45, 0];
            header.extend((length + 20).to_be_bytes());
            header.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
            header.extend(from.octets());
            header.extend(to.octets());
            header
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let mut header = vec![0x60, 0, 0, 0];
            header.extend(length.to_be_bytes());
            header.extend([protocol, 64]);
            header.extend(from.octets());
            header.extend(to.octets());
            header
        }
        _ => panic!("two families"),
    };
    packet.extend(payload);
    packet
}

pub fn tcp(from: IpAddr, to: IpAddr, port: u16) -> Vec<u8> {
    let mut segment = vec![0x9c, 0x40];
    segment.extend(port.to_be_bytes());
    segment.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0]);
    ip(from, to, 6, &segment)
}

/// A segment of the service's with something in it, from port 443 to 40000.
pub fn content(from: IpAddr, to: IpAddr, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut segment = [443_u16.to_be_bytes(), 40_000_u16.to_be_bytes()].concat();
    segment.extend(sequence.to_be_bytes());
    segment.extend([0, 0, 0, 7, 0x80, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
    // A timestamp, as every segment of Linux has one.
    segment.extend([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
    segment.extend(payload);
    ip(from, to, 6, &segment)
}

pub fn udp(from: IpAddr, to: IpAddr, port: u16) -> Vec<u8> {
    let mut datagram = vec![0x9c, 0x40];
    datagram.extend(port.to_be_bytes());
    datagram.extend([0, 12, 0, 0, 1, 2, 3, 4]);
    ip(from, to, 17, &datagram)
}

pub fn ping(from: IpAddr, to: IpAddr) -> Vec<u8> {
    let (protocol, kind) = if from.is_ipv4() { (1, 8) } else { (58, 128) };
    ip(from, to, protocol, &[kind, 0, 0, 0, 0, 1, 0, 1])
}
