//! The gateway ends and begins again while clients still hold keys: they get others at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::packets::tcp;
use super::{Came, Client, Drop, Moment, Route, SERVICE, Session, World, connected, peer};
use crate::engine::lost::Lost;

const NOW: Moment = Moment(Duration::from_secs(50));

fn elsewhere() -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(198, 51, 100, 9).into(), 9)
}

/// The client's answer to what it was asked, and what the gateway makes of it.
fn answer(world: &mut World, client: &mut Client, initiation: &[u8]) {
    client.channel.tick(&mut [0; 148]);
    let response = client.answered(initiation).unwrap();
    let Came::Answer(keepalive) = world.take(client.at, &response) else {
        panic!("no keepalive: {:?}", world.engine.drops.all());
    };
    assert_eq!(client.open(&keepalive), Some(Vec::new()));
}

#[test]
fn a_client_is_asked_for_new_keys_before_it_says_a_word() {
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(1)]);
    let calls = world.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].1, client.at);
    assert_eq!(world.status(&client).outside, None, "where it was is not where it is");
    answer(&mut world, &mut client, &calls[0].0);
    let hello = client.hello();
    assert_eq!(client.send(&mut world, &hello), Came::Inside(hello));
    assert_eq!(world.status(&client).outside, Some(client.at));
    let back = tcp(SERVICE.v4.into(), client.peer.v4.into(), 40_000);
    let (datagram, _) = world.send(&back).unwrap();
    assert_eq!(client.open(&datagram), Some(back));
    assert_eq!(world.calls(), [], "and not asked again");
}

#[test]
fn a_client_that_moved_meanwhile_is_asked_where_it_is_heard() {
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(1)]);
    assert_eq!(world.calls().len(), 1, "to where nobody is any more");
    client.at = elsewhere();
    let hello = client.hello();
    assert_eq!(client.send(&mut world, &hello), Came::Heard);
    let calls = world.calls();
    assert_eq!(calls[0].1, elsewhere());
    answer(&mut world, &mut client, &calls[0].0);
    assert_eq!(client.send(&mut world, &hello), Came::Inside(hello));
}

#[test]
fn a_session_is_asked_for_once_a_second_however_much_is_sent() {
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(1)]);
    world.calls();
    let mut asked = 0;
    for _ in 0..5 {
        world.pass(1);
        for _ in 0..100 {
            let hello = client.hello();
            client.send(&mut world, &hello);
            asked += world.calls().len();
        }
    }
    assert_eq!(asked, 5);
    assert_eq!(world.drops(Drop::UnknownIndex), 495);
}

#[test]
fn who_may_not_come_any_more_is_not_asked() {
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(2)]);
    assert_eq!(world.calls(), []);
    world.pass(2);
    let hello = client.hello();
    client.send(&mut world, &hello);
    assert_eq!(world.calls(), []);
}

#[test]
fn who_came_by_itself_is_not_asked() {
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(1)]);
    let late = client.seal(&client.hello());
    client.connect(&mut world);
    assert_eq!(world.calls(), []);
    world.pass(2);
    assert_eq!(world.take(client.at, &late), Came::Heard, "on its way since before");
    assert_eq!(world.calls(), []);
}

#[test]
fn a_question_and_a_clients_own_that_cross_do_no_harm() {
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(1)]);
    let calls = world.calls();
    client.connect(&mut world);
    answer(&mut world, &mut client, &calls[0].0);
    let hello = client.hello();
    assert_eq!(client.send(&mut world, &hello), Came::Inside(hello));
    let back = tcp(SERVICE.v4.into(), client.peer.v4.into(), 40_000);
    let (datagram, _) = world.send(&back).unwrap();
    assert_eq!(client.open(&datagram), Some(back));
}

#[test]
fn lost_sessions_are_told_from_those_of_other_peers() {
    // The test's random numbers are the same after a restart: peer 2 would get what peer 1 had.
    let (world, mut client) = connected();
    let mut world = world.restarted(&[peer(2), peer(1)]);
    world.calls();
    world.pass(2);
    let hello = client.hello();
    assert_eq!(client.send(&mut world, &hello), Came::Heard);
}

#[test]
fn a_session_that_is_over_is_not_told_to_the_next_process() {
    let (mut world, _) = connected();
    assert_eq!(world.engine.sessions(world.now).len(), 1);
    world.now.0 += Duration::from_secs(180);
    assert_eq!(world.engine.sessions(world.now), []);
}

fn session(number: u32) -> Session {
    let route = Route { remote: elsewhere(), local: None, port: 0 };
    Session { public_key: [0; 32], index: number, route }
}

fn after(milliseconds: u64) -> Moment {
    Moment(NOW.0 + Duration::from_millis(milliseconds))
}

#[test]
fn five_thousand_are_asked_within_five_seconds_and_never_many_at_once() {
    let sessions: Vec<Session> = (0..5_000).map(session).collect();
    let mut lost = Lost::new(NOW, &sessions);
    let mut asked = Vec::new();
    for turn in 0..100 {
        let now = after(50 * turn);
        asked.push(std::iter::from_fn(|| lost.next(now)).count());
    }
    assert_eq!(asked.iter().sum::<usize>(), 5_000);
    assert!(asked.iter().all(|count| *count <= 100), "{asked:?}");
    assert!(!lost.has_waiting());
}

#[test]
fn who_is_heard_is_asked_before_all_others() {
    let sessions: Vec<Session> = (0..5_000).map(session).collect();
    let mut lost = Lost::new(NOW, &sessions);
    let route = Route { port: 1, ..session(0).route };
    assert!(lost.hear(NOW, 4_999, route));
    assert_eq!(lost.next(NOW).unwrap().route, route);
    assert!(!lost.hear(NOW, 4_999, route), "its answer is on its way");
    assert!(!lost.hear(NOW, 4_999, session(0).route), "whoever that is");
    let rest = (0..5_000_u64).filter(|turn| lost.next(after(turn * 10)).is_some());
    assert_eq!(rest.count(), 4_999, "each of the others once");
}

#[test]
fn lost_sessions_are_forgotten_when_their_keys_are_over() {
    let mut lost = Lost::new(NOW, &[session(7)]);
    lost.tick(after(179_000));
    assert!(lost.hear(after(179_000), 7, session(7).route));
    lost.tick(after(180_000));
    assert!(!lost.has_index(7));
    assert!(!lost.hear(after(180_000), 7, session(7).route));
    assert!(lost.next(after(180_000)).is_none());
}
