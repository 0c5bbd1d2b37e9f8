//! Keys, addresses and their lives; the file; and which keys speak.

mod files;
mod keys;
mod lives;
mod plans;

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{Dns, Endpoint, Pair, PresharedKey, PrivateKey, QuickConfig};

/// Any file that we might write.
fn files() -> impl Strategy<Value = QuickConfig> {
    let pair = || {
        (any::<u32>(), any::<u128>())
            .prop_map(|(v4, v6)| Pair { v4: Ipv4Addr::from(v4), v6: Ipv6Addr::from(v6) })
    };
    let key = || any::<[u8; 32]>().prop_map(|bytes| text_of(&bytes));
    let host = prop_oneof![
        "[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]{2,10}){0,3}".prop_map(|name| name),
        any::<u32>().prop_map(|v4| Ipv4Addr::from(v4).to_string()),
        any::<u128>().prop_map(|v6| Ipv6Addr::from(v6).to_string()),
    ];
    let dns = (any::<u32>(), "[a-z]{1,10}\\.[a-z]{2,10}")
        .prop_map(|(server, search)| Dns { server: Ipv4Addr::from(server), search });
    let applications = prop::collection::vec("[a-z]{1,8}(\\.[a-z_0-9]{1,8}){0,3}", 0..3);
    let first = (prop::option::of(key()), pair(), prop::option::of(dns), 1280..=1500_u16);
    let second = (key(), key(), pair(), host, 1..=u16::MAX, prop::option::of(1..=u16::MAX));
    (first, applications, second).prop_map(|(first, applications, second)| {
        let (private_key, address, dns, mtu) = first;
        let (server, preshared_key, allowed, host, port, keepalive_seconds) = second;
        QuickConfig {
            private_key: private_key.map(|text| PrivateKey::parse(&text).unwrap()),
            address,
            dns,
            mtu,
            applications,
            server: PrivateKey::parse(&server).unwrap().public().unwrap(),
            preshared_key: PresharedKey::parse(&preshared_key).unwrap(),
            allowed,
            endpoint: Endpoint::new(&host, port).unwrap(),
            keepalive_seconds,
        }
    })
}

fn text_of(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}
