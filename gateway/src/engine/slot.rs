//! One peer: its sessions, where it is, and what went through.

use std::net::SocketAddr;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use super::bucket::{Bucket, Rate};
use super::clock::Clock;
use super::farewell::{GRACE, Reset};
use super::places::{Alarm, Places};
use super::{Moment, Route};
use crate::config::{Peer, PeerId, Session};
use crate::filter::Addresses;
use crate::wireguard::{Channel, Identity, Macs};

/// Of the library's clock, which moves by ticks.
const TICK_STALE: Duration = Duration::from_millis(500);
/// A client that starts over and over asks every 5 s.
const HANDSHAKE_RATE: Rate = Rate { per_second: 1, burst: 5 };
/// The protocol's REJECT_AFTER_TIME: whoever had no handshake since is not there.
pub(super) const LIVE: Duration = Duration::from_secs(180);

pub struct Slot {
    pub peer: Peer,
    pub addresses: Addresses,
    pub index: u32,
    pub(super) line: Mutex<Line>,
}

/// What changes with each packet.
pub struct Line {
    pub channel: Channel,
    pub ticked: Moment,
    pub route: Option<Route>,
    /// What the library wanted sent between the ticks of every second.
    pub unsent: Option<Box<[u8]>>,
    pub handshakes: Bucket,
    pub clock: Clock,
    /// Since when it is no peer any more.
    pub left: Option<Moment>,
    /// What it heard since.
    pub told: Vec<Reset>,
    places: Places,
    last_handshake: Option<Moment>,
    last_data: Option<Moment>,
    handshake_count: u64,
    received_bytes: u64,
    sent_bytes: u64,
}

/// A peer as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    pub id: PeerId,
    /// Whether it has keys that work.
    pub is_live: bool,
    pub since_handshake: Option<Duration>,
    pub since_data: Option<Duration>,
    pub outside: Option<SocketAddr>,
    pub handshakes: u64,
    /// Datagrams, with what the tunnel adds.
    pub received_bytes: u64,
    pub sent_bytes: u64,
    /// The same key was seen in two places at a time.
    pub alarm: Option<Alarm>,
    /// Since it last asked in vain because its clock is behind that of its last handshake.
    pub clock_behind: Option<Duration>,
}

impl Slot {
    pub fn new(peer: Peer, index: u32, identity: &Identity, macs: &Macs) -> Self {
        let channel = Channel::new(identity, macs, peer.public_key, &peer.preshared_key, index);
        let line = Line {
            channel,
            ticked: Moment::default(),
            route: None,
            unsent: None,
            handshakes: Bucket::new(HANDSHAKE_RATE),
            clock: Clock::default(),
            left: None,
            told: Vec::new(),
            places: Places::default(),
            last_handshake: None,
            last_data: None,
            handshake_count: 0,
            received_bytes: 0,
            sent_bytes: 0,
        };
        let addresses = Addresses { v4: peer.v4, v6: peer.v6 };
        Self { peer, addresses, index, line: Mutex::new(line) }
    }

    pub(super) fn fresh_channel(&self, identity: &Identity, macs: &Macs) -> Channel {
        let Peer { public_key, preshared_key, .. } = &self.peer;
        Channel::new(identity, macs, *public_key, preshared_key, self.index)
    }

    /// Begins to send to the peer; `None` when it is not there, or left.
    pub fn sender(&self, now: Moment) -> Option<Sender<'_>> {
        let mut line = self.line.lock();
        if line.left.is_some() {
            return None;
        }
        line.tick_if_stale(now);
        let route = line.route?;
        line.channel.has_session().then_some(Sender { line, route })
    }

    /// How long the peer was silent, and its session if it is live.
    pub fn session(&self, now: Moment) -> Option<(Duration, Session)> {
        let line = self.line.lock();
        let route = line.route?;
        let is_live = now.since(line.last_handshake?) < LIVE;
        let session = Session { public_key: self.peer.public_key, index: self.index, route };
        is_live.then_some((now.since(line.last_data?), session))
    }

    pub fn status(&self, now: Moment) -> PeerStatus {
        let line = self.line.lock();
        let since = |moment: Option<Moment>| moment.map(|moment| now.since(moment));
        let since_handshake = since(line.last_handshake);
        PeerStatus {
            id: self.peer.id,
            is_live: line.route.is_some() && since_handshake.is_some_and(|since| since < LIVE),
            since_handshake,
            since_data: since(line.last_data),
            outside: line.route.map(|route| {
                SocketAddr::new(route.remote.ip().to_canonical(), route.remote.port())
            }),
            handshakes: line.handshake_count,
            received_bytes: line.received_bytes,
            sent_bytes: line.sent_bytes,
            alarm: line.places.alarm(),
            clock_behind: since(line.clock.behind()),
        }
    }
}

/// Holds the peer's lock for the packets of one read.
pub struct Sender<'a> {
    line: MutexGuard<'a, Line>,
    pub route: Route,
}

impl Sender<'_> {
    /// How long the datagram is that a padded packet became. `out` has room for the overhead.
    pub fn seal(&mut self, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        let length = self.line.channel.seal(packet, out)?;
        self.line.sent_bytes += u64::try_from(length).unwrap_or_default();
        Some(length)
    }
}

impl Line {
    /// Whether it left a moment ago, and may still be told so.
    pub fn is_leaving(&self, now: Moment) -> bool {
        self.left.is_some_and(|left| now.since(left) < GRACE)
    }

    pub fn tick_if_stale(&mut self, now: Moment) {
        if now.since(self.ticked) > TICK_STALE {
            self.tick(now);
        }
    }

    /// What the library wants sent goes out with the tick of every second: dropped it would come
    /// again only after 5 s, when the next stale clock drops it again.
    pub fn tick(&mut self, now: Moment) {
        self.ticked = now;
        let mut out = [0; crate::wireguard::INITIATION_BYTES];
        if let Some(datagram) = self.channel.tick(&mut out) {
            self.unsent = Some(datagram.into());
        }
    }

    /// A packet of the peer's that its keys vouch for came in.
    pub fn arrive(&mut self, now: Moment, route: Route, bytes: usize) {
        self.received_bytes += u64::try_from(bytes).unwrap_or_default();
        self.last_data = Some(now);
        if self.route == Some(route) {
            return;
        }
        if let Some(before) = self.route.replace(route)
            && before.remote != route.remote
            && self.places.moved(now, before.remote, route.remote)
        {
            log::warn!("a peer's key is in two places at a time");
        }
    }

    pub fn handshake(&mut self, now: Moment) {
        self.last_handshake = Some(now);
        self.handshake_count += 1;
    }
}
