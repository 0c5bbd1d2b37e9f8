//! Old messages, sent again by whoever recorded them.

use super::attacks::stranger;
use super::{Came, Client, Drop, World, connected, peer};

/// Initiations as a thief on the way would have recorded them: each younger than the one before.
fn recorded(client: &mut Client, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| client.initiation()).collect()
}

#[test]
fn after_a_restart_a_row_of_old_initiations_gets_a_few_answers_and_nothing_else() {
    let (_, mut client) = connected();
    let old = recorded(&mut client, 400);
    let mut world = World::new(&[peer(1)]);
    let mut answers = 0;
    for (seconds, row) in old.chunks(100).enumerate() {
        for message in row {
            answers += usize::from(matches!(world.take(stranger(1), message), Came::Answer(_)));
        }
        assert_eq!(answers, 5 + seconds, "a burst of five, and one a second");
        let status = world.status(&client);
        assert_eq!((status.outside, status.is_live), (None, false), "no endpoint moves");
        world.pass(1);
    }
    // From the device's own first handshake on, everything that is older is refused.
    client.connect(&mut world);
    let stale = world.drops(Drop::StaleInitiation) + world.drops(Drop::ClockBehind);
    world.pass(10);
    for message in &old {
        assert_eq!(world.take(stranger(1), message), Came::Nothing);
    }
    let after = world.drops(Drop::StaleInitiation) + world.drops(Drop::ClockBehind);
    assert_eq!(after - stale, 400);
    assert_eq!(world.status(&client).outside, Some(client.at));
    let hello = client.hello();
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}

#[test]
fn replays_of_what_was_taken_say_nothing_about_the_clock() {
    let (mut world, mut client) = connected();
    let mut taken = Vec::new();
    for _ in 0..50 {
        world.pass(1);
        let initiation = client.initiation();
        assert!(matches!(world.take(client.at, &initiation), Came::Answer(_)));
        taken.push(initiation);
    }
    for message in taken.iter().chain(&taken) {
        assert_eq!(world.take(stranger(1), message), Came::Nothing);
    }
    assert_eq!(world.status(&client).clock_behind, None);
    assert_eq!((world.drops(Drop::StaleInitiation), world.drops(Drop::ClockBehind)), (100, 0));
}

#[test]
fn two_that_never_came_are_no_row_however_often_they_are_sent() {
    let (mut world, mut client) = connected();
    let lost = recorded(&mut client, 2);
    client.connect(&mut world);
    for message in lost.iter().cycle().take(100) {
        assert_eq!(world.take(stranger(1), message), Came::Nothing);
        assert_eq!(world.status(&client).clock_behind, None);
    }
}

#[test]
fn an_alarm_that_a_thief_raised_ends_with_the_next_handshake() {
    let (mut world, mut client) = connected();
    let lost = recorded(&mut client, 3);
    client.connect(&mut world);
    for message in &lost {
        assert_eq!(world.take(stranger(1), message), Came::Nothing);
    }
    assert!(world.status(&client).clock_behind.is_some());
    client.connect(&mut world);
    assert_eq!(world.status(&client).clock_behind, None);
}

#[test]
fn of_two_thousand_in_reverse_the_older_half_comes_too_late() {
    let (mut world, mut client) = connected();
    let hello = client.hello();
    let mut datagrams: Vec<_> = (0..2_000).map(|_| client.seal(&hello)).collect();
    datagrams.reverse();
    let mut take = |datagram: &Vec<u8>| matches!(world.take(client.at, datagram), Came::Inside(_));
    let came = datagrams.iter().filter(|datagram| take(datagram)).count();
    assert_eq!(came, 1_024, "the library's window");
    assert!(!datagrams.iter().any(take), "and none of them a second time");
    // Further on it goes as before.
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}

/// The distance at which a packet is too late.
const LATE: usize = 1_024;

#[test]
fn the_window_passes_the_cases_of_other_implementations() {
    let (mut world, mut client) = connected();
    let hello = client.hello();
    let datagrams: Vec<_> = (0..LATE * 4 + 2).map(|_| client.seal(&hello)).collect();
    // As wireguard-go's replay_test.go and the kernel's selftest/counter.c order them.
    for (number, is_taken) in [
        (0, true),
        (1, true),
        (1, false),
        (9, true),
        (8, true),
        (7, true),
        (7, false),
        (LATE, true),
        (LATE - 1, true),
        (LATE - 1, false),
        (LATE - 2, true),
        (2, true),
        (2, false),
        (LATE + 16, true),
        (3, false),
        (LATE + 16, false),
        (LATE * 4, true),
        (LATE * 4 - (LATE - 1), true),
        (10, false),
        (LATE * 4 - LATE, false),
        (LATE * 4 - (LATE + 1), false),
        (LATE * 4 - (LATE - 2), true),
        (LATE * 4 + 1 - LATE, false),
        (0, false),
    ] {
        let came = world.take(client.at, &datagrams[number]);
        assert_eq!(matches!(came, Came::Inside(_)), is_taken, "{number}");
    }
}
