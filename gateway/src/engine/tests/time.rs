//! The library's traps with time, each as it was found, and the engine's way around it. The clock
//! of the library is moved together with ours.

use std::time::Duration;

use mock_instant::MockClock;

use super::packets::tcp;
use super::{Came, Client, Drop, SERVICE, World, connected, peer};

/// The protocol's REKEY_AFTER_TIME and REJECT_AFTER_TIME.
const REKEY_S: u64 = 120;
const REJECT_S: u64 = 180;

#[test]
fn a_handshake_after_a_long_silence_lasts() {
    let mut world = World::new(&[peer(1)]);
    for silence in [10, 600, 3_600, 100_000] {
        world.pass(silence);
        let mut client = Client::new(1);
        client.connect(&mut world);
        world.pass(3);
        let hello = client.hello();
        assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)), "after {silence} s");
    }
}

#[test]
fn a_handshake_lasts_even_when_ticks_were_late() {
    let mut world = World::new(&[peer(1)]);
    // The machine slept: both clocks went on, and nobody ticked.
    world.now.0 += Duration::from_secs(3_600);
    MockClock::advance(Duration::from_secs(3_600));
    let mut client = Client::new(1);
    client.connect(&mut world);
    world.pass(1);
    let hello = client.hello();
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}

#[test]
fn keys_end_after_three_minutes_also_without_a_tick() {
    let (mut world, mut client) = connected();
    let slept = Duration::from_secs(REJECT_S + 1);
    world.now.0 += slept;
    MockClock::advance(slept);
    let hello = client.hello();
    assert_eq!(client.send(&mut world, &hello), Came::Nothing);
    assert_eq!(world.drops(Drop::NoSession), 1);
    assert!(!world.status(&client).is_live);
}

#[test]
fn nothing_is_kept_for_a_peer_whose_keys_are_over() {
    let (mut world, mut client) = connected();
    world.pass(REJECT_S + 5);
    let back = tcp(SERVICE.v4.into(), client.peer.v4.into(), 40_000);
    for _ in 0..300 {
        assert_eq!(world.send(&back), None);
    }
    client.connect(&mut world);
    let (datagram, _) = world.send(&back).unwrap();
    assert_eq!(client.open(&datagram), Some(back));
}

#[test]
fn a_peer_that_expired_is_quiet_and_lives_again() {
    let (mut world, mut client) = connected();
    let sent = world.pass(2_000);
    assert!(sent.is_empty(), "{} datagrams", sent.len());
    client.connect(&mut world);
    let hello = client.hello();
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}

#[test]
fn rekeying_under_traffic_loses_nothing() {
    let (mut world, mut client) = connected();
    let hello = client.hello();
    let mut since = 0;
    for second in 0..600 {
        world.pass(1);
        client.channel.tick(&mut [0; 148]);
        if since == REKEY_S {
            let in_flight = client.seal(&hello);
            client.connect(&mut world);
            // What was sent under the old key may come after the handshake.
            assert!(matches!(world.take(client.at, &in_flight), Came::Inside(_)));
            since = 0;
        }
        since += 1;
        assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)), "second {second}");
        let back = tcp(SERVICE.v4.into(), client.peer.v4.into(), 40_000);
        let (datagram, _) = world.send(&back).unwrap();
        assert_eq!(client.open(&datagram), Some(back), "second {second}");
    }
    assert_eq!(world.status(&client).handshakes, 5);
}

#[test]
fn a_client_that_slept_an_hour_comes_back_by_one_handshake() {
    let (mut world, mut client) = connected();
    world.pass(3_600);
    client.connect(&mut world);
    let hello = client.hello();
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}

#[test]
fn silence_of_a_client_is_asked_after_and_then_let_be() {
    let (mut world, client) = connected();
    let back = tcp(SERVICE.v4.into(), client.peer.v4.into(), 40_000);
    world.pass(1);
    world.send(&back).unwrap();
    let sent = world.pass(300);
    let initiations = sent.iter().filter(|(datagram, _)| datagram.first() == Some(&1)).count();
    assert!((1..=20).contains(&initiations), "{initiations} initiations");
    assert!(sent.iter().all(|(_, route)| route.remote == client.at));
    assert!(world.pass(600).is_empty(), "and then never again");
}

