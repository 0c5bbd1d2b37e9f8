//! Known answers, and the cases of other implementations' tests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use data_encoding::HEXLOWER;

use super::super::bucket::{Buckets, Rate};
use super::attacks::strange_initiation;
use super::{GATEWAY_KEY, Moment};
use crate::config::{Secret32, public_key};
use crate::wireguard::{EPHEMERAL_AT, Identity, LOW_ORDER, Refused};

#[test]
fn keys_are_those_of_rfc_7748() {
    // Its section 6.1: Alice's and Bob's.
    for (private, public) in [
        (
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        ),
        (
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ),
    ] {
        let private = HEXLOWER.decode(private.as_bytes()).unwrap().try_into().unwrap();
        assert_eq!(HEXLOWER.encode(&public_key(&Secret32(private))), public);
    }
}

#[test]
fn every_point_of_small_order_is_refused_before_any_work() {
    let identity = Identity::new(&GATEWAY_KEY);
    for point in LOW_ORDER {
        for high_bit in [0, 0x80] {
            let mut message = strange_initiation();
            message[EPHEMERAL_AT..EPHEMERAL_AT + 32].copy_from_slice(&point);
            message[EPHEMERAL_AT + 31] |= high_bit;
            assert_eq!(identity.claimed_by(&message), Err(Refused::LowOrder), "{point:x?}");
        }
    }
}

/// The steps of wireguard-go's ratelimiter_test.go and of the kernel's selftest/ratelimiter.c:
/// how long after the step before, and whether it passes.
const STEPS: &[(u64, bool)] = &[
    (0, true),
    (0, true),
    (0, true),
    (0, true),
    (0, true),
    (0, false),
    (50, true),
    (0, false),
    (100, true),
    (0, true),
    (0, false),
    (500, true),
    (0, true),
    (0, true),
    (0, true),
    (0, true),
    (0, false),
];

#[test]
fn buckets_pass_the_cases_of_other_implementations() {
    let sources: [IpAddr; 5] = [
        Ipv4Addr::LOCALHOST.into(),
        Ipv4Addr::new(192, 168, 1, 1).into(),
        Ipv4Addr::new(172, 167, 2, 3).into(),
        Ipv6Addr::LOCALHOST.into(),
        Ipv6Addr::new(0x2001, 0xdb8, 0x0a0b, 0x12f0, 0, 0, 0, 1).into(),
    ];
    let mut buckets = Buckets::new(Rate { per_second: 20, burst: 5 });
    let mut now = Moment(Duration::from_secs(1_000));
    for (step, (milliseconds, passes)) in STEPS.iter().enumerate() {
        now.0 += Duration::from_millis(*milliseconds);
        for source in sources {
            assert_eq!(buckets.take(now, source), *passes, "step {step} of {source}");
        }
    }
}
