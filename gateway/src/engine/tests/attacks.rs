//! What strangers send, and what members of the network should not.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::super::bucket::{Buckets, Rate};
use super::{Came, Client, Drop, Event, GATEWAY_KEY, Moment, Route, World, connected, peer};
use crate::wireguard::{COOKIE_REPLY_BYTES, Channel, Identity, Macs, Refused};

pub(super) fn stranger(number: u32) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::from(0x0a00_0000 + number).into(), 1)
}

/// Right first MACs under a key that nobody has.
pub(super) fn strange_initiation() -> Vec<u8> {
    let identity = Identity::new(&super::secret(99));
    let gateway = Identity::new(&GATEWAY_KEY).public_key();
    let macs = Macs::new(&identity);
    let mut channel = Channel::new(&identity, &macs, gateway, &super::secret(1), 1);
    let mut out = [0; 148];
    channel.initiate(&mut out).unwrap().to_vec()
}

/// Sends without answering what was queued, until it is too much.
pub(super) fn bring_under_load(world: &mut World) {
    let message = strange_initiation();
    let table = world.engine.table();
    for number in 0..130 {
        let route = Route { remote: stranger(number), local: None, port: 0 };
        world.engine.take_datagram(&table, world.now, route, &message, &mut world.out);
    }
    while let Some(initiation) = world.engine.next_queued(world.now) {
        world.engine.take_queued(world.now, &initiation, &mut world.out);
    }
    assert!(world.engine.flood().is_under_load);
}

#[test]
fn datagrams_of_any_length_and_kind_are_dropped() {
    let mut world = World::new(&[peer(1)]);
    let mut sent = 0;
    for kind in 0..=8 {
        for length in [0, 1, 3, 4, 31, 32, 63, 64, 91, 92, 147, 148, 149, 1_500, 65_507, 65_535] {
            let mut datagram = vec![0xa5; length];
            if let Some(head) = datagram.first_chunk_mut::<4>() {
                *head = [kind, 0, 0, 0];
            }
            assert_eq!(world.take(stranger(1), &datagram), Came::Nothing, "{kind} {length}");
            sent += 1;
        }
    }
    let counted: u64 = world.engine.drops.all().iter().map(|(_, count)| count).sum();
    assert_eq!(counted, sent, "each is counted once");
}

#[test]
fn a_wrong_mac_costs_nothing_more() {
    let mut world = World::new(&[peer(1)]);
    let mut initiation = Client::new(1).initiation();
    initiation[120] ^= 1;
    assert_eq!(world.take(stranger(1), &initiation), Came::Nothing);
    assert_eq!(world.drops(Drop::BadMac), 1);
}

#[test]
fn only_what_keys_vouch_for_is_data() {
    let (mut world, mut client) = connected();
    let good = client.seal(&client.hello());
    let keepalive = client.seal(&[]);
    let mut forged = client.seal(&client.hello());
    *forged.last_mut().unwrap() ^= 1;
    let table = world.engine.table();
    let route = Route { remote: client.at, local: None, port: 0 };
    let junk = vec![0xa5; 148];
    let has_data = |row: &[&Vec<u8>], out: &mut [u8]| {
        let mut arrival = world.engine.arrival(&table, world.now, route);
        for datagram in row {
            arrival.take(datagram, out);
        }
        arrival.has_data()
    };
    assert!(!has_data(&[&strange_initiation(), &forged, &junk], &mut world.out));
    assert!(has_data(&[&good, &forged, &junk], &mut world.out));
    assert!(!has_data(&[&good], &mut world.out), "a replay");
    assert!(has_data(&[&keepalive], &mut world.out));
}

#[test]
fn wrong_macs_keep_up_no_load() {
    let mut world = World::new(&[peer(1)]);
    bring_under_load(&mut world);
    let mut wrong = strange_initiation();
    wrong[120] ^= 1;
    for _ in 0..30 {
        world.now.0 += Duration::from_millis(50);
        assert_eq!(world.take(stranger(1), &wrong), Came::Nothing);
    }
    assert_eq!(world.drops(Drop::BadMac), 30);
    world.pass(1);
    assert!(!world.engine.flood().is_under_load);
    Client::new(1).connect(&mut world);
}

