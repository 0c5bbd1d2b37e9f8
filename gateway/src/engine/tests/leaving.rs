//! What is still said to a device that was taken off the list, and what is not.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::super::farewell::{GRACE, Reset};
use super::packets::{content, ping, tcp, udp};
use super::{Came, Client, Drop, SERVICE, World, connected, peer, secret};
use crate::offload::{Sum, pseudo_header};

const SEQUENCE: u32 = 0xfedc_ba98;
const FIN_ACK: u8 = 0x11;
const RST: u8 = 0x04;
const RST_ACK: u8 = 0x14;

/// From the service to that device, of either family.
fn ends(client: &Client) -> [(IpAddr, IpAddr); 2] {
    let Client { peer, .. } = client;
    [(SERVICE.v4.into(), peer.v4.into()), (SERVICE.v6.into(), peer.v6.into())]
}

/// Sequence and acknowledgement numbers and flags, of a packet with all its sums right.
fn told(packet: &[u8], (from, to): (IpAddr, IpAddr)) -> (u32, u32, u8) {
    let ip_bytes = if from.is_ipv4() { 20 } else { 40 };
    assert_eq!(packet.len(), ip_bytes + 20, "not a byte of payload");
    if from.is_ipv4() {
        assert_eq!(Sum::default().bytes(&packet[..20]).checksum(), 0);
    }
    let segment = &packet[ip_bytes..];
    assert_eq!(pseudo_header(from, to, 6, 20).bytes(segment).checksum(), 0);
    assert_eq!(segment[..4], [443_u16.to_be_bytes(), 40_000_u16.to_be_bytes()].concat());
    let number = |at: usize| u32::from_be_bytes(segment[at..at + 4].try_into().unwrap());
    (number(4), number(8), segment[13])
}

#[test]
fn who_left_hears_at_every_packet_that_its_connection_ends_there_and_nothing_else() {
    let (mut world, mut client) = connected();
    world.change(&[]);
    for (from, to) in ends(&client) {
        for payload in [&b"of a patient"[..], &[0x55; 60_000], b""] {
            let packet = content(from, to, SEQUENCE, payload);
            let (datagram, route) = world.farewell(&packet).unwrap();
            assert_eq!(route.remote, client.at);
            let packet = client.open(&datagram).unwrap();
            assert_eq!(told(&packet, (from, to)), (SEQUENCE, 7, RST_ACK));
        }
    }
    assert_eq!(world.drops(Drop::Revoked), 6, "what was to be sent was dropped each time");
}

#[test]
fn an_end_that_the_service_wrote_itself_is_told_as_one() {
    let (mut world, mut client) = connected();
    world.change(&[]);
    for (from, to) in ends(&client) {
        let ip_bytes = if from.is_ipv4() { 20 } else { 40 };
        for (flags, acknowledged, wanted) in
            [(FIN_ACK, 7, RST_ACK), (RST_ACK, 7, RST_ACK), (RST, 0, RST)]
        {
            let mut packet = content(from, to, SEQUENCE, b"");
            packet[ip_bytes + 13] = flags;
            let (datagram, _) = world.farewell(&packet).unwrap();
            let packet = client.open(&datagram).unwrap();
            assert_eq!(told(&packet, (from, to)), (SEQUENCE, acknowledged, wanted));
        }
    }
}

#[test]
fn who_left_hears_no_answer_but_of_tcp() {
    let (mut world, client) = connected();
    world.change(&[]);
    for (from, to) in ends(&client) {
        assert_eq!(world.farewell(&udp(from, to, 53)), None);
        assert_eq!(world.farewell(&ping(from, to)), None);
        assert_eq!(world.farewell(&content(from, to, 1, b"")[..30]), None, "half a header");
    }
}

#[test]
fn who_left_is_heard_no_more_and_cannot_move_where_it_is_told() {
    let (mut world, mut client) = connected();
    let ready = client.seal(&client.hello());
    world.change(&[]);
    let elsewhere = SocketAddr::new(Ipv4Addr::new(198, 51, 100, 9).into(), 9);
    assert!(matches!(world.take(elsewhere, &ready), Came::Answer(_)));
    assert_eq!(world.drops(Drop::Revoked), 1);
    let table = world.engine.table();
    assert!(table.by_inside(client.peer.v4.into()).is_none(), "its address names nobody");
    let [(from, to), _] = ends(&client);
    let (_, route) = world.farewell(&content(from, to, 1, b"x")).unwrap();
    assert_eq!(route.remote, client.at);
}

