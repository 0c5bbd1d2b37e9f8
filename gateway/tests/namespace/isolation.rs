//! No way from the tunnel to the host or to another peer, and nothing of it on the host.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::Command;

use gateway::dns::{Answerer, Zone};
use gateway::namespace::Made;

use crate::connections::{peer, service};
use crate::packets::{self, ACK, SYN};
use crate::{SERVICE_V4, SERVICE_V6, make};

pub const TESTS: &[(&str, fn())] = &[
    ("the_host_shows_no_interface_and_no_listener", the_host_shows_nothing),
    ("inside_there_are_two_interfaces_and_no_forwarding", inside_is_small),
    ("the_host_cannot_be_reached_from_inside", the_host_is_out_of_reach),
    ("packets_for_others_are_not_passed_on", nothing_is_forwarded),
    ("names_are_answered_through_the_tunnel", names_are_answered),
    ("nothing_listens_once_the_handles_are_gone", nothing_listens),
];

/// A command run inside, the way an administrator would enter.
fn inside(made: &Made, command: &[&str]) -> String {
    let path = |handle: &OwnedFd| format!("/proc/{}/fd/{}", std::process::id(), handle.as_raw_fd());
    let output = Command::new("nsenter")
        .arg("--preserve-credentials")
        .arg(format!("--user={}", path(made.user_namespace.as_ref().unwrap())))
        .arg(format!("--net={}", path(&made.net_namespace)))
        .args(command)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn interfaces(text: &str) -> Vec<String> {
    let mut names: Vec<_> =
        text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect();
    names.sort();
    names
}

fn the_host_shows_nothing() {
    let made = make().unwrap();
    let devices = std::fs::read_to_string("/proc/net/dev").unwrap();
    assert!(!interfaces(&devices).contains(&"tunnel".to_owned()), "{devices}");
    // Addresses as the kernel prints them: backwards by words.
    let v4 = format!("{:08X}", u32::from_ne_bytes([100, 70, 0, 1]));
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let sockets = std::fs::read_to_string(format!("/proc/net/{table}")).unwrap();
        assert!(!sockets.contains(&v4), "{table}: {sockets}");
        assert!(!sockets.contains("563412FD"), "{table}: {sockets}");
    }
    for address in [SERVICE_V4, SERVICE_V6] {
        let bound = TcpListener::bind(SocketAddr::new(address.parse().unwrap(), 0));
        assert!(bound.is_err(), "the host has {address}");
    }
    drop(made);
}

fn inside_is_small() {
    let made = make().unwrap();
    let devices = inside(&made, &["cat", "/proc/net/dev"]);
    assert_eq!(interfaces(&devices), ["lo", "tunnel"]);
    for (name, value) in [
        ("ipv4/ip_forward", "0"),
        ("ipv4/conf/tunnel/forwarding", "0"),
        ("ipv4/conf/tunnel/accept_redirects", "0"),
        ("ipv4/conf/tunnel/send_redirects", "0"),
        ("ipv4/conf/tunnel/rp_filter", "1"),
        ("ipv4/conf/tunnel/accept_source_route", "0"),
        ("ipv6/conf/all/forwarding", "0"),
        ("ipv6/conf/tunnel/forwarding", "0"),
        ("ipv6/conf/tunnel/accept_ra", "0"),
        ("ipv6/conf/tunnel/accept_redirects", "0"),
        ("ipv4/tcp_slow_start_after_idle", "0"),
        ("ipv4/tcp_mtu_probing", "1"),
    ] {
        let found = inside(&made, &["cat", &format!("/proc/sys/net/{name}")]);
        assert_eq!(found.trim(), value, "{name}");
    }
    let routes = inside(&made, &["cat", "/proc/net/route"]);
    assert_eq!(routes.lines().count(), 2, "a heading and the peers: {routes}");
    let addresses = inside(&made, &["cat", "/proc/net/if_inet6"]);
    assert!(!addresses.contains("fe80"), "{addresses}");
}

fn the_host_is_out_of_reach() {
    let made = make().unwrap();
    let host = TcpListener::bind("0.0.0.0:0").unwrap();
    host.set_nonblocking(true).unwrap();
    let port = host.local_addr().unwrap().port();
    let mut addresses = vec![SocketAddr::from(([127, 0, 0, 1], port))];
    // The host's own address, if it has any: connecting a datagram socket sends nothing.
    let outer = UdpSocket::bind("0.0.0.0:0").unwrap();
    if outer.connect("192.0.2.1:9").is_ok() {
        addresses.push(SocketAddr::new(outer.local_addr().unwrap().ip(), port));
    }
    let program = std::env::current_exe().unwrap();
    for address in addresses {
        let program = program.to_str().unwrap();
        let found = inside(&made, &[program, "reach", &address.to_string()]);
        assert!(found.starts_with("not reached"), "{address}: {found}");
        assert!(host.accept().is_err(), "{address} knocked at the host");
    }
    let own = service(443, false).to_string();
    let found = inside(&made, &[program.to_str().unwrap(), "reach", &own]);
    assert_eq!(found.trim(), "reached", "the service itself");
}

