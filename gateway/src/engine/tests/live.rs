//! What works: sessions, roaming, changes of the list.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::packets::tcp;
use super::{Came, Client, Drop, SERVICE, World, connected, peer, secret};

fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::new(198, 51, 100, last).into(), port)
}

#[test]
fn packets_go_both_ways() {
    let (mut world, mut client) = connected();
    let hello = client.hello();
    assert_eq!(client.send(&mut world, &hello), Came::Inside(hello.clone()));
    let back = tcp(SERVICE.v6.into(), client.peer.v6.into(), 40_000);
    let (datagram, route) = world.send(&back).unwrap();
    assert_eq!((client.open(&datagram), route.remote), (Some(back), client.at));
    let status = world.status(&client);
    assert!(status.is_live);
    assert_eq!((status.handshakes, status.outside), (1, Some(client.at)));
    assert_eq!(world.engine.drops.all(), []);
}

#[test]
fn padding_of_a_client_is_taken_off() {
    let (mut world, mut client) = connected();
    let hello = client.hello();
    let padded = [hello.clone(), vec![0; 8]].concat();
    assert_eq!(client.send(&mut world, &padded), Came::Inside(hello));
}

#[test]
fn nothing_is_kept_for_a_peer_that_is_not_there() {
    let mut world = World::new(&[peer(1)]);
    let packet = tcp(SERVICE.v4.into(), peer(1).v4.into(), 443);
    for _ in 0..1_000 {
        assert_eq!(world.send(&packet), None);
    }
    let mut client = Client::new(1);
    let initiation = client.initiation();
    let Came::Answer(_) = world.take(client.at, &initiation) else { panic!("no answer") };
    assert_eq!(world.send(&packet), None, "the client's first data has not come yet");
}

#[test]
fn an_endpoint_follows_authenticated_data_only() {
    let (mut world, mut client) = connected();
    let datagram = client.seal(&client.hello());
    let mut forged = datagram.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(world.take(at(66, 1), &forged), Came::Nothing);
    assert_eq!(world.drops(Drop::Forged), 1);
    assert_eq!(world.status(&client).outside, Some(client.at));
    let initiation = client.initiation();
    let Came::Answer(_) = world.take(at(66, 2), &initiation) else { panic!("no answer") };
    assert_eq!(world.status(&client).outside, Some(client.at), "an initiation moves nothing");
    assert!(matches!(world.take(at(7, 7), &datagram), Came::Inside(_)));
    assert_eq!(world.status(&client).outside, Some(at(7, 7)));
    assert_eq!(world.take(at(66, 3), &datagram), Came::Nothing, "a replay moves nothing");
    assert_eq!(world.status(&client).outside, Some(at(7, 7)));
    let v6 = "[2001:db8::7]:9".parse().unwrap();
    let next = client.seal(&client.hello());
    assert!(matches!(world.take(v6, &next), Came::Inside(_)));
    assert_eq!(world.status(&client).outside, Some(v6), "from one family to the other");
}

#[test]
fn one_key_in_two_places_raises_an_alarm_and_roaming_does_not() {
    let (mut world, mut client) = connected();
    for step in 0..100 {
        client.at = at(step, 1000 + u16::from(step));
        let hello = client.hello();
        client.send(&mut world, &hello);
    }
    assert_eq!(world.status(&client).alarm, None, "each address is left for good");
    let places = [at(1, 1), at(2, 2)];
    for (count, place) in places.into_iter().cycle().take(8).enumerate() {
        assert_eq!(world.status(&client).alarm, None, "{count}");
        client.at = place;
        let hello = client.hello();
        client.send(&mut world, &hello);
        world.pass(1);
    }
    let alarm = world.status(&client).alarm.unwrap();
    let mut seen = alarm.places;
    seen.sort();
    assert_eq!(seen, places);
}

