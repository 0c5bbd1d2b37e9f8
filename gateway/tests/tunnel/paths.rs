//! Paths that are narrower than Ethernet.

use crate::cases::Case;
use crate::net::{App, Net, OUTSIDE, SERVICE};

pub const TESTS: &[Case] = &[
    ("a_path_of_1360_bytes_carries_full_packets_whole", a_path_of_1360_bytes_carries_them_whole),
    ("a_path_too_narrow_carries_pieces_and_is_not_dead", a_path_too_narrow_carries_pieces),
];

/// Thousands of full packets.
const BYTES: &str = "20000000";

/// 1280 bytes of a packet, 32 of the tunnel, 8 of UDP and 40 of IPv6 are 1360.
fn a_path_of_1360_bytes_carries_them_whole(app: App) {
    let mut net = Net::with_cable(app, "1360");
    for endpoint in OUTSIDE {
        net.write_to(endpoint);
        move_both_ways(&mut net);
    }
    assert_eq!(net.fragments(), 0);
}

/// Also IPv4 needs 1340. Each end's system cuts what it sends, and the other puts it together.
fn a_path_too_narrow_carries_pieces(app: App) {
    let mut net = Net::with_cable(app, "1300");
    for endpoint in OUTSIDE {
        let before = net.fragments();
        net.write_to(endpoint);
        move_both_ways(&mut net);
        // As many packets went up as came down.
        assert!(net.fragments() > before + 2 * 16_000, "{endpoint}: whose packets were cut?");
    }
    assert!(!net.order("drops").contains("SendFailed"));
}

fn move_both_ways(net: &mut Net) {
    let own = std::env::current_exe().unwrap();
    for address in SERVICE {
        for way in ["up", "down"] {
            let words = ["timeout", "60", own.to_str().unwrap(), way, address, BYTES];
            let moved = net.within(&words);
            assert!(moved.status.success(), "{way} {address}: {moved:?} {}", net.order("drops"));
        }
    }
}