#[test]
fn what_who_left_sends_is_answered_with_the_number_it_names() {
    let (mut world, mut client) = connected();
    world.change(&[]);
    for ends in ends(&client) {
        let (service, own) = ends;
        let ip_bytes = if own.is_ipv4() { 20 } else { 40 };
        for (flags, payload, wanted) in [
            // What a client asks with behind a gap, and what it sends of its own.
            (0x10, &b""[..], (7, 0, RST)),
            (0x18, b"of a patient", (7, 0, RST)),
            (0x11, b"", (7, 0, RST)),
            (0x02, b"", (0, SEQUENCE.wrapping_add(1), RST_ACK)),
        ] {
            let mut packet = content(own, service, SEQUENCE, payload);
            packet[ip_bytes..ip_bytes + 4].rotate_left(2);
            packet[ip_bytes + 13] = flags;
            let Came::Answer(datagram) = client.send(&mut world, &packet) else {
                panic!("{flags:#x}: {:?}", world.engine.drops.all());
            };
            let packet = client.open(&datagram).unwrap();
            assert_eq!(told(&packet, ends), wanted, "{flags:#x}");
        }
        let mut reset = content(own, service, SEQUENCE, b"");
        reset[ip_bytes..ip_bytes + 4].rotate_left(2);
        reset[ip_bytes + 13] = RST;
        assert_eq!(client.send(&mut world, &reset), Came::Nothing, "there is no end to two ends");
    }
    let elsewhere = content(client.peer.v4.into(), peer(2).v4.into(), 1, b"");
    assert_eq!(client.send(&mut world, &elsewhere), Came::Nothing);
    assert_eq!(world.drops(Drop::InnerDestination), 1, "nobody but the service is answered for");
    let hello = client.hello();
    world.now.0 += GRACE;
    assert_eq!(client.send(&mut world, &hello), Came::Nothing, "its grace is over");
}

#[test]
fn what_was_told_is_told_again_until_the_grace_is_over() {
    let (mut world, mut client) = connected();
    world.change(&[]);
    let all = ends(&client);
    for (from, to) in all {
        // The first datagram is lost; the second is of a later byte.
        for sequence in [SEQUENCE, SEQUENCE + 1_000] {
            world.farewell(&content(from, to, sequence, b"x")).unwrap();
        }
    }
    for second in 1..GRACE.as_secs() {
        let sent = world.pass(1);
        assert_eq!(sent.len(), 2, "one a connection, after {second} s");
        for ((datagram, route), ends) in sent.into_iter().zip(all) {
            assert_eq!(route.remote, client.at);
            let packet = client.open(&datagram).unwrap();
            assert_eq!(told(&packet, ends), (SEQUENCE, 7, RST_ACK));
        }
    }
    assert_eq!(world.pass(10), []);
}

#[test]
fn after_its_grace_nothing_leads_to_who_left() {
    let mut world = World::new(&[peer(1), peer(2)]);
    let mut gone = Client::new(1);
    gone.connect(&mut world);
    let [(from, to), _] = ends(&gone);
    let packet = content(from, to, 1, b"x");
    world.change(&[peer(2)]);
    world.now.0 += GRACE / 2;
    assert!(world.farewell(&packet).is_some());
    // Another change meanwhile does not begin the time anew.
    world.change(&[peer(2), peer(3)]);
    assert!(world.farewell(&packet).is_some());
    world.now.0 += GRACE / 2;
    assert_eq!(world.farewell(&packet), None);
    let (before, unreached) = (world.engine.table(), world.drops(Drop::NoPeer));
    assert_eq!(before.leaving().count(), 1);
    world.pass(1);
    assert_eq!(world.engine.table().leaving().count(), 0, "its keys are gone");
    assert_eq!(world.farewell(&packet), None);
    assert_eq!(world.drops(Drop::NoPeer), unreached + 1);
    assert_eq!(world.engine.table().slots().count(), 2);
}

#[test]
fn who_takes_an_address_over_has_it_alone_at_once() {
    let mut heir = peer(2);
    heir.v4 = peer(1).v4;
    let (mut world, mut gone) = connected();
    world.change(std::slice::from_ref(&heir));
    let [v4, v6] = ends(&gone).map(|(from, to)| content(from, to, 1, b"x"));
    assert_eq!(world.farewell(&v4), None, "the heir has not come yet, and nobody else is told");
    let (datagram, _) = world.farewell(&v6).unwrap();
    assert!(gone.open(&datagram).is_some(), "the other address is nobody's");
    let mut client = Client::new(2);
    client.connect(&mut world);
    let (datagram, route) = world.send(&v4).unwrap();
    assert_eq!(route.remote, client.at);
    assert_eq!((client.open(&datagram), gone.open(&datagram)), (Some(v4), None));
}

#[test]
fn another_key_of_the_same_device_has_its_address_at_once() {
    let (mut world, client) = connected();
    let mut renewed = peer(1);
    renewed.public_key = crate::public_key(&secret(9));
    world.change(&[renewed]);
    for (from, to) in ends(&client) {
        assert_eq!(world.farewell(&content(from, to, 1, b"x")), None);
    }
}

#[test]
fn who_never_came_is_told_nothing() {
    let mut world = World::new(&[peer(1)]);
    world.change(&[]);
    let packet = tcp(SERVICE.v4.into(), peer(1).v4.into(), 443);
    assert_eq!(world.farewell(&packet), None);
}

#[test]
fn no_reset_is_made_of_what_is_no_whole_header() {
    let whole = content(SERVICE.v6.into(), peer(1).v6.into(), 1, b"x");
    for length in 0..whole.len() - 1 {
        let reset = Reset::instead_of(&whole[..length]);
        // Its own options are part of a header.
        assert_eq!(reset.is_some(), length >= 40 + 32, "{length}");
    }
}
