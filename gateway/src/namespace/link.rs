//! The two interfaces inside: loopback up, the TUN with its addresses and as silent as can be.
//!
//! Everything goes over netlink, which works where `/proc/sys` may not be written.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::{AsFd as _, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::RecvFlags;
use rustix::net::netlink::SocketAddrNetlink;

use super::netlink::{self as wire, Body};

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_GETROUTE: u16 = 26;
const RTM_GETNETCONF: u16 = 82;

const IFF_UP: u32 = 0x1;
const IFF_MULTICAST: u32 = 0x1000;

const IFLA_MTU: u16 = 4;
const IFLA_TXQLEN: u16 = 13;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_GSO_MAX_SEGS: u16 = 40;
const IFLA_INET_CONF: u16 = 1;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
/// No link-local address: without one there is no router solicitation and no MLD report.
const ADDR_GEN_NONE: u8 = 1;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;
const IFA_F_NODAD: u32 = 0x02;

const RTA_DST: u16 = 1;
/// A route to this very machine, in `struct rtmsg`.
const RTN_LOCAL: u8 = 2;
const RTN_TYPE_AT: usize = 7;
/// The group that tells of IPv6 routes.
const RTMGRP_IPV6_ROUTE: u32 = 0x400;
/// The kernel does it in a worker of its own, within a millisecond where there is no load.
const USABLE_WAIT_S: i64 = 5;

const NETCONFA_IFINDEX: u16 = 1;
const NETCONFA_FORWARDING: u16 = 2;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Loopback is the first interface of every network namespace.
const LOOPBACK: u32 = 1;

/// Deep enough for the bursts of pacing at gigabits, as measured with the prototype.
const TXQUEUE_PACKETS: u32 = 2000;

/// The largest payload of one UDP send, and what WireGuard adds to a packet.
const UDP_PAYLOAD_MAX: u32 = 65_507;
const WIREGUARD_BYTES: u32 = 32;
/// Segments of one `UDP_SEGMENT` send, by the kernel's limit.
const UDP_SEGMENTS_MAX: u32 = 64;

/// What a new namespace may have from its parent, set for the TUN alone: no forwarding, no
/// redirects taken or sent, sources checked, no source routes, no loopback addresses on it.
const IPV4_CONF: &[(u16, u32)] = &[
    (1, 0),  // forwarding
    (4, 0),  // accept_redirects
    (5, 0),  // secure_redirects
    (6, 0),  // send_redirects
    (8, 1),  // rp_filter
    (9, 0),  // accept_source_route
    (26, 0), // route_localnet
];

/// A routing socket of the namespace in which it was opened.
pub(super) struct Links {
    socket: OwnedFd,
}

