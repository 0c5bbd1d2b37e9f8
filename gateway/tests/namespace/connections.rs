//! A peer's connections: how they come to be, and that they end at once.

use std::io::{ErrorKind, Read as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;

use gateway::namespace::Made;
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::packets::{self, ACK, NEEDS_CSUM, RST, SYN};
use crate::{SERVICE_V4, SERVICE_V6, make};

pub const TESTS: &[(&str, fn())] = &[
    ("a_knock_is_answered_with_the_checksum_left_open", a_knock_is_answered),
    ("an_accepted_connection_keeps_what_its_listener_chose", accepted_inherits),
    ("a_peers_connections_end_at_once_and_nobody_elses", only_one_peer_is_cut),
    ("every_connection_of_a_peer_is_found", every_connection_is_found),
];

const SEQUENCE: u32 = 1_000_000;

pub fn peer(last: u8, port: u16, is_v6: bool) -> SocketAddr {
    let address = if is_v6 {
        IpAddr::V6(format!("fd12:3456:789a::{last:x}").parse().unwrap())
    } else {
        IpAddr::V4([100, 70, 0, last].into())
    };
    SocketAddr::new(address, port)
}

pub fn service(port: u16, is_v6: bool) -> SocketAddr {
    let address = if is_v6 { SERVICE_V6 } else { SERVICE_V4 };
    SocketAddr::new(address.parse().unwrap(), port)
}

/// A handshake by hand; the connection is then accepted from the listener.
fn connect(made: &Made, from: SocketAddr) -> TcpStream {
    let to = service(443, from.is_ipv6());
    packets::write(made, &packets::tcp(from, to, SEQUENCE, 0, SYN));
    let answer = packets::read(made);
    assert_eq!((answer.from, answer.to, answer.flags()), (to, from, SYN | ACK));
    let ours = answer.sequence().wrapping_add(1);
    packets::write(made, &packets::tcp(from, to, SEQUENCE + 1, ours, ACK));
    let (stream, accepted) = accept(&made.https[usize::from(from.is_ipv6())]);
    assert_eq!(accepted, from);
    stream
}

fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    let mut waits = [PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)];
    let limit = Timespec { tv_sec: 10, tv_nsec: 0 };
    assert_eq!(rustix::event::poll(&mut waits, Some(&limit)), Ok(1), "nobody knocked");
    listener.accept().unwrap()
}

fn a_knock_is_answered() {
    let made = make().unwrap();
    for is_v6 in [false, true] {
        for port in [443, 80] {
            let (from, to) = (peer(9, 40_000, is_v6), service(port, is_v6));
            packets::write(&made, &packets::tcp(from, to, SEQUENCE, 0, SYN));
            // The first packet of all is this answer: nothing is said unasked.
            let answer = packets::read(&made);
            assert_eq!((answer.from, answer.to, answer.flags()), (to, from, SYN | ACK));
            assert_eq!(answer.acknowledged(), SEQUENCE + 1);
            assert_eq!(answer.virtio[0], NEEDS_CSUM);
            let start = u16::from_ne_bytes([answer.virtio[6], answer.virtio[7]]);
            let offset = u16::from_ne_bytes([answer.virtio[8], answer.virtio[9]]);
            assert_eq!((start, offset), (if is_v6 { 40 } else { 20 }, 16));
        }
    }
    // A port that nobody listens on, in the peer's own view.
    let (from, to) = (peer(9, 40_000, false), service(22, false));
    packets::write(&made, &packets::tcp(from, to, SEQUENCE, 0, SYN));
    assert_eq!(packets::read(&made).flags(), RST | ACK);
}

fn accepted_inherits() {
    let made = make().unwrap();
    let stream = connect(&made, peer(9, 40_000, false));
    let wanted = if made.warnings.is_empty() { "bbr" } else { "cubic" };
    let used = rustix::net::sockopt::tcp_congestion(&stream).unwrap();
    assert_eq!(used, wanted, "{:?}", made.warnings);
    let socket = socket2::SockRef::from(&stream);
    assert_eq!(socket.tcp_notsent_lowat().unwrap(), 128 * 1024);
}

fn only_one_peer_is_cut() {
    one_peer_is_cut(&make().unwrap());
}

/// Also run by a probe whose start was privileged.
pub fn one_peer_is_cut(made: &Made) {
    let connections = made.connections.as_ref().unwrap();
    // Held to the end, since a closed connection says farewell on the TUN.
    let mut others = Vec::new();
    for is_v6 in if made.https.len() == 2 { &[false, true][..] } else { &[false] } {
        let mut cut = connect(made, peer(9, 40_000, *is_v6));
        let mut other = connect(made, peer(10, 40_000, *is_v6));
        assert_eq!(connections.destroy(peer(9, 0, *is_v6).ip()).unwrap(), 1);
        let last = packets::read(made);
        assert_eq!((last.to, last.flags() & RST), (peer(9, 40_000, *is_v6), RST));
        let ended = cut.read(&mut [0; 1]).unwrap_err().kind();
        assert_eq!(ended, ErrorKind::ConnectionAborted);
        other.set_nonblocking(true).unwrap();
        let goes_on = other.read(&mut [0; 1]).unwrap_err().kind();
        assert_eq!(goes_on, ErrorKind::WouldBlock);
        others.push(other);
        assert_eq!(connections.destroy(peer(9, 0, *is_v6).ip()).unwrap(), 0);
        assert_eq!(connections.destroy(peer(200, 0, *is_v6).ip()).unwrap(), 0);
    }
}

fn every_connection_is_found() {
    let made = make().unwrap();
    let mut streams = Vec::new();
    for last in 10..60 {
        for port in 0..20 {
            streams.push(connect(&made, peer(last, 40_000 + port, last % 2 == 0)));
        }
    }
    let connections = made.connections.as_ref().unwrap();
    for last in 10..60 {
        let destroyed = connections.destroy(peer(last, 0, last % 2 == 0).ip()).unwrap();
        assert_eq!(destroyed, 20, "{last}");
    }
}
