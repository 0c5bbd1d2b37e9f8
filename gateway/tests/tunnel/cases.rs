//! What a device with the app meets.

use std::time::{Duration, Instant};

use crate::net::{App, Net, OUTSIDE, SERVICE};

/// A name, and what runs with a device by that app.
pub type Case = (&'static str, fn(App));

pub const TESTS: &[Case] = &[
    ("bytes_arrive_as_they_were_sent_both_ways", bytes_arrive_as_they_were_sent_both_ways),
    ("nothing_but_the_service_answers", nothing_but_the_service_answers),
    ("names_are_answered_inside", names_are_answered_inside),
    ("stray_datagrams_hurt_nobody", stray_datagrams_hurt_nobody),
    ("a_device_that_is_revoked_is_cut_in_mid_transfer", a_revoked_device_is_cut_in_mid_transfer),
    ("a_device_that_is_revoked_is_told_on_every_connection", a_revoked_device_is_told),
    ("the_gateway_stops_when_it_is_told", the_gateway_stops_when_it_is_told),
];

/// They give the app another endpoint or port while it runs, which boringtun-cli does not take.
pub const TESTS_OF_CHANGE: &[Case] = &[
    ("a_device_that_moves_stays_connected", a_device_that_moves_stays_connected),
    ("the_second_port_leads_to_the_same_gateway", the_second_port_leads_to_the_same_gateway),
];

const BYTES: &str = "20000000";
/// Goal: 50 ms; the rest is for a machine that does something else as well.
const CUT_MAX: Duration = Duration::from_secs(1);
/// More than can arrive during a test.
const ENDLESS: &str = "1000000000000";

fn bytes_arrive_as_they_were_sent_both_ways(app: App) {
    let mut net = Net::new(app);
    let own = std::env::current_exe().unwrap();
    for address in SERVICE {
        assert!(net.pings(address), "{}", net.order("drops"));
        for way in ["up", "down"] {
            let moved = net.within(&[own.to_str().unwrap(), way, address, BYTES]);
            assert!(moved.status.success(), "{way} {address}: {moved:?} {}", net.order("drops"));
        }
    }
    assert!(net.order("who 100.64.1.1").contains("PeerId([1, 1"));
    assert!(net.order("who fd00:6465::1:1").contains("PeerId([1, 1"));
    assert_eq!(net.order("who 100.64.1.2"), "None\n");
    assert_eq!(net.order("handshakes"), "1\n");
}

fn a_device_that_moves_stays_connected(app: App) {
    let mut net = Net::new(app);
    assert!(net.pings(SERVICE[0]));
    assert!(net.order("outside").contains("10.9.0.2"));
    net.change_client(&["addr", "add", "10.9.0.77/24", "dev", "cable"]);
    net.change_client(&["addr", "del", "10.9.0.2/24", "dev", "cable"]);
    // The first address takes its fellow of the same network with it.
    net.change_client(&["addr", "replace", "10.9.0.77/24", "dev", "cable"]);
    // This client holds on to the address it had until its socket is another.
    net.within(&["wg", "set", &net.device, "listen-port", "40404"]);
    assert!(net.pings(SERVICE[0]));
    assert!(net.order("outside").contains("10.9.0.77:40404"));
    net.write_to(OUTSIDE[1]);
    assert!(net.pings(SERVICE[0]));
    assert!(net.order("outside").contains("[fd09::2]"));
    assert_eq!(net.order("handshakes"), "1\n", "it is the same session all the way");
}

fn the_second_port_leads_to_the_same_gateway(app: App) {
    let mut net = Net::new(app);
    net.write_to("10.9.0.1:4443");
    assert!(net.pings(SERVICE[1]));
    assert!(net.order("outside").contains("10.9.0.2"));
}

fn nothing_but_the_service_answers(app: App) {
    let mut net = Net::new(app);
    assert!(net.pings(SERVICE[0]));
    assert!(!net.pings("100.64.1.2"), "another peer's address");
    assert!(!net.pings("100.127.255.254"), "nobody's address");
    let sockets = net.within_servers(&["ss", "-Hltn"]);
    assert_eq!(sockets, "", "the host listens on nothing");
    let links = net.within_servers(&["ip", "-o", "link"]);
    assert_eq!(links.lines().count(), 2, "loopback and the cable: {links}");
    let status = format!("/proc/{}/status", net.gateway_pid());
    let status = std::fs::read_to_string(status).unwrap();
    for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"] {
        assert!(status.contains(line), "{line}");
    }
    let drops = net.order("drops");
    assert!(drops.contains("InnerDestination"), "{drops}");
}