#[test]
fn who_is_taken_off_the_list_is_cut_off_at_the_next_packet() {
    let mut world = World::new(&[peer(1), peer(2)]);
    let (mut gone, mut stays) = (Client::new(1), Client::new(2));
    gone.connect(&mut world);
    stays.connect(&mut world);
    let before = world.engine.table();
    let addresses = world.change(&[peer(2)]);
    let own: [IpAddr; 2] = [gone.peer.v4.into(), gone.peer.v6.into()];
    assert_eq!(addresses, own);
    let hello = gone.hello();
    assert!(!matches!(gone.send(&mut world, &hello), Came::Inside(_)));
    assert_eq!(world.drops(Drop::Revoked), 1);
    // A worker in the middle of a batch still has the table of before.
    let datagram = gone.seal(&hello);
    let route = super::Route { remote: gone.at, local: None, port: 0 };
    let now = world.now;
    let event = world.engine.take_datagram(&before, now, route, &datagram, &mut world.out);
    assert!(!matches!(event, super::Event::Inside(_)));
    assert_eq!(world.drops(Drop::Revoked), 2);
    assert!(before.by_inside(gone.peer.v4.into()).unwrap().sender(now).is_none());
    let initiation = gone.initiation();
    assert_eq!(world.take(gone.at, &initiation), Came::Nothing);
    assert_eq!(world.drops(Drop::UnknownKey), 1);
    let hello = stays.hello();
    assert!(matches!(stays.send(&mut world, &hello), Came::Inside(_)), "the others stay");
}

#[test]
fn what_comes_in_a_row_is_told_apart_by_peer_and_by_kind() {
    let mut world = World::new(&[peer(1), peer(2)]);
    let mut clients = [Client::new(1), Client::new(2)];
    clients.iter_mut().for_each(|client| client.connect(&mut world));
    let [one, two] = &mut clients;
    let mut answer = vec![0; 92];
    answer[0] = 2;
    // To the very peer whose lock the packet before it took.
    let sealed = one.seal(&one.hello());
    answer[8..12].copy_from_slice(&sealed[4..8]);
    let row = [
        sealed,
        answer,
        one.seal(&one.hello()),
        two.seal(&two.hello()),
        one.seal(&two.hello()),
        two.seal(&two.hello()),
        one.initiation(),
        one.seal(&one.hello()),
    ];
    let route = super::Route { remote: one.at, local: None, port: 0 };
    let table = world.engine.table();
    let mut arrival = world.engine.arrival(&table, world.now, route);
    let mut came = |datagram: &Vec<u8>| match arrival.take(datagram, &mut world.out) {
        super::Event::Inside(range) => Some(world.out[range].to_vec()),
        super::Event::Queued => Some(Vec::new()),
        super::Event::Nothing | super::Event::Answer(_) => None,
    };
    let came: Vec<_> = row.iter().map(&mut came).collect();
    let (first, second) = (Some(one.hello()), Some(two.hello()));
    let expected =
        [first.clone(), None, first.clone(), second.clone(), None, second, Some(vec![]), first];
    assert_eq!(came, expected);
    assert_eq!(world.drops(Drop::InnerSource), 1, "one's packet from the address of two");
    assert_eq!(world.drops(Drop::Forged), 1, "the answer");
}

#[test]
fn who_is_cut_off_in_the_middle_of_a_row_sends_nothing_more() {
    let (mut world, mut client) = connected();
    let row = [client.seal(&client.hello()), client.seal(&client.hello())];
    let route = super::Route { remote: client.at, local: None, port: 0 };
    let table = world.engine.table();
    let mut arrival = world.engine.arrival(&table, world.now, route);
    assert!(matches!(arrival.take(&row[0], &mut world.out), super::Event::Inside(_)));
    std::thread::scope(|scope| {
        let change = scope.spawn(|| world.engine.change_peers(world.now, &[]));
        assert!(!change.is_finished(), "it waits for the row's end");
        arrival.release();
        assert_eq!(change.join().unwrap().len(), 2);
        let late = arrival.take(&row[1], &mut world.out);
        assert!(matches!(late, super::Event::Answer(_)), "told, and nothing goes inside: {late:?}");
    });
    assert_eq!(world.drops(Drop::Revoked), 1);
}

#[test]
fn a_changed_key_ends_the_sessions_under_the_old_one() {
    let (mut world, mut client) = connected();
    let mut changed = peer(1);
    changed.preshared_key = secret(77);
    assert_eq!(world.change(std::slice::from_ref(&changed)).len(), 2);
    let hello = client.hello();
    assert!(!matches!(client.send(&mut world, &hello), Came::Inside(_)));
    assert!(world.change(&[changed]).is_empty(), "the same list again");
}

#[test]
fn two_peers_with_one_key_or_one_address_are_not_let_in_both() {
    let mut same_key = peer(2);
    same_key.public_key = peer(1).public_key;
    let mut same_address = peer(3);
    same_address.v6 = peer(1).v6;
    let peers = [peer(1), same_key, same_address];
    let mut world = World::new(&peers);
    assert_eq!(world.engine.table().slots().count(), 1);
    assert!(world.change(&peers).is_empty(), "connections of the first are its own");
}