fn nothing_is_forwarded() {
    let made = make().unwrap();
    let from = peer(9, 40_000, false);
    let elsewhere = [
        "100.70.0.77:443",
        "127.0.0.1:443",
        "192.168.1.1:80",
        "8.8.8.8:53",
        "224.0.0.1:443",
        "255.255.255.255:443",
        "169.254.169.254:80",
    ];
    for to in elsewhere {
        packets::write(&made, &packets::tcp(from, to.parse().unwrap(), 1, 0, SYN));
        packets::write(&made, &packets::udp(from, to.parse().unwrap(), b"anybody?"));
    }
    let from_v6 = peer(9, 40_000, true);
    for to in ["[fd12:3456:789a::77]:443", "[::1]:443", "[2001:db8::1]:53", "[ff02::1]:443"] {
        packets::write(&made, &packets::tcp(from_v6, to.parse().unwrap(), 1, 0, SYN));
        packets::write(&made, &packets::udp(from_v6, to.parse().unwrap(), b"anybody?"));
    }
    // A source that is the service's own, and one that cannot be.
    for liar in ["100.70.0.1:40000", "127.0.0.1:40000"] {
        packets::write(&made, &packets::tcp(liar.parse().unwrap(), service(443, false), 1, 0, SYN));
    }
    packets::write(&made, &packets::tcp(from, service(443, false), 1, 0, SYN));
    loop {
        let answer = packets::read(&made);
        if answer.is_icmp_error() {
            // That there is no way, told to the one who asked.
            assert!([from.ip(), from_v6.ip()].contains(&answer.to.ip()), "{answer:?}");
            continue;
        }
        assert_eq!((answer.to, answer.flags()), (from, SYN | ACK), "something else came out");
        break;
    }
}

fn names_are_answered() {
    let mut made = make().unwrap();
    let v6 = Some(SERVICE_V6.parse().unwrap());
    let zone = Zone::new(&["app.aoba.example"], SERVICE_V4.parse().unwrap(), v6).unwrap();
    let udp = std::mem::take(&mut made.dns_udp);
    let tcp = std::mem::take(&mut made.dns_tcp);
    let answerer = Answerer::start(udp, tcp, zone).unwrap();
    let ours = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x03app\x04aoba\x07example\0\0\x01\0\x01";
    let other = b"\x12\x35\x01\x00\0\x01\0\0\0\0\0\0\x07example\x02jp\0\0\x01\0\x01";
    for is_v6 in [false, true] {
        let (from, to) = (peer(9, 5353, is_v6), service(53, is_v6));
        packets::write(&made, &packets::udp(from, to, ours));
        let answer = packets::read(&made);
        assert_eq!((answer.from, answer.to), (to, from));
        let bytes = answer.payload_of_udp();
        assert_eq!((bytes[3] & 0x0f, &bytes[bytes.len() - 4..]), (0, &[100, 70, 0, 1][..]));
        packets::write(&made, &packets::udp(from, to, other));
        let answer = packets::read(&made);
        let bytes = answer.payload_of_udp();
        assert_eq!((bytes[..2].to_vec(), bytes[3] & 0x0f), (vec![0x12, 0x35], 5));
    }
    drop(answerer);
}

/// In a program of its own: other tests start programs, and what is on its way to become one
/// holds all our handles for a moment.
fn nothing_listens() {
    let output = Command::new(std::env::current_exe().unwrap()).arg("end").output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

pub fn end() {
    let made = make().unwrap();
    let tun = rustix::io::dup(&made.tun).unwrap();
    let from = peer(9, 40_000, false);
    drop(made);
    // The listeners are gone: either nobody is there to write to, or the door is shut.
    let knock = packets::tcp(from, service(443, false), 1, 0, SYN);
    if rustix::io::write(&tun, &knock).is_ok() {
        let mut bytes = [0; 256];
        let length = rustix::io::read(&tun, &mut bytes).unwrap_or_default();
        assert!(length == 0 || bytes[10 + 20 + 13] & SYN == 0);
    }
}
