//! Inner blocks: drawn where they collide least, or as the owner wants them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;
use proptest::prelude::*;
use store::Clock;

use crate::tunnel::{Block, Inside, PlanProblem, Prefix, Wanted};

fn drawn(seed: u64) -> Inside {
    Inside::drawn(&Clock::fixed(Timestamp::UNIX_EPOCH, seed), Wanted::default())
}

#[test]
fn a_drawn_block_lies_in_the_shared_space_and_holds_a_whole_network() {
    let mut blocks = BTreeSet::new();
    for seed in 0..200 {
        let inside = drawn(seed);
        let [a, b, ..] = inside.server().v4.octets();
        assert!(a == 100 && (64..128).contains(&b), "{:?}", inside.v4);
        assert_eq!(inside.server().v6.octets()[0], 0xfd);
        assert!(inside.last() - inside.first() > 20_000);
        assert_eq!(inside.v4.to_string().parse(), Ok(inside.v4));
        assert_eq!(inside.v6.to_string().parse(), Ok(inside.v6));
        blocks.insert(inside.v4.to_string());
    }
    assert!(blocks.len() > 60, "{} different blocks", blocks.len());
}

#[test]
fn an_owner_may_want_another_block() {
    let wanted = Wanted {
        v4: Some("10.20.0.0/16".parse().unwrap()),
        v6: Some("fd12:3456:789a:1::/64".parse().unwrap()),
    };
    let inside = Inside::drawn(&Clock::fixed(Timestamp::UNIX_EPOCH, 1), wanted);
    assert_eq!(inside.server().v4.to_string(), "10.20.0.1");
    assert_eq!(inside.server().v6.to_string(), "fd12:3456:789a:1::1");
    assert_eq!(inside.pair(2).unwrap().v4.to_string(), "10.20.0.2");
    assert_eq!(inside.pair(65_534).unwrap().v4.to_string(), "10.20.255.254");
    for nobody in [0, 1, 65_535, u32::MAX] {
        assert_eq!(inside.pair(nobody), None, "{nobody}");
    }
    for (text, why) in [
        ("10.20.0.0", PlanProblem::Form),
        ("ten/8", PlanProblem::Form),
        ("8.8.8.0/24", PlanProblem::Public),
        ("100.0.0.0/10", PlanProblem::Public),
        ("172.0.0.0/12", PlanProblem::Public),
        ("10.20.0.1/16", PlanProblem::Unaligned),
        ("10.20.0.0/30", PlanProblem::Size),
        ("0.0.0.0/0", PlanProblem::Size),
    ] {
        assert_eq!(text.parse::<Block>(), Err(why), "{text}");
    }
    for (text, why) in [
        ("2001:db8::/64", PlanProblem::Public),
        ("fd00::1/64", PlanProblem::Unaligned),
        ("fd00::/48", PlanProblem::Size),
        ("fd00::", PlanProblem::Form),
    ] {
        assert_eq!(text.parse::<Prefix>(), Err(why), "{text}");
    }
}

proptest! {
    #[test]
    fn an_address_leads_back_to_its_number_and_no_other_does(
        seed in any::<u64>(), number in any::<u32>(), address in any::<u32>(),
    ) {
        let inside = drawn(seed);
        if let Some(pair) = inside.pair(number) {
            prop_assert_eq!(inside.number_of(IpAddr::V4(pair.v4)), Some(number));
            prop_assert_eq!(inside.number_of(IpAddr::V6(pair.v6)), Some(number));
            prop_assert_eq!(inside.number_of(IpAddr::V6(pair.v4.to_ipv6_mapped())), Some(number));
        }
        let address = IpAddr::V4(address.into());
        if let Some(number) = inside.number_of(address) {
            prop_assert_eq!(IpAddr::V4(inside.pair(number).unwrap().v4), address);
        }
        prop_assert_eq!(inside.number_of(IpAddr::V4(inside.server().v4)), None);
    }
}
