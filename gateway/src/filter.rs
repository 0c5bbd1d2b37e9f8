//! What a peer may send: from its own address, to the service, and to four doors of it.
//!
//! This stands before the TUN, so that no bug of a kernel behind other ports is in reach. No
//! fragments, no IPv4 options, no IPv6 extension headers: nothing that could hide the ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::bytes::{array_at, u16_at};

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;
const ECHO: u8 = 8;
const ECHO6: u8 = 128;

const TCP_PORTS: [u16; 3] = [443, 80, 53];
const UDP_PORTS: [u16; 1] = [53];

pub const IPV4_HEADER_BYTES: usize = 20;
pub const IPV6_HEADER_BYTES: usize = 40;
pub const TCP_HEADER_BYTES_MIN: usize = 20;
const UDP_HEADER_BYTES: usize = 8;
const ICMP_HEADER_BYTES: usize = 8;

/// MF and the offset; DF may be set.
const FRAGMENT_BITS: u16 = 0x3fff;

/// Both addresses of one end of the tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
}

/// Why a packet does not go inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// Not the sender's own address.
    Source,
    /// Not the service's address.
    Destination,
    /// Another port, or another protocol.
    Door,
    /// A fragment, an option or an extension header.
    Shape,
    /// Lengths that disagree.
    Malformed,
}

/// `packet` is exactly as long as its IP header says.
///
/// # Errors
///
/// The first reason for which it is dropped.
pub fn check(packet: &[u8], peer: &Addresses, service: &Addresses) -> Result<(), Blocked> {
    match packet.first().map(|byte| byte >> 4) {
        Some(4) => check_v4(packet, peer.v4, service.v4),
        Some(6) => check_v6(packet, peer.v6, service.v6),
        _ => Err(Blocked::Malformed),
    }
}

fn check_v4(packet: &[u8], peer: Ipv4Addr, service: Ipv4Addr) -> Result<(), Blocked> {
    let Some((header, payload)) = packet.split_first_chunk::<IPV4_HEADER_BYTES>() else {
        return Err(Blocked::Malformed);
    };
    if u16_at(header, 2).map(usize::from) != Some(packet.len()) {
        return Err(Blocked::Malformed);
    }
    if array_at(header, 12).map(Ipv4Addr::from_octets) != Some(peer) {
        return Err(Blocked::Source);
    }
    if array_at(header, 16).map(Ipv4Addr::from_octets) != Some(service) {
        return Err(Blocked::Destination);
    }
    let [0x45, ..] = header else { return Err(Blocked::Shape) };
    if u16_at(header, 6).is_none_or(|bits| bits & FRAGMENT_BITS != 0) {
        return Err(Blocked::Shape);
    }
    let protocol = header.get(9).copied();
    check_door(protocol.unwrap_or_default(), payload, (ICMP, ECHO))
}

fn check_v6(packet: &[u8], peer: Ipv6Addr, service: Ipv6Addr) -> Result<(), Blocked> {
    let Some((header, payload)) = packet.split_first_chunk::<IPV6_HEADER_BYTES>() else {
        return Err(Blocked::Malformed);
    };
    if u16_at(header, 4).map(usize::from) != Some(payload.len()) {
        return Err(Blocked::Malformed);
    }
    if array_at(header, 8).map(Ipv6Addr::from_octets) != Some(peer) {
        return Err(Blocked::Source);
    }
    if array_at(header, 24).map(Ipv6Addr::from_octets) != Some(service) {
        return Err(Blocked::Destination);
    }
    match header.get(6).copied() {
        // Hop-by-hop, routing, fragment, ESP, AH, no next header, destination options, mobility,
        // HIP, shim6.
        Some(0 | 43 | 44 | 50 | 51 | 59 | 60 | 135 | 139 | 140) | None => Err(Blocked::Shape),
        Some(protocol) => check_door(protocol, payload, (ICMP6, ECHO6)),
    }
}

fn check_door(protocol: u8, payload: &[u8], (icmp, echo): (u8, u8)) -> Result<(), Blocked> {
    let port = u16_at(payload, 2);
    match protocol {
        TCP => {
            let header = payload.get(12).map(|byte| usize::from(byte >> 4) * 4);
            match (port, header) {
                (Some(port), _) if !TCP_PORTS.contains(&port) => Err(Blocked::Door),
                (Some(_), Some(header))
                    if (TCP_HEADER_BYTES_MIN..=payload.len()).contains(&header) =>
                {
                    Ok(())
                }
                _ => Err(Blocked::Malformed),
            }
        }
        UDP => match (port, u16_at(payload, 4).map(usize::from)) {
            (Some(port), _) if !UDP_PORTS.contains(&port) => Err(Blocked::Door),
            (Some(_), Some(length)) if length == payload.len() && length >= UDP_HEADER_BYTES => {
                Ok(())
            }
            _ => Err(Blocked::Malformed),
        },
        other if other == icmp => match payload.split_first_chunk::<ICMP_HEADER_BYTES>() {
            Some(([kind, 0, ..], _)) if *kind == echo => Ok(()),
            Some(_) => Err(Blocked::Door),
            None => Err(Blocked::Malformed),
        },
        _ => Err(Blocked::Door),
    }
}

/// Where a packet from inside is going; `None` when it is no whole IP packet.
pub fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => array_at(packet, 16).map(|octets| Ipv4Addr::from_octets(octets).into()),
        6 => array_at(packet, 24).map(|octets| Ipv6Addr::from_octets(octets).into()),
        _ => None,
    }
}
