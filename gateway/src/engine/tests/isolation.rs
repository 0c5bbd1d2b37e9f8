//! What does not reach the TUN: all but a peer's own packets to the doors of the service.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::packets::{ip, ping, tcp, udp};
use super::{Came, Client, Drop, SERVICE, World, connected, peer};

/// Sends it through a live session: what comes out at the TUN, and the reason when nothing does.
fn check(packet: &[u8]) -> Result<(), Drop> {
    let (mut world, mut client) = connected();
    match client.send(&mut world, packet) {
        Came::Inside(inside) => {
            assert_eq!(inside, packet);
            Ok(())
        }
        Came::Answer(answer) => panic!("{} bytes came back", answer.len()),
        Came::Heard => panic!("a session that is no more"),
        Came::Nothing => {
            let drops = world.engine.drops.all();
            assert_eq!(drops.len(), 1, "{drops:?}");
            Err(drops[0].0)
        }
    }
}

fn own() -> [(IpAddr, IpAddr); 2] {
    let peer = peer(1);
    [(peer.v4.into(), SERVICE.v4.into()), (peer.v6.into(), SERVICE.v6.into())]
}

#[test]
fn the_doors_of_the_service_are_open() {
    for (from, to) in own() {
        for port in [443, 80, 53] {
            assert_eq!(check(&tcp(from, to, port)), Ok(()));
        }
        assert_eq!(check(&udp(from, to, 53)), Ok(()));
        assert_eq!(check(&ping(from, to)), Ok(()));
    }
}

#[test]
fn every_other_door_is_closed() {
    for (from, to) in own() {
        for port in [0, 22, 25, 52, 54, 79, 81, 442, 444, 8080, 51_820, 65_535] {
            assert_eq!(check(&tcp(from, to, port)), Err(Drop::InnerDoor), "tcp {port}");
        }
        for port in [0, 67, 80, 123, 443, 500, 51_820] {
            assert_eq!(check(&udp(from, to, port)), Err(Drop::InnerDoor), "udp {port}");
        }
        for protocol in (0..=255).filter(|protocol| ![6, 17].contains(protocol)) {
            let packet = ip(from, to, protocol, &[0; 40]);
            let why = check(&packet).unwrap_err();
            assert!(matches!(why, Drop::InnerDoor | Drop::InnerShape), "{protocol}: {why:?}");
        }
    }
    // Of ICMP only the request of an echo: no redirect, no router advertisement.
    let (from, to) = own()[0];
    for kind in (0..=255).filter(|kind| *kind != 8) {
        assert_eq!(check(&ip(from, to, 1, &[kind, 0, 0, 0, 0, 0, 0, 0])), Err(Drop::InnerDoor));
    }
    let (from, to) = own()[1];
    for kind in (0..=255).filter(|kind| *kind != 128) {
        assert_eq!(check(&ip(from, to, 58, &[kind, 0, 0, 0, 0, 0, 0, 0])), Err(Drop::InnerDoor));
    }
}

#[test]
fn nobody_sends_from_another_address() {
    let service: [IpAddr; 2] = [SERVICE.v4.into(), SERVICE.v6.into()];
    for from in ["100.64.1.2", "100.64.0.1", "127.0.0.1", "0.0.0.0", "192.0.2.1", "224.0.0.1"] {
        let from: IpAddr = from.parse().unwrap();
        assert_eq!(check(&tcp(from, service[0], 443)), Err(Drop::InnerSource), "{from}");
    }
    let mapped = "::ffff:100.64.1.1";
    for from in ["fd00::1:2", "fd00::1", "::1", "::", "fe80::1", "ff02::1", mapped] {
        let from: IpAddr = from.parse().unwrap();
        assert_eq!(check(&tcp(from, service[1], 443)), Err(Drop::InnerSource), "{from}");
    }
}