#[test]
fn an_initiation_of_an_unknown_key_is_not_answered() {
    let mut world = World::new(&[peer(1)]);
    assert_eq!(world.take(stranger(1), &strange_initiation()), Came::Nothing);
    assert_eq!(world.drops(Drop::UnknownKey), 1);
}

#[test]
fn an_initiation_with_the_wrong_preshared_key_gives_no_session() {
    let mut world = World::new(&[peer(1)]);
    let mut client = Client::new(1);
    let identity = Identity::new(&super::secret(1));
    let gateway = Identity::new(&GATEWAY_KEY).public_key();
    let macs = Macs::new(&identity);
    client.channel = Channel::new(&identity, &macs, gateway, &super::secret(5), 1);
    let initiation = client.initiation();
    let Came::Answer(answer) = world.take(client.at, &initiation) else { panic!("no answer") };
    let from = Ipv4Addr::LOCALHOST.into();
    let taken = client.channel.take_handshake(from, &answer, &mut client.out);
    assert_eq!(taken.unwrap_err(), Refused::Forged);
}

#[test]
fn a_replayed_initiation_is_refused_and_locks_nobody_out() {
    let mut world = World::new(&[peer(1)]);
    let mut client = Client::new(1);
    let old = client.initiation();
    let Came::Answer(_) = world.take(client.at, &old) else { panic!("no answer") };
    for number in 0..100 {
        assert_eq!(world.take(stranger(number), &old), Came::Nothing);
    }
    assert_eq!(world.drops(Drop::StaleInitiation), 100);
    client.connect(&mut world);
    assert_eq!(world.status(&client).outside, Some(client.at));
}

#[test]
fn a_peer_may_ask_often_but_not_endlessly() {
    let mut world = World::new(&[peer(1)]);
    let mut client = Client::new(1);
    let mut answered = 0;
    for _ in 0..50 {
        let initiation = client.initiation();
        answered += u32::from(matches!(world.take(client.at, &initiation), Came::Answer(_)));
    }
    assert_eq!((answered, world.drops(Drop::PeerTooFast)), (5, 45));
    world.pass(1);
    client.connect(&mut world);
}

#[test]
fn data_is_taken_once_and_in_any_order_of_a_thousand() {
    let (mut world, mut client) = connected();
    let hello = client.hello();
    let mut datagrams: Vec<_> = (0..1_000).map(|_| client.seal(&hello)).collect();
    datagrams.reverse();
    for datagram in &datagrams {
        assert!(matches!(world.take(client.at, datagram), Came::Inside(_)));
    }
    for datagram in &datagrams {
        assert_eq!(world.take(client.at, datagram), Came::Nothing);
    }
    assert_eq!(world.drops(Drop::Replayed), 1_000);
    let late = client.seal(&hello);
    for _ in 0..2_000 {
        let datagram = client.seal(&hello);
        world.take(client.at, &datagram);
    }
    assert_eq!(world.take(client.at, &late), Came::Nothing, "2,000 packets too late");
}

#[test]
fn counters_at_the_end_of_their_range_are_refused_before_they_are_added_to() {
    let (mut world, mut client) = connected();
    let datagram = client.seal(&client.hello());
    for counter in [u64::MAX, u64::MAX - 1_023, u64::MAX - (1 << 13)] {
        let mut forged = datagram.clone();
        forged[8..16].copy_from_slice(&counter.to_le_bytes());
        assert_eq!(world.take(client.at, &forged), Came::Nothing);
    }
    assert_eq!(world.drops(Drop::Replayed), 3);
    assert!(matches!(world.take(client.at, &datagram), Came::Inside(_)));
}

