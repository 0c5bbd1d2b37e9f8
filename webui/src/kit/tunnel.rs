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
    pub way: NameWay,
}

/// How the product's name leads into the tunnel. A name leads to one place for everybody who asks
/// the same name servers, so a device that may come both ways needs a second name, or a name
/// server of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameWay {
    /// One name. Its public records lead outside or inside, and all devices follow them.
    One,
    /// A second name below the first; its public records lead inside.
    Second,
    /// Devices in the tunnel ask the box for its name.
    OwnServer,
}

impl NameWay {
    pub const fn key(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Second => "second",
            Self::OwnServer => "own_server",
        }
    }
}

/// Where a name leads, as the name server that the box asks says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// Into the tunnel, and nowhere else.
    Inside,
    Elsewhere,
    Nowhere,
}

impl Leads {
    pub fn of(addresses: &[IpAddr], inside: &[IpAddr]) -> Self {
        if addresses.is_empty() {
            Self::Nowhere
        } else if addresses.iter().all(|address| inside.contains(address)) {
            Self::Inside
        } else {
            Self::Elsewhere
        }
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Elsewhere => "elsewhere",
            Self::Nowhere => "nowhere",
        }
    }
}

/// Where the product's names lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub app: Leads,
    /// Where there is a second name.
    pub second: Option<Leads>,
}

/// What of the names keeps devices out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameTrouble {
    /// One name, which leads outside: nobody comes by VPN.
    OutsideOnly,
    /// One name, which leads inside: nobody comes without a VPN.
    InsideOnly,
    /// The second name does not lead inside.
    SecondAstray,
    /// The first name leads inside although there is a second one for that.
    FirstInside,
    Nowhere,
}

impl NameTrouble {
    pub const fn of(way: NameWay, named: Named) -> Option<Self> {
        match (way, named.app, named.second) {
            (NameWay::OwnServer, _, _) => None,
            (_, Leads::Nowhere, _) => Some(Self::Nowhere),
            (NameWay::One, Leads::Elsewhere, _) => Some(Self::OutsideOnly),
            (NameWay::One, Leads::Inside, _) => Some(Self::InsideOnly),
            (NameWay::Second, Leads::Inside, _) => Some(Self::FirstInside),
            (NameWay::Second, Leads::Elsewhere, Some(Leads::Inside)) => None,
            (NameWay::Second, Leads::Elsewhere, _) => Some(Self::SecondAstray),
        }
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::OutsideOnly => "outside_only",
            Self::InsideOnly => "inside_only",
            Self::SecondAstray => "second_astray",
            Self::FirstInside => "first_inside",
            Self::Nowhere => "nowhere",
        }
    }
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
    named: Mutex<Option<Named>>,
}

impl Tunnel {
    pub fn new(rules: Option<TunnelRules>) -> Self {
        Self { rules, source: Mutex::default(), named: Mutex::default() }
    }

    /// `None` where devices are given no tunnel.
    pub fn rules(&self) -> Option<&TunnelRules> {
        self.rules.as_ref()
    }

    /// Asked whenever somebody looks, so it must be quick.
    pub fn watch(&self, source: impl Fn() -> TunnelStatus + Send + Sync + 'static) {
        *self.source.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(source));
    }

    /// Answers whether that is news.
    pub fn tell_named(&self, named: Named) -> bool {
        let mut kept = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        kept.replace(named) != Some(named)
    }

    /// `None` until somebody looked.
    pub fn named(&self) -> Option<Named> {
        *self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn name_trouble(&self) -> Option<NameTrouble> {
        NameTrouble::of(self.rules.as_ref()?.way, self.named()?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_inside_only_where_every_address_does() {
        let (inner, inner6) = ("100.81.128.1".parse().unwrap(), "fd3a::1".parse().unwrap());
        let outer: IpAddr = "203.0.113.7".parse().unwrap();
        let leads = |addresses: &[IpAddr]| Leads::of(addresses, &[inner, inner6]);
        assert_eq!(leads(&[inner]), Leads::Inside);
        assert_eq!(leads(&[inner6, inner]), Leads::Inside);
        assert_eq!(leads(&[inner, outer]), Leads::Elsewhere);
        assert_eq!(leads(&[]), Leads::Nowhere);
    }

    #[test]
    fn only_two_names_or_an_own_name_server_let_a_device_come_both_ways() {
        use Leads::{Elsewhere, Inside, Nowhere};
        let trouble = |way, app, second| NameTrouble::of(way, Named { app, second });
        assert_eq!(trouble(NameWay::One, Elsewhere, None), Some(NameTrouble::OutsideOnly));
        assert_eq!(trouble(NameWay::One, Inside, None), Some(NameTrouble::InsideOnly));
        assert_eq!(trouble(NameWay::Second, Elsewhere, Some(Inside)), None);
        for second in [Elsewhere, Nowhere] {
            let found = trouble(NameWay::Second, Elsewhere, Some(second));
            assert_eq!(found, Some(NameTrouble::SecondAstray));
        }
        let found = trouble(NameWay::Second, Inside, Some(Inside));
        assert_eq!(found, Some(NameTrouble::FirstInside));
        assert_eq!(trouble(NameWay::One, Nowhere, None), Some(NameTrouble::Nowhere));
        assert_eq!(trouble(NameWay::OwnServer, Nowhere, None), None);
    }
}
