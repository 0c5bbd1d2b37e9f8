//! A cookie shows that somebody is where it was sent, and nowhere else.

use std::net::SocketAddr;

use super::attacks::bring_under_load;
use super::{Came, Client, World, peer};
use crate::wireguard::COOKIE_REPLY_BYTES;

/// Gets a cookie at `home` and shows it at each of `elsewhere`, where it is asked for once more,
/// and at last at home.
fn check(home: &str, elsewhere: &[&str]) {
    let at = |text: &str| text.parse::<SocketAddr>().unwrap();
    let mut world = World::new(&[peer(1)]);
    bring_under_load(&mut world);
    let mut client = Client::new(1);
    let initiation = client.initiation();
    let Came::Answer(cookie) = world.take(at(home), &initiation) else { panic!("no cookie") };
    assert_eq!(client.answered(&cookie), None);
    let proven = client.initiation();
    for place in elsewhere {
        let came = world.take(at(place), &proven);
        let is_asked = matches!(&came, Came::Answer(reply) if reply.len() == COOKIE_REPLY_BYTES);
        assert!(is_asked, "{home} {place}: {came:?}");
    }
    let Came::Answer(answer) = world.take(at(home), &proven) else { panic!("no answer: {home}") };
    assert!(client.answered(&answer).is_some());
}

#[test]
fn a_cookie_from_another_address_or_port_is_refused() {
    check(
        "192.0.2.1:40000",
        &[
            "192.0.2.1:40001",
            "192.0.2.1:1",
            "192.0.2.2:40000",
            // The two swapped, in the form that the cookie is made from.
            "2.1.156.64:49152",
            "[::9c40:c000:201]:1",
            "[2001:db8::1]:40000",
        ],
    );
    check(
        "[2001:db8::1]:40000",
        &[
            "[2001:db8::1]:40001",
            "[2001:db8::2]:40000",
            "[2001:db8:0:1::1]:40000",
            "[2001:db9::1]:40000",
            "32.1.13.184:40000",
        ],
    );
}

#[test]
fn an_address_is_the_same_in_both_its_forms() {
    let mut world = World::new(&[peer(1)]);
    bring_under_load(&mut world);
    let mut client = Client::new(1);
    let initiation = client.initiation();
    let plain = SocketAddr::from(([192, 0, 2, 1], 40_000));
    let Came::Answer(cookie) = world.take(plain, &initiation) else { panic!("no cookie") };
    client.answered(&cookie);
    let proven = client.initiation();
    let mapped: SocketAddr = "[::ffff:192.0.2.1]:40000".parse().unwrap();
    let Came::Answer(answer) = world.take(mapped, &proven) else { panic!("no answer") };
    assert!(answer.len() > COOKIE_REPLY_BYTES);
}

#[test]
fn a_cookie_is_good_for_the_message_it_was_used_in_only() {
    let mut world = World::new(&[peer(1)]);
    bring_under_load(&mut world);
    let mut client = Client::new(1);
    let initiation = client.initiation();
    let Came::Answer(cookie) = world.take(client.at, &initiation) else { panic!("no cookie") };
    client.answered(&cookie);
    let (first, second) = (client.initiation(), client.initiation());
    // The second MAC of one message under another.
    let mut mixed = second[..132].to_vec();
    mixed.extend(&first[132..]);
    let came = world.take(client.at, &mixed);
    assert!(matches!(came, Came::Answer(reply) if reply.len() == COOKIE_REPLY_BYTES));
}
