//! What a gateway is told: plain values, checked by those who use them.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::engine::Route;
use crate::wireguard;

/// 32 secret bytes: wiped when dropped, and blank in logs.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret32(pub [u8; 32]);

impl fmt::Debug for Secret32 {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Secret32(..)")
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    /// The endpoint's own X25519 key.
    pub private_key: Secret32,
    pub outside: Outside,
    pub inside: Inside,
    /// The name that the inner DNS answers for, as `care.example.jp`.
    pub name: String,
    /// Of packets inside, 1280 to 9000 bytes; 1280 passes every access network there is.
    pub mtu: u16,
    /// Program and arguments that lead to [`crate::namespace::run_hidden`].
    pub helper: Vec<OsString>,
    /// What [`crate::Gateway::sessions`] last told in the process before this one, if it ended
    /// within three minutes: those clients are asked for new keys. Left empty, they notice only
    /// after 15 s that nobody answers.
    pub before: Vec<Session>,
}

/// A live session, as far as the next process can do anything with it. No secret is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub public_key: [u8; 32],
    /// What its datagrams are marked with, 24 bits.
    pub index: u32,
    pub route: Route,
}

/// The public half of the gateway's own key, for the clients' files.
pub fn public_key(private_key: &Secret32) -> [u8; 32] {
    wireguard::Identity::new(private_key).public_key()
}

/// Where clients reach the endpoint by UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside {
    /// `None`: on all addresses, of both families where the machine has both.
    pub address: Option<IpAddr>,
    /// 0 lets the system choose, which [`crate::Gateway::outside`] then tells.
    pub port: u16,
    /// One more, for guest networks that let 443/udp out and little else.
    pub second_port: Option<u16>,
}

/// The service's own addresses in the tunnel; with their prefixes they span those of all peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
    pub v4_prefix: u8,
    pub v6_prefix: u8,
}

/// Names a device for as long as it exists; not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub [u8; 16]);

/// One device that may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub id: PeerId,
    pub public_key: [u8; 32],
    pub preshared_key: Secret32,
    /// The one address of each family that it may send from, inside.
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
}