#[test]
fn a_live_session_takes_lengths_that_it_never_sends() {
    let (mut world, mut client) = connected();
    let datagram = client.seal(&client.hello());
    for length in (0..datagram.len()).chain([1_500, 65_507, 65_535]) {
        let mut forged = datagram.clone();
        forged.resize(length, 0);
        assert_eq!(world.take(client.at, &forged), Came::Nothing, "{length}");
    }
    assert!(matches!(world.take(client.at, &datagram), Came::Inside(_)));
}

#[test]
fn random_receivers_are_nobody() {
    let (mut world, mut client) = connected();
    let datagram = client.seal(&client.hello());
    for index in (0..u32::MAX).step_by(10_000_019) {
        let mut other = datagram.clone();
        other[4..8].copy_from_slice(&index.to_le_bytes());
        assert_eq!(world.take(client.at, &other), Came::Nothing);
    }
    assert_eq!(world.status(&client).received_bytes, 32, "the first keepalive alone");
}

#[test]
fn under_load_a_cookie_is_asked_for_and_then_lets_in() {
    let mut world = World::new(&[peer(1)]);
    bring_under_load(&mut world);
    let mut client = Client::new(1);
    let initiation = client.initiation();
    let Came::Answer(cookie) = world.take(client.at, &initiation) else { panic!("no cookie") };
    assert_eq!(cookie.len(), COOKIE_REPLY_BYTES);
    assert!(cookie.len() < initiation.len(), "nothing is amplified");
    assert_eq!(client.answered(&cookie), None);
    let proven = client.initiation();
    let Came::Answer(answer) = world.take(client.at, &proven) else { panic!("no answer") };
    let keepalive = client.answered(&answer).unwrap();
    world.take(client.at, &keepalive);
    assert!(world.status(&client).is_live);
    world.pass(2);
    assert!(!world.engine.flood().is_under_load, "load passes");
    assert_eq!(world.engine.flood().floods, 1);
}

#[test]
fn a_flood_never_fills_more_than_its_queue() {
    let mut world = World::new(&[peer(1)]);
    let message = strange_initiation();
    let table = world.engine.table();
    let mut events = [0_u32; 3];
    for number in 0..50_000 {
        let route = Route { remote: stranger(number), local: None, port: 0 };
        let out = &mut world.out;
        let place = match world.engine.take_datagram(&table, world.now, route, &message, out) {
            Event::Queued => 0,
            Event::Answer(_) => 1,
            Event::Nothing => 2,
            Event::Inside(_) => panic!("nothing went inside"),
        };
        events[place] += 1;
    }
    assert_eq!(world.engine.flood().queued, 128);
    assert_eq!(events, [128, 20_000, 50_000 - 20_128]);
    assert_eq!(world.drops(Drop::Overload), 50_000 - 20_128);
}

#[test]
fn live_sessions_do_not_notice_a_flood() {
    let (mut world, mut client) = connected();
    bring_under_load(&mut world);
    let hello = client.hello();
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}

#[test]
fn the_table_of_sources_stays_small() {
    let mut buckets = Buckets::new(Rate { per_second: 50, burst: 100 });
    let now = Moment(Duration::from_secs(1));
    for number in 0..100_000_u32 {
        buckets.take(now, IpAddr::V4(number.into()));
    }
    assert_eq!(buckets.len(), 4_096);
    assert!(!buckets.take(now, Ipv4Addr::BROADCAST.into()), "the others share one");
    buckets.tick(Moment(Duration::from_secs(4)));
    assert_eq!(buckets.len(), 0);
    let one = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
    let passed = (0..1_000).filter(|last| buckets.take(now, one(*last))).count();
    assert_eq!(passed, 100, "a subscriber's /64 is one source");
}

#[test]
fn after_a_panic_the_peer_begins_again() {
    let (mut world, mut client) = connected();
    let datagram = client.seal(&client.hello());
    world.engine.abandon(&datagram);
    assert_eq!(world.take(client.at, &datagram), Came::Nothing);
    client.connect(&mut world);
    assert_eq!(world.drops(Drop::Panicked), 1);
}