#[test]
fn nobody_reaches_another_address() {
    let other = peer(2);
    let (v4, v6) = (peer(1).v4.into(), peer(1).v6.into());
    let own_v4: IpAddr = v4;
    for to in [
        IpAddr::V4(other.v4),
        own_v4,
        Ipv4Addr::LOCALHOST.into(),
        Ipv4Addr::BROADCAST.into(),
        Ipv4Addr::new(100, 127, 255, 255).into(),
        Ipv4Addr::new(203, 0, 113, 1).into(),
        Ipv4Addr::new(169, 254, 0, 1).into(),
        Ipv4Addr::new(224, 0, 0, 1).into(),
    ] {
        for packet in [tcp(v4, to, 443), udp(v4, to, 53), ping(v4, to)] {
            assert_eq!(check(&packet), Err(Drop::InnerDestination), "{to}");
        }
    }
    for to in [
        IpAddr::V6(other.v6),
        Ipv6Addr::LOCALHOST.into(),
        "fe80::1".parse().unwrap(),
        "ff02::1".parse().unwrap(),
        "2001:db8::1".parse().unwrap(),
    ] {
        for packet in [tcp(v6, to, 443), udp(v6, to, 53), ping(v6, to)] {
            assert_eq!(check(&packet), Err(Drop::InnerDestination), "{to}");
        }
    }
}

#[test]
fn nothing_hides_its_ports() {
    let (from, to) = own()[0];
    let plain = tcp(from, to, 443);
    for bits in [0x20, 0x01, 0x1f, 0x3f] {
        let mut fragment = plain.clone();
        fragment[6] = bits;
        assert_eq!(check(&fragment), Err(Drop::InnerShape), "{bits:x}");
    }
    let mut optioned = plain.clone();
    optioned.splice(20..20, [7, 4, 4, 0]);
    optioned[0] = 0x46;
    optioned[3] += 4;
    assert_eq!(check(&optioned), Err(Drop::InnerShape));
    let (from, to) = own()[1];
    for extension in [0, 43, 44, 50, 51, 59, 60, 135, 139, 140] {
        let payload = [[6, 0, 1, 4, 0, 0, 0, 0].as_slice(), &tcp(from, to, 443)[40..]].concat();
        assert_eq!(check(&ip(from, to, extension, &payload)), Err(Drop::InnerShape));
    }
}

#[test]
fn lengths_that_disagree_are_not_passed_on() {
    for (from, to) in own() {
        let mut short = tcp(from, to, 443);
        let offset = short.len() - 8;
        short[offset] = 0xf0;
        assert_eq!(check(&short), Err(Drop::InnerMalformed), "a TCP header beyond the end");
        let mut tiny = tcp(from, to, 443);
        tiny[offset] = 0x40;
        assert_eq!(check(&tiny), Err(Drop::InnerMalformed), "a TCP header of 16 bytes");
        let mut long = udp(from, to, 53);
        let length = long.len() - 8;
        long[length + 1] = 200;
        assert_eq!(check(&long), Err(Drop::InnerMalformed), "a UDP length beyond the end");
        assert_eq!(check(&ip(from, to, 6, &[0, 1, 1])), Err(Drop::InnerMalformed));
    }
    // The library itself refuses what is no IP, or shorter than it says.
    assert_eq!(check(&[0x15; 40]), Err(Drop::Malformed));
    let (from, to) = own()[0];
    let mut beyond = tcp(from, to, 443);
    beyond[3] += 1;
    assert_eq!(check(&beyond), Err(Drop::Malformed));
}

#[test]
fn one_peers_packets_never_go_to_another() {
    let mut world = World::new(&[peer(1), peer(2)]);
    let (mut first, mut second) = (Client::new(1), Client::new(2));
    first.connect(&mut world);
    second.connect(&mut world);
    let to_first = tcp(SERVICE.v4.into(), first.peer.v4.into(), 443);
    let (datagram, route) = world.send(&to_first).unwrap();
    assert_eq!(route.remote, first.at);
    assert_eq!(second.open(&datagram), None);
    assert_eq!(first.open(&datagram), Some(to_first));
    let nobody = tcp(SERVICE.v4.into(), Ipv4Addr::new(100, 64, 9, 9).into(), 443);
    assert_eq!(world.send(&nobody), None);
    assert_eq!(world.drops(Drop::NoPeer), 1);
}