#[test]
fn a_client_answers_the_gateways_own_handshake() {
    let (mut world, mut client) = connected();
    world.pass(1);
    let back = tcp(SERVICE.v4.into(), client.peer.v4.into(), 40_000);
    world.send(&back).unwrap();
    let sent = world.pass(20);
    let (initiation, _) = sent.iter().find(|(datagram, _)| datagram.first() == Some(&1)).unwrap();
    client.channel.tick(&mut [0; 148]);
    let response = client.answered(initiation).unwrap();
    let Came::Answer(keepalive) = world.take(client.at, &response) else { panic!("no keepalive") };
    assert_eq!(client.open(&keepalive), Some(Vec::new()));
    let hello = client.hello();
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}

#[test]
fn a_cookie_is_good_for_two_minutes_and_not_for_ever() {
    let mut world = World::new(&[peer(1)]);
    let mut client = Client::new(1);
    super::attacks::bring_under_load(&mut world);
    let initiation = client.initiation();
    let Came::Answer(cookie) = world.take(client.at, &initiation) else { panic!("no cookie") };
    client.answered(&cookie);
    let proven = client.initiation();
    world.pass(300);
    super::attacks::bring_under_load(&mut world);
    let late = world.take(client.at, &proven);
    assert!(matches!(late, Came::Answer(reply) if reply.len() == cookie.len()), "asked again");
}

/// The device as it is after a restart with the clock of a while ago.
fn set_back(client: &Client) -> Client {
    // The clock of the library's stamps begins with the system's, and goes on with the mock's: so
    // what `pass` added is lost to whoever begins again.
    let mut again = Client::new(1);
    again.at = client.at;
    again
}

#[test]
fn a_clock_that_was_set_back_is_told_and_so_is_its_end() {
    let (mut world, mut client) = connected();
    world.pass(3_600);
    client.connect(&mut world);
    assert_eq!(world.status(&client).clock_behind, None);
    let mut behind = set_back(&client);
    for (try_number, is_told) in [false, false, true, true].into_iter().enumerate() {
        world.pass(5);
        let initiation = behind.initiation();
        assert_eq!(world.take(behind.at, &initiation), Came::Nothing);
        let told = world.status(&client).clock_behind;
        assert_eq!(told, is_told.then_some(Duration::ZERO), "try {try_number}");
    }
    world.pass(30);
    assert_eq!(world.status(&client).clock_behind, Some(Duration::from_secs(30)));
    assert_eq!((world.drops(Drop::StaleInitiation), world.drops(Drop::ClockBehind)), (2, 2));
    // Its clock is right again.
    world.pass(1);
    client.connect(&mut world);
    assert_eq!(world.status(&client).clock_behind, None);
}

#[test]
fn tries_that_lie_minutes_apart_are_no_clock() {
    let (mut world, mut client) = connected();
    world.pass(3_600);
    client.connect(&mut world);
    let mut behind = set_back(&client);
    for _ in 0..10 {
        world.pass(31);
        let initiation = behind.initiation();
        assert_eq!(world.take(behind.at, &initiation), Came::Nothing);
    }
    assert_eq!(world.status(&client).clock_behind, None);
}

#[test]
fn keys_that_the_gateway_asked_for_are_renewed_by_it_under_traffic() {
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(1)]);
    let (initiation, _) = world.calls().remove(0);
    client.channel.tick(&mut [0; 148]);
    let response = client.answered(&initiation).unwrap();
    let Came::Answer(keepalive) = world.take(client.at, &response) else { panic!("no keepalive") };
    client.open(&keepalive);
    // Their age is not that of a tick.
    world.go_on(Duration::from_millis(700));
    world.tick();
    let hello = client.hello();
    let back = tcp(SERVICE.v4.into(), client.peer.v4.into(), 40_000);
    for second in 0..REKEY_S + 6 {
        // Between two ticks of every second, when the library's clock is stale.
        world.go_on(Duration::from_millis(600));
        assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)), "second {second}");
        world.send(&back).unwrap();
        world.go_on(Duration::from_millis(400));
        let mut sent = world.tick();
        if sent.iter().any(|(datagram, _)| datagram.first() == Some(&1)) {
            let (initiation, route) = sent.remove(0);
            assert_eq!(route.remote, client.at);
            assert!(second >= REKEY_S - 1, "asked after {second} s");
            client.channel.tick(&mut [0; 148]);
            return assert!(client.answered(&initiation).is_some());
        }
    }
    panic!("the keys would end");
}
