//! The sockets of the service inside: pages on 443 and 80, names on 53.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use super::problem::{StartProblem, Warning};

pub(super) const HTTPS: u16 = 443;
pub(super) const HTTP: u16 = 80;
pub(super) const DNS: u16 = 53;

/// Connections that wait to be accepted; the web service has bounds of its own behind this.
const BACKLOG: i32 = 1024;
/// Of a name service that is asked a few times a minute.
const DNS_BACKLOG: i32 = 16;

/// What is written and not yet sent: enough for the line, and small enough that a page which is
/// asked for in between does not wait behind a film.
const UNSENT_BYTES: u32 = 128 * 1024;

/// The best first; the second is based on loss, and in every kernel. Chosen socket by socket,
/// since a namespace's default may only be one that its host allows.
pub(super) const CONGESTION: [&str; 2] = ["bbr", "cubic"];

pub(super) fn has_ipv6() -> bool {
    Socket::new(Domain::IPV6, Type::DGRAM, None).is_ok()
}

/// Accepts without blocking, as runtimes want it. Accepted connections inherit the rest.
pub(super) fn pages(address: IpAddr, port: u16) -> Result<Socket, StartProblem> {
    let at = SocketAddr::new(address, port);
    let opened = || -> io::Result<Socket> {
        let socket = bound(at, Type::STREAM)?;
        socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
        socket.set_nonblocking(true)?;
        socket.listen(BACKLOG)?;
        Ok(socket)
    };
    opened().map_err(|error| refused(at, &error))
}

/// Its connections carry one short answer and need no tuning.
pub(super) fn names_tcp(address: IpAddr) -> Result<Socket, StartProblem> {
    let at = SocketAddr::new(address, DNS);
    let opened = || -> io::Result<Socket> {
        let socket = bound(at, Type::STREAM)?;
        socket.set_nonblocking(true)?;
        socket.listen(DNS_BACKLOG)?;
        Ok(socket)
    };
    opened().map_err(|error| refused(at, &error))
}

pub(super) fn names_udp(address: IpAddr) -> Result<Socket, StartProblem> {
    let at = SocketAddr::new(address, DNS);
    let opened = || -> io::Result<Socket> {
        let socket = bound(at, Type::DGRAM)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    opened().map_err(|error| refused(at, &error))
}

fn bound(at: SocketAddr, kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(at), kind, None)?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&at.into())?;
    Ok(socket)
}

fn refused(address: SocketAddr, error: &io::Error) -> StartProblem {
    let errno = Errno::from_io_error(error).unwrap_or(Errno::IO).raw_os_error();
    StartProblem::Listen { address, errno }
}

/// Sets the first of these congestion controls that the kernel has, and says what is used where
/// that is not the best.
pub(super) fn choose_congestion(listeners: &[&Socket], names: &[&str]) -> Option<Warning> {
    let set = |name: &str| {
        let mut all = listeners.iter();
        all.all(|listener| listener.set_tcp_congestion(name.as_bytes()).is_ok())
    };
    if names.iter().position(|name| set(name)) == Some(0) {
        return None;
    }
    // Where there is none of them, the kernel's default stays, and is named.
    let used = listeners.first().and_then(|listener| listener.tcp_congestion().ok());
    let used = String::from_utf8_lossy(&used.unwrap_or_default()).trim_matches('\0').to_owned();
    Some(Warning::NoBbr { used })
}