impl Links {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { socket: wire::open(None)? })
    }

    fn ask(&self, kind: u16, flags: u16, body: &Body) -> io::Result<Vec<wire::Message>> {
        wire::request(&self.socket, kind, flags, body)
    }

    pub(super) fn raise_loopback(&self) -> io::Result<()> {
        self.ask(RTM_NEWLINK, 0, &link(LOOPBACK, IFF_UP, IFF_UP)).map(drop)
    }

    /// Everything that must stand before the interface comes up.
    pub(super) fn prepare(&self, interface: u32, mtu: u16) -> io::Result<()> {
        let body = link(interface, 0, IFF_MULTICAST)
            .attribute(IFLA_MTU, &u32::from(mtu).to_ne_bytes())
            .attribute(IFLA_TXQLEN, &TXQUEUE_PACKETS.to_ne_bytes());
        self.ask(RTM_NEWLINK, 0, &body)?;
        let conf = IPV4_CONF.iter().fold(Body::default(), |body, (kind, value)| {
            body.attribute(*kind, &value.to_ne_bytes())
        });
        let inet = Body::default().nested(IFLA_INET_CONF, conf);
        let families = Body::default().nested_unmarked(AF_INET.into(), inet);
        self.ask(RTM_NEWLINK, 0, &link(interface, 0, 0).nested(IFLA_AF_SPEC, families)).map(drop)
    }

    /// Only where the kernel has IPv6 at all.
    pub(super) fn take_no_link_local(&self, interface: u32) -> io::Result<()> {
        let inet6 = Body::default().attribute(IFLA_INET6_ADDR_GEN_MODE, &[ADDR_GEN_NONE]);
        let families = Body::default().nested_unmarked(AF_INET6.into(), inet6);
        self.ask(RTM_NEWLINK, 0, &link(interface, 0, 0).nested(IFLA_AF_SPEC, families)).map(drop)
    }

    /// One TUN read then is one UDP send. Kernels before 5.17 don't know it and split more often.
    pub(super) fn bound_segments(&self, interface: u32, mtu: u16) -> io::Result<()> {
        let segments = segments_max(mtu).to_ne_bytes();
        let body = link(interface, 0, 0).attribute(IFLA_GSO_MAX_SEGS, &segments);
        self.ask(RTM_NEWLINK, 0, &body).map(drop)
    }

    /// The prefix becomes the route to the peers. IPv6 skips the search for duplicates.
    pub(super) fn add_address(
        &self,
        interface: u32,
        address: IpAddr,
        prefix: u8,
    ) -> io::Result<()> {
        let (family, bytes) = match address {
            IpAddr::V4(v4) => (AF_INET, v4.octets().to_vec()),
            IpAddr::V6(v6) => (AF_INET6, v6.octets().to_vec()),
        };
        let body = Body::default()
            .bytes(&[family, prefix, 0, 0])
            .number(interface)
            .attribute(IFA_LOCAL, &bytes)
            .attribute(IFA_ADDRESS, &bytes)
            .attribute(IFA_FLAGS, &IFA_F_NODAD.to_ne_bytes());
        self.ask(RTM_NEWADDR, wire::CREATE, &body).map(drop)
    }

    /// Waits until what comes for the IPv6 address arrives. Even without a search for duplicates
    /// the kernel takes a moment for the route, in which packets are lost.
    pub(super) fn wait_for_v6(&self, address: Ipv6Addr) -> io::Result<()> {
        let news = wire::open(None)?;
        rustix::net::bind(&news, &SocketAddrNetlink::new(0, RTMGRP_IPV6_ROUTE))?;
        while !self.is_local(address)? {
            let mut waits = [PollFd::from_borrowed_fd(news.as_fd(), PollFlags::IN)];
            let limit = Timespec { tv_sec: USABLE_WAIT_S, tv_nsec: 0 };
            if rustix::io::retry_on_intr(|| rustix::event::poll(&mut waits, Some(&limit)))? == 0 {
                return Err(Errno::TIMEDOUT.into());
            }
            // What it says is looked up again above.
            let mut told = [0; 4096];
            rustix::net::recv(&news, told.as_mut_slice(), RecvFlags::TRUNC)?;
        }
        Ok(())
    }

    fn is_local(&self, address: Ipv6Addr) -> io::Result<bool> {
        let body = Body::default()
            .bytes(&[AF_INET6, 128, 0, 0, 0, 0, 0, 0])
            .number(0)
            .attribute(RTA_DST, &address.octets());
        match self.ask(RTM_GETROUTE, 0, &body) {
            Ok(routes) => {
                let kind = routes.first().and_then(|route| route.body.get(RTN_TYPE_AT));
                Ok(kind == Some(&RTN_LOCAL))
            }
            Err(error) if error.kind() == io::ErrorKind::NetworkUnreachable => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn raise(&self, interface: u32) -> io::Result<()> {
        self.ask(RTM_NEWLINK, 0, &link(interface, IFF_UP, IFF_UP)).map(drop)
    }

    /// Whether packets of this family that come in here could leave again.
    pub(super) fn forwards(&self, interface: u32, family: Family) -> io::Result<bool> {
        let family = match family {
            Family::V4 => AF_INET,
            Family::V6 => AF_INET6,
        };
        let body = Body::default()
            .bytes(&[family, 0, 0, 0])
            .attribute(NETCONFA_IFINDEX, &interface.to_ne_bytes());
        let answers = self.ask(RTM_GETNETCONF, 0, &body)?;
        let body = answers.first().and_then(|answer| answer.body.get(4..));
        let found = body.and_then(|list| wire::find_attribute(list, NETCONFA_FORWARDING));
        match found.and_then(|value| wire::word(value, 0)) {
            Some(value) => Ok(value != 0),
            None => Err(io::Error::other("the kernel does not say whether it forwards")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// `struct ifinfomsg`: the flags in `change` become those in `flags`.
fn link(interface: u32, flags: u32, change: u32) -> Body {
    Body::default().number(0).number(interface).number(flags).number(change)
}

/// Full packets that fit one UDP send once they are sealed.
pub(super) fn segments_max(mtu: u16) -> u32 {
    (UDP_PAYLOAD_MAX / (u32::from(mtu) + WIREGUARD_BYTES)).min(UDP_SEGMENTS_MAX)
}
