//! What a key for the tunnel is, when it speaks, and what a facility asks for beside it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Id;

use super::{Inside, PresharedKey, PrivateKey, PublicKey};
use crate::devices::{Device, Platform};
use crate::facilities::{Facility, RoutePolicy};
use crate::keyed::keyed_enum;

/// The network's own end of the tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    pub private: PrivateKey,
    pub public: PublicKey,
    pub inside: Inside,
    #[serde(with = "store::micros")]
    pub made_at: Timestamp,
}

/// A device's key and place in the tunnel. The private key is nowhere in the box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub id: Id<Self>,
    pub device: Id<Device>,
    pub public_key: PublicKey,
    pub preshared_key: PresharedKey,
    /// Which of the inner addresses it has: see [`Inside::pair`].
    pub number: u32,
    pub maker: KeyMaker,
    #[serde(with = "store::micros")]
    pub made_at: Timestamp,
    pub state: PeerState,
}

/// Where the private key came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyMaker {
    /// On the device itself; nobody else ever held it.
    Device,
    /// In the box, for the moment of the download.
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerState {
    /// Handed over and not used yet.
    Waiting,
    InUse {
        #[serde(with = "store::micros")]
        since: Timestamp,
    },
    Ended {
        #[serde(with = "store::micros")]
        at: Timestamp,
    },
}

impl Peer {
    /// How long a key may wait for its first use: as long as a renewed certificate. The key in a
    /// mislaid file opens nothing after that.
    pub const WAITS: SignedDuration = SignedDuration::from_hours(30 * 24);

    /// How long the inner addresses of a key that ended are nobody's: whatever somebody wrote
    /// down beside an address (a firewall's log, a help desk's note) is old by then.
    pub const NUMBER_KEPT: SignedDuration = SignedDuration::from_hours(180 * 24);

    pub fn is_over(&self, now: Timestamp) -> bool {
        match self.state {
            PeerState::Waiting => now.duration_since(self.made_at) >= Self::WAITS,
            PeerState::InUse { .. } => false,
            PeerState::Ended { .. } => true,
        }
    }

    pub(super) fn is_free(&self, now: Timestamp) -> bool {
        match self.state {
            PeerState::Waiting | PeerState::InUse { .. } => false,
            PeerState::Ended { at } => now.duration_since(at) >= Self::NUMBER_KEPT,
        }
    }

    pub const fn is_waiting(&self) -> bool {
        matches!(self.state, PeerState::Waiting)
    }
}

keyed_enum! {
    /// What a facility's devices have to show inside of the tunnel: the certificate as on the
    /// open way, which auditors know as the second factor, or nothing but their key.
    Factor {
        CertificateAlways = "certificate",
        TunnelKeyAlone = "key",
    }
}

/// A facility that asks for something else than the certificate; without a row, that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TunnelFactor {
    pub facility: Id<Facility>,
    pub factor: Factor,
}

#[derive(Debug, thiserror::Error)]
pub enum PeerProblem {
    #[error("no such device, or it has ended")]
    NoDevice,
    #[error("the network has no tunnel yet")]
    NoHome,
    /// Also one of the past: whoever holds it is known as somebody else.
    #[error("this key was registered before")]
    KeyKnown,
    #[error("every inner address is taken")]
    Full,
    /// There is nothing to do, and nothing to write down.
    #[error("no such key waits")]
    NotWaiting,
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

/// Whether a facility's devices may come through the tunnel.
pub const fn may_pass(policy: RoutePolicy) -> bool {
    match policy {
        RoutePolicy::Either | RoutePolicy::Vpn => true,
        RoutePolicy::Tls => false,
    }
}

/// Desks receive what comes while nobody touches them, so they keep the way open; what runs on a
/// battery does not.
pub const fn keepalive_seconds(platform: Platform) -> Option<u16> {
    const KEEPALIVE_SECONDS: u16 = 25;
    match platform {
        Platform::Windows | Platform::Mac | Platform::Linux => Some(KEEPALIVE_SECONDS),
        Platform::Ipad | Platform::Android => None,
    }
}

/// Linux names its interfaces so, and the other apps take no more signs than these.
const NAME_CHARS_MAX: usize = 15;

/// What Windows keeps for itself, in whatever case and with whatever ending.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The name of the tunnel, and of its file without the ending: the domain's first label, as far
/// as every system takes it.
pub fn tunnel_name(domain: &str) -> String {
    let label = domain.split('.').next().unwrap_or_default();
    let is_taken = |c: &char| c.is_ascii_alphanumeric() || *c == '-' || *c == '_';
    let name: String = label.chars().filter(is_taken).take(NAME_CHARS_MAX).collect();
    let name = name.trim_matches('-').to_ascii_lowercase();
    if name.is_empty() || RESERVED.contains(&name.as_str()) { "tokinet".to_owned() } else { name }
}
