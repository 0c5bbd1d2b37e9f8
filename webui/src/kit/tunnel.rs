//! The gateway as the product knows it: how devices reach it, and how it is, as plain values.
//!
//! The appliance starts it and says where its state comes from; nothing here carries packets.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use provisioning::tunnel::{Endpoint, Peer};
use store::Id;

/// What goes into every device's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelRules {
    /// Where devices reach the gateway, with its port.
    pub endpoint: Endpoint,
    /// Another port of the gateway, for guest networks that let only some through.
    pub second_port: Option<u16>,
    pub mtu: u16,
    /// Devices ask the box for its name, because no other name server knows it.
    pub dns: bool,
}

/// How the gateway is. Counters go from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelStatus {
    pub state: TunnelState,
    /// Keys that it was given.
    pub peers: usize,
    /// Those with a session now.
    pub live: usize,
    pub handshakes: u64,
    /// Inside of the tunnel.
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Packets that were not let through, by the reason.
    pub drops: Vec<Dropped>,
    /// How often so many handshakes came that it asked strangers to prove their address.
    pub floods: u64,
    pub is_flooded: bool,
    /// What works, but not as well as it should, e.g. a missing congestion control.
    pub warnings: Vec<String>,
    /// Each key that has spoken since the start.
    pub sessions: Vec<PeerSession>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// A word of the gateway's, e.g. `replay`: see `say_drop` in `office/tunnel/japanese.rs`.
    pub reason: &'static str,
    pub packets: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerSession {
    pub peer: Id<Peer>,
    /// Where it spoke from last.
    pub from: Option<IpAddr>,
    pub handshake_at: Option<Timestamp>,
    /// When it last asked in vain, because its clock is behind that of its last handshake.
    pub clock_behind_at: Option<Timestamp>,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TunnelState {
    /// The owner of the box does not want one.
    #[default]
    Off,
    Starting,
    Running {
        since: Timestamp,
    },
    /// It did not start, or it ended.
    Failed {
        trouble: TunnelTrouble,
        /// In English, as the system says it.
        detail: String,
    },
}

/// Why it is not running; each has something to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunnelTrouble {
    /// No /dev/net/tun.
    NoTunDevice,
    /// There is one, and this user may not open it.
    TunNotPermitted,
    /// The system lets no ordinary user make a network of its own.
    NoUserNamespaces,
    PortTaken,
    Config,
    Internal,
}

impl TunnelTrouble {
    pub const ALL: [Self; 6] = [
        Self::NoTunDevice,
        Self::TunNotPermitted,
        Self::NoUserNamespaces,
        Self::PortTaken,
        Self::Config,
        Self::Internal,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::NoTunDevice => "no_tun_device",
            Self::TunNotPermitted => "tun_not_permitted",
            Self::NoUserNamespaces => "no_user_namespaces",
            Self::PortTaken => "port_taken",
            Self::Config => "config",
            Self::Internal => "internal",
        }
    }
}

type Source = Arc<dyn Fn() -> TunnelStatus + Send + Sync>;

/// The gateway's place in the product.
pub struct Tunnel {
    rules: Option<TunnelRules>,
    source: Mutex<Option<Source>>,
}

impl Tunnel {
    pub fn new(rules: Option<TunnelRules>) -> Self {
        Self { rules, source: Mutex::default() }
    }

    /// `None` where devices are given no tunnel.
    pub fn rules(&self) -> Option<&TunnelRules> {
        self.rules.as_ref()
    }

    /// Asked whenever somebody looks, so it must be quick.
    pub fn watch(&self, source: impl Fn() -> TunnelStatus + Send + Sync + 'static) {
        *self.source.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(source));
    }

    pub fn status(&self) -> TunnelStatus {
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (source, &self.rules) {
            (Some(source), _) => source(),
            (None, Some(_)) => {
                TunnelStatus { state: TunnelState::Starting, ..TunnelStatus::default() }
            }
            (None, None) => TunnelStatus::default(),
        }
    }
}
