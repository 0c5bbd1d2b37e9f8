//! The UDP sockets that clients reach: many datagrams a system call, both ways.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec};
use socket2::{Domain, Protocol, Socket, Type};

use crate::config;
use crate::engine::Route;
use crate::namespace::StartProblem;
use crate::system::fragments;

/// Messages of one receive.
pub const BATCH: usize = 16;
/// Each holds up to 64 datagrams that came in a row.
pub const MESSAGE_BYTES: usize = 65_536;
/// The kernel's limits for one send in pieces.
pub const PIECES_MAX: usize = 64;
pub const SEND_BYTES_MAX: usize = 65_507;

/// A second of 50 Mbit/s; the system's `rmem_max` may allow less.
const SOCKET_BYTES: usize = 8 << 20;
/// A full queue of the interface is empty again by then; what is lost later, TCP sends again.
const FULL_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };

/// What the system says where it cannot cut a send in datagrams: a route without offload, or one
/// that is too narrow for them. One by one they are sent, in the second case in fragments.
const WHOLE_ONLY: [i32; 3] = [libc::EIO, libc::EINVAL, libc::EMSGSIZE];

pub struct Outside(Vec<Port>);

struct Port {
    socket: UdpSocket,
    state: UdpSocketState,
    address: SocketAddr,
}

impl Outside {
    pub fn bind(config: &config::Outside) -> Result<Self, StartProblem> {
        let ports = [Some(config.port), config.second_port];
        let bound = ports.into_iter().flatten().map(|port| Port::bind(config.address, port));
        bound.collect::<Result<_, _>>().map(Self)
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|port| port.address).collect()
    }

    pub fn sockets(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.iter().map(|port| port.socket.as_fd())
    }

    /// How many of `buffers` were filled; none where nothing waits.
    pub fn receive(
        &self,
        port: usize,
        buffers: &mut [IoSliceMut<'_>],
        about: &mut [RecvMeta],
    ) -> usize {
        let Some(port) = self.0.get(port) else { return 0 };
        // Whatever fails here concerns single datagrams (an ICMP error of an earlier one): the
        // next call goes on.
        port.state.recv(UdpSockRef::from(&port.socket), buffers, about).unwrap_or(0)
    }

    /// Datagrams of `size` bytes each, the last one perhaps shorter. Whether the system took them.
    pub fn send(&self, route: &Route, datagrams: &[u8], size: usize) -> bool {
        let Some(port) = self.0.get(route.port) else { return false };
        let transmit = Transmit {
            destination: route.remote,
            ecn: None,
            contents: datagrams,
            segment_size: Some(size),
            src_ip: route.local,
        };
        let send = || port.state.try_send(UdpSockRef::from(&port.socket), &transmit);
        match send() {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let mut waits = [PollFd::new(&port.socket, PollFlags::OUT)];
                rustix::event::poll(&mut waits, Some(&FULL_WAIT)).is_ok() && send().is_ok()
            }
            Err(error) if error.raw_os_error().is_some_and(|errno| WHOLE_ONLY.contains(&errno)) => {
                datagrams.chunks(size).all(|one| {
                    let transmit = Transmit { contents: one, segment_size: None, ..transmit };
                    port.state.try_send(UdpSockRef::from(&port.socket), &transmit).is_ok()
                })
            }
            Err(_) => false,
        }
    }
}

impl Port {
    fn bind(address: Option<IpAddr>, port: u16) -> Result<Self, StartProblem> {
        let any = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port);
        let wanted = SocketAddr::new(address.unwrap_or(Ipv6Addr::UNSPECIFIED.into()), port);
        let made = match make(wanted) {
            // A machine without IPv6.
            Err(error) if error.kind() != io::ErrorKind::AddrInUse && wanted == any => {
                make(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))
            }
            made => made,
        };
        made.map_err(|error| {
            let errno = error.raw_os_error().unwrap_or_default();
            if error.kind() == io::ErrorKind::AddrInUse {
                StartProblem::PortTaken { address: wanted }
            } else {
                StartProblem::Outside { address: wanted, errno }
            }
        })
    }
}

fn make(address: SocketAddr) -> io::Result<Port> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.bind(&address.into())?;
    // Best effort: with less, bursts of a fast network are lost.
    for (grown, what) in [
        (socket.set_recv_buffer_size(SOCKET_BYTES), "receive"),
        (socket.set_send_buffer_size(SOCKET_BYTES), "send"),
    ] {
        if let Err(error) = grown {
            log::warn!("the {what} buffer of the outside port stays small: {error}");
        }
    }
    let socket: UdpSocket = socket.into();
    let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
    // The library forbids fragments, as QUIC wants; a tunnel would rather be slow than dead.
    fragments::allow(socket.as_fd(), address.is_ipv6())?;
    let address = socket.local_addr()?;
    Ok(Port { socket, state, address })
}
