//! Ending a peer's TCP connections at once, from outside of the namespace they live in.
//!
//! The kernel asks for rights over the namespace of the *socket*. The user who made the
//! namespace has them from outside too, so the netlink socket that was passed out is enough.
//! After a privileged start nobody outside has them: a small process then stays inside.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Child;
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;
use rustix::net::netlink;

use super::message;
use super::netlink::{self as wire, Body};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const SOCK_DESTROY: u16 = 21;

const IPPROTO_TCP: u8 = 6;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// Bits by state number: all but closed (7), listening (10) and the memory of the dead (6).
const LIVE_STATES: u32 = 0x1fff & !(1 | 1 << 6 | 1 << 7 | 1 << 10);

/// `struct inet_diag_msg`: four bytes of state, then the identity of the socket.
const IDENTITY: std::ops::Range<usize> = 4..52;
/// Within the identity: two ports, then two addresses of sixteen bytes.
const PEER_ADDRESS: usize = 20;

/// Peers' TCP connections inside. Dropping it ends the process that may wait inside.
#[derive(Debug)]
pub struct Connections {
    way: Mutex<Way>,
}

#[derive(Debug)]
pub(super) enum Way {
    /// A socket for diagnosis, opened inside.
    Direct(OwnedFd),
    /// The process that stayed inside.
    Resident(OwnedFd, Child),
}

impl Connections {
    pub(super) fn new(way: Way) -> Self {
        Self { way: Mutex::new(way) }
    }

    /// Resets every connection of this inner address; returns how many there were.
    ///
    /// # Errors
    ///
    /// `EPERM` for another user than the one who made the namespace, `EOPNOTSUPP` on a kernel
    /// without `CONFIG_INET_DIAG_DESTROY`.
    pub fn destroy(&self, peer: IpAddr) -> io::Result<usize> {
        // A thread that panicked left at worst unread answers, which carry another number.
        let way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        match &*way {
            Way::Direct(socket) => destroy_connections(socket.as_fd(), peer),
            Way::Resident(socket, _) => {
                message::send(socket, &peer, &[])?;
                match message::receive::<Result<u32, i32>>(socket)? {
                    Some((Ok(count), _)) => usize::try_from(count).map_err(io::Error::other),
                    Some((Err(errno), _)) => Err(io::Error::from_raw_os_error(errno)),
                    None => Err(io::ErrorKind::BrokenPipe.into()),
                }
            }
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        let way = self.way.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Way::Resident(socket, child) = way {
            // It ends when its socket does; an error means that it ended before.
            let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
            drop(child.wait());
        }
    }
}

/// In the process that stays inside: ends connections on request until the other side is gone.
pub(super) fn serve(orders: &OwnedFd, inside: &OwnedFd) -> Result<(), Errno> {
    while let Some((peer, _)) = message::receive::<IpAddr>(orders)? {
        let done = destroy_connections(inside.as_fd(), peer);
        let answer: Result<u32, i32> = match done {
            Ok(count) => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
            Err(error) => Err(error.raw_os_error().unwrap_or(Errno::IO.raw_os_error())),
        };
        message::send(orders, &answer, &[])?;
    }
    Ok(())
}

pub(super) fn open() -> io::Result<OwnedFd> {
    Ok(wire::open(Some(netlink::SOCK_DIAG))?)
}

/// Whether the kernel can do it at all: list connections, and end one. A socket that isn't there
/// is not found, or not asked for; but so says a kernel that lists none, for lack of a module.
pub(super) fn probe(socket: BorrowedFd<'_>) -> io::Result<()> {
    wire::request(
        socket,
        SOCK_DIAG_BY_FAMILY,
        wire::DUMP,
        &request(AF_INET, LIVE_STATES, &[0; 48]),
    )?;
    let body = request(AF_INET, 0, &[0; 48]);
    match wire::request(socket, SOCK_DESTROY, 0, &body) {
        Ok(_) => Ok(()),
        Err(error) if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => Ok(()),
        Err(error) => Err(error),
    }
}

/// One thread at a time may use one socket.
fn destroy_connections(socket: BorrowedFd<'_>, peer: IpAddr) -> io::Result<usize> {
    let (family, address) = match peer {
        IpAddr::V4(v4) => (AF_INET, padded(&v4.octets())),
        IpAddr::V6(v6) => (AF_INET6, v6.octets()),
    };
    let all = request(family, LIVE_STATES, &[0; 48]);
    let found = wire::request(socket, SOCK_DIAG_BY_FAMILY, wire::DUMP, &all)?;
    let mut count = 0;
    for message in &found {
        let Some(identity) = message.body.get(IDENTITY) else { continue };
        if identity.get(PEER_ADDRESS..PEER_ADDRESS + 16) != Some(address.as_slice()) {
            continue;
        }
        let body = request(family, LIVE_STATES, identity);
        match wire::request(socket, SOCK_DESTROY, 0, &body) {
            Ok(_) => count += 1,
            // It ended by itself in between.
            Err(error) if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// `struct inet_diag_req_v2`.
fn request(family: u8, states: u32, identity: &[u8]) -> Body {
    Body::default().bytes(&[family, IPPROTO_TCP, 0, 0]).number(states).bytes(identity)
}

fn padded(v4: &[u8; 4]) -> [u8; 16] {
    let [a, b, c, d] = *v4;
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}
