//! The gateway begins again while a device holds keys of before.

use std::time::{Duration, Instant};

use crate::cases::Case;
use crate::net::{App, Net, SERVICE};

pub const TESTS: &[Case] = &[
    ("after_a_restart_a_device_has_new_keys_at_once", after_a_restart_there_are_keys_at_once),
    ("a_device_that_moved_during_a_restart_is_found", a_device_that_moved_meanwhile_is_found),
];

/// By itself the client would ask after 15 s.
const AT_ONCE: Duration = Duration::from_secs(4);

fn after_a_restart_there_are_keys_at_once(app: App) {
    let mut net = Net::new(app);
    assert!(net.pings(SERVICE[0]));
    assert_eq!(net.order("sessions"), "1\n");
    let began = Instant::now();
    assert_eq!(net.order("begin"), "begun\n");
    // Before it has said a word.
    while net.order("handshakes") == "0\n" {
        assert!(began.elapsed() < AT_ONCE, "{}", net.order("drops"));
    }
    assert!(net.pings(SERVICE[0]));
    assert!(net.order("outside").contains("10.9.0.2"));
}

fn a_device_that_moved_meanwhile_is_found(app: App) {
    let mut net = Net::new(app);
    assert!(net.pings(SERVICE[0]));
    assert_eq!(net.order("sessions"), "1\n");
    net.within(&["wg", "set", &net.device, "listen-port", "40404"]);
    let began = Instant::now();
    assert_eq!(net.order("begin"), "begun\n");
    // Its first packet is the question's cause, and lost.
    while !net.pings(SERVICE[0]) {
        assert!(began.elapsed() < AT_ONCE, "{}", net.order("drops"));
    }
    assert!(net.order("outside").contains("10.9.0.2:40404"));
}