fn names_are_answered_inside(app: App) {
    let net = Net::new(app);
    let question =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04care\x07example\x00\x00\x01\x00\x01";
    let answer = net.ask(question);
    assert_eq!(answer[..2], question[..2]);
    assert!(answer.ends_with(&[100, 64, 0, 1]), "{answer:x?}");
}

/// From a socket of their own beside the app's, as from anybody on the network.
fn stray_datagrams_hurt_nobody(app: App) {
    let mut net = Net::new(app);
    assert!(net.pings(SERVICE[0]));
    let outside = net.order("outside");
    let own = std::env::current_exe().unwrap();
    for address in OUTSIDE {
        let sent = net.within(&[own.to_str().unwrap(), "stray", address]);
        assert!(sent.status.success(), "{address}: {sent:?}");
        assert!(net.pings(SERVICE[1]), "{address}");
    }
    let drops = net.order("drops");
    for (why, is_there) in [("Junk", true), ("UnknownIndex", true), ("Panicked", false)] {
        assert_eq!(drops.contains(why), is_there, "{why}: {drops}");
    }
    assert_eq!(net.order("outside"), outside);
    assert_eq!(net.order("handshakes"), "1\n");
}

fn a_revoked_device_is_cut_in_mid_transfer(app: App) {
    let mut net = Net::new(app);
    assert!(net.pings(SERVICE[0]));
    let own = std::env::current_exe().unwrap();
    let mut download = net.start_within(&[own.to_str().unwrap(), "down", SERVICE[0], ENDLESS]);
    let before = net.received();
    while net.received() < before + 10_000_000 {
        assert!(download.try_wait().unwrap().is_none());
    }
    let began = Instant::now();
    net.order("peers 2");
    while net.order("cut") != "1\n" {
        assert!(began.elapsed() < Duration::from_secs(5), "the connection lives on");
    }
    let took = began.elapsed();
    download.wait().unwrap();
    let written = net.written();
    let before = net.received_in_packets();
    assert!(!net.pings(SERVICE[0]));
    let after = net.received_in_packets();
    // The end is told again meanwhile, by headers of 40 bytes.
    assert_eq!(after.0 - before.0, (after.1 - before.1) * 40, "not a byte of payload more");
    assert_eq!(net.written(), written, "nothing of it goes inside");
    assert!(took < CUT_MAX, "{took:?}");
}

fn a_revoked_device_is_told(app: App) {
    let mut net = Net::new(app);
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    let ways = [
        ["hold", SERVICE[0]].as_slice(),
        &["hold", SERVICE[1]],
        &["up", SERVICE[1], ENDLESS],
        &["down", SERVICE[0], ENDLESS],
    ];
    let clients = ways.map(|way| net.start_within(&[&[own], way].concat()));
    let limit = Instant::now() + Duration::from_secs(10);
    let before = net.received();
    while net.order("begun") != "4\n" || net.received() < before + 1_000_000 {
        assert!(Instant::now() < limit, "not connected: {}", net.order("drops"));
    }
    net.order("peers 2");
    for (way, client) in ways.into_iter().zip(clients) {
        let said = String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap();
        assert!(said.ends_with("ConnectionReset\n"), "{way:?}: {said} {}", net.order("drops"));
    }
    assert_eq!(net.order("cut"), "4\n");
    let written = net.written();
    for address in SERVICE {
        assert!(!net.pings(address));
    }
    assert_eq!(net.written(), written, "nothing of it goes inside");
}

fn the_gateway_stops_when_it_is_told(app: App) {
    let mut net = Net::new(app);
    assert!(net.pings(SERVICE[0]));
    let began = Instant::now();
    assert_eq!(net.order("stop"), "stopped\n");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(!net.pings(SERVICE[0]));
}
