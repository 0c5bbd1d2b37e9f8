//! The WireGuard tunnel as far as it is provisioned: the network's key and inner addresses, each
//! device's key, and the file that a client app reads. What carries packets knows nothing of it.
//!
//! A device has one key in use and at most one that waits beside it, with an address of its own;
//! the first use of the new one ends the old one, so that nobody is cut off by the download.

mod keys;
mod plan;

mod model;
mod tables;

mod quick;
mod speaking;

#[cfg(test)]
mod tests;

pub use keys::{KeyProblem, PresharedKey, PrivateKey, PublicKey};
pub use model::{
    Factor, Home, KeyMaker, Peer, PeerProblem, PeerState, TunnelFactor, keepalive_seconds,
    may_pass, tunnel_name,
};
pub use plan::{Block, Inside, Pair, PlanProblem, Prefix, Wanted};
pub use quick::{Dns, Endpoint, EndpointProblem, ParseProblem, QuickConfig};
pub use speaking::{Speaking, all_speaking, speaking_of_device, speaking_of_facility};
pub(crate) use tables::end_of_device;
pub use tables::{
    Established, PeerByDevice, PeerByKey, PeerByNumber, PeerByState, establish, factor, first_used,
    home, lapse, make, of_device, overdue, peer, peer_within, set_factor,
};
