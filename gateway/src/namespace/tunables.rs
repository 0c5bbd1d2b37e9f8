//! What only `/proc/sys` can set, as far as it may be written in here.

use std::fs;

use super::INTERFACE;

/// Of the new network namespace alone; `*` stands for the TUN's name. Forwarding comes first,
/// because the kernel sets others again when it changes.
const TUNABLES: &[(&str, &str)] = &[
    // A host that forwards (Docker) hands that down to every namespace made on it.
    ("ipv4/ip_forward", "0"),
    ("ipv6/conf/all/forwarding", "0"),
    ("ipv6/conf/default/forwarding", "0"),
    // A page after a pause starts as fast as the one before it. BBR does so by itself.
    ("ipv4/tcp_slow_start_after_idle", "0"),
    // Lines that swallow large packets in silence are found out.
    ("ipv4/tcp_mtu_probing", "1"),
    ("ipv4/conf/all/accept_redirects", "0"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/all/accept_source_route", "0"),
    ("ipv4/conf/all/rp_filter", "1"),
    ("ipv6/conf/all/accept_redirects", "0"),
    ("ipv6/conf/*/accept_redirects", "0"),
    ("ipv6/conf/*/accept_ra", "0"),
    ("ipv6/conf/*/router_solicitations", "0"),
    ("ipv6/conf/*/accept_source_route", "-1"),
    // A host without IPv6 addresses of its own can still have one in the tunnel.
    ("ipv6/conf/*/disable_ipv6", "0"),
];

/// In a namespace without a user namespace of its own, ports below 1024 take a right that the
/// start did not come with. If this fails, so does listening.
pub(super) fn open_low_ports() {
    drop(fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0"));
}

/// The names of those that could not be set and have another value.
pub(super) fn set_all(has_ipv6: bool) -> Vec<String> {
    let wanted = TUNABLES.iter().filter(|(name, _)| has_ipv6 || !name.starts_with("ipv6"));
    let named = wanted.map(|(name, value)| (name.replace('*', INTERFACE), *value));
    let failed = named.filter(|(name, value)| {
        let path = format!("/proc/sys/net/{name}");
        fs::write(&path, value).is_err()
            && fs::read_to_string(&path).ok().is_none_or(|found| found.trim() != *value)
    });
    failed.map(|(name, _)| name.replace('/', ".")).map(|name| format!("net.{name}")).collect()
}
