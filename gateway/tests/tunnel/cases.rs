//! What a device with the app meets.

use std::time::{Duration, Instant};

use crate::net::{Net, OUTSIDE, SERVICE};

pub const TESTS: &[(&str, fn())] = &[
    ("bytes_arrive_as_they_were_sent_both_ways", bytes_arrive_as_they_were_sent_both_ways),
    ("a_device_that_moves_stays_connected", a_device_that_moves_stays_connected),
    ("the_second_port_leads_to_the_same_gateway", the_second_port_leads_to_the_same_gateway),
    ("nothing_but_the_service_answers", nothing_but_the_service_answers),
    ("names_are_answered_inside", names_are_answered_inside),
    ("a_device_that_is_revoked_is_cut_in_mid_transfer", a_revoked_device_is_cut_in_mid_transfer),
    ("the_gateway_stops_when_it_is_told", the_gateway_stops_when_it_is_told),
];

const BYTES: &str = "20000000";
/// More than can arrive during a test.
const ENDLESS: &str = "1000000000000";

fn bytes_arrive_as_they_were_sent_both_ways() {
    let mut net = Net::new();
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

fn a_device_that_moves_stays_connected() {
    let mut net = Net::new();
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

fn the_second_port_leads_to_the_same_gateway() {
    let mut net = Net::new();
    net.write_to("10.9.0.1:4443");
    assert!(net.pings(SERVICE[1]));
    assert!(net.order("outside").contains("10.9.0.2"));
}

fn nothing_but_the_service_answers() {
    let mut net = Net::new();
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

fn names_are_answered_inside() {
    let net = Net::new();
    let question =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04care\x07example\x00\x00\x01\x00\x01";
    let answer = net.ask(question);
    assert_eq!(answer[..2], question[..2]);
    assert!(answer.ends_with(&[100, 64, 0, 1]), "{answer:x?}");
}

fn a_revoked_device_is_cut_in_mid_transfer() {
    let mut net = Net::new();
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
    let after = net.received();
    assert!(!net.pings(SERVICE[0]));
    assert_eq!(net.received(), after, "not a byte more");
    assert!(took < Duration::from_millis(500), "{took:?}");
    download.kill().unwrap();
    download.wait().unwrap();
}

fn the_gateway_stops_when_it_is_told() {
    let mut net = Net::new();
    assert!(net.pings(SERVICE[0]));
    let began = Instant::now();
    assert_eq!(net.order("stop"), "stopped\n");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(!net.pings(SERVICE[0]));
}
