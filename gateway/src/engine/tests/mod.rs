//! A gateway and its clients without a network: what one sends is what the other is given, and
//! time passes when the test says so.

mod attacks;
mod cookies;
mod crowd;
mod isolation;
mod leaving;
mod live;
mod packets;
mod replays;
mod restart;
#[cfg(feature = "virtual-clock")]
mod time;
mod vectors;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Drop, Engine, Event, Moment, PeerStatus, Route};
use crate::config::{Peer, PeerId, Secret32, Session};
use crate::filter::Addresses;
use crate::wireguard::{BUFFER_BYTES_MIN, Channel, Identity, Macs, Opened};

const GATEWAY_KEY: Secret32 = Secret32([0x48; 32]);
const SERVICE: Addresses =
    Addresses { v4: Ipv4Addr::new(100, 64, 0, 1), v6: Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1) };

struct World {
    engine: Engine,
    now: Moment,
    out: Vec<u8>,
}

/// What came of a datagram, with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Came {
    Nothing,
    Inside(Vec<u8>),
    Answer(Vec<u8>),
    /// Its session is lost, and a question will go where it came from.
    Heard,
}

impl World {
    fn new(peers: &[Peer]) -> Self {
        let now = Moment(Duration::from_secs(1_000));
        Self::begin(now, peers, &[])
    }

    /// The next process, which has nothing of the one before but what that one told.
    fn restarted(self, peers: &[Peer]) -> Self {
        let sessions = self.engine.sessions(self.now);
        Self::begin(self.now, peers, &sessions)
    }

    fn begin(now: Moment, peers: &[Peer], before: &[Session]) -> Self {
        // Any sequence will do that does not repeat itself.
        let number = AtomicU32::new(7);
        let random = move || number.fetch_add(0x9e37_79b9, Ordering::Relaxed);
        let engine = Engine::new(&GATEWAY_KEY, SERVICE, Box::new(random));
        engine.call_back(now, before);
        engine.change_peers(now, peers);
        Self { engine, now, out: vec![0; BUFFER_BYTES_MIN] }
    }

    /// Both clocks go on.
    fn go_on(&mut self, time: Duration) {
        self.now.0 += time;
        #[cfg(feature = "virtual-clock")]
        mock_instant::MockClock::advance(time);
    }

    /// The second's tick comes as it would: what it sends is given back.
    fn tick(&mut self) -> Vec<(Vec<u8>, Route)> {
        let mut sent = Vec::new();
        let send = |datagram: &[u8], route| sent.push((datagram.to_vec(), route));
        self.engine.tick(self.now, &mut self.out, send);
        sent
    }

    fn pass(&mut self, seconds: u64) -> Vec<(Vec<u8>, Route)> {
        let mut sent = Vec::new();
        for _ in 0..seconds {
            self.go_on(Duration::from_secs(1));
            sent.append(&mut self.tick());
        }
        sent
    }

    fn take(&mut self, from: SocketAddr, datagram: &[u8]) -> Came {
        let route = Route { remote: from, local: None, port: 0 };
        let table = self.engine.table();
        let out = &mut self.out;
        match self.engine.take_datagram(&table, self.now, route, datagram, out) {
            Event::Nothing => Came::Nothing,
            Event::Inside(range) => Came::Inside(out[range].to_vec()),
            Event::Answer(range) => Came::Answer(out[range].to_vec()),
            Event::Queued => {
                let Some(initiation) = self.engine.next_queued(self.now) else {
                    return Came::Heard;
                };
                let answer = self.engine.take_queued(self.now, &initiation, out);
                answer.map_or(Came::Nothing, |range| Came::Answer(out[range].to_vec()))
            }
        }
    }

    /// What the gateway asks now those who lost their session, and where.
    fn calls(&mut self) -> Vec<(Vec<u8>, SocketAddr)> {
        let mut sent = Vec::new();
        while let Some(call) = self.engine.next_call(self.now) {
            if let Some(range) = self.engine.take_call(self.now, &call, &mut self.out) {
                sent.push((self.out[range].to_vec(), call.route.remote));
            }
        }
        sent
    }

    /// A packet of the service's, on its way out; and where to.
    fn send(&mut self, packet: &[u8]) -> Option<(Vec<u8>, Route)> {
        let table = self.engine.table();
        let slot = Arc::clone(self.engine.slot_for(&table, packet)?);
        let mut sender = slot.sender(self.now)?;
        let length = sender.seal(packet, &mut self.out)?;
        Some((self.out[..length].to_vec(), sender.route))
    }

    /// What goes out in place of a packet of the service's for whom it cannot be sent to.
    fn farewell(&mut self, packet: &[u8]) -> Option<(Vec<u8>, Route)> {
        let table = self.engine.table();
        let slot = self.engine.slot_for(&table, packet)?;
        assert!(slot.sender(self.now).is_none(), "it could have been sent");
        let (range, route) = self.engine.farewell(slot, self.now, packet, &mut self.out)?;
        Some((self.out[range].to_vec(), route))
    }

    /// Makes these the peers; the addresses whose connections are to be ended.
    fn change(&mut self, peers: &[Peer]) -> Vec<IpAddr> {
        self.engine.change_peers(self.now, peers)
    }

    fn status(&self, client: &Client) -> PeerStatus {
        let table = self.engine.table();
        table.by_inside(client.peer.v4.into()).unwrap().status(self.now)
    }

    fn drops(&self, why: Drop) -> u64 {
        self.engine.drops.of(why)
    }
}

/// A device with the official app, as far as it matters here.
struct Client {
    peer: Peer,
    channel: Channel,
    at: SocketAddr,
    out: Vec<u8>,
}

fn secret(number: u8) -> Secret32 {
    Secret32([number; 32])
}

/// The device with this number: its inner addresses end with it.
fn peer(number: u8) -> Peer {
    Peer {
        id: PeerId([number; 16]),
        public_key: Identity::new(&secret(number)).public_key(),
        preshared_key: secret(number ^ 0xff),
        v4: Ipv4Addr::new(100, 64, 1, number),
        v6: Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 1, number.into()),
    }
}

impl Client {
    fn new(number: u8) -> Self {
        let identity = Identity::new(&secret(number));
        let macs = Macs::new(&identity);
        let gateway = Identity::new(&GATEWAY_KEY).public_key();
        let peer = peer(number);
        let channel = Channel::new(&identity, &macs, gateway, &peer.preshared_key, number.into());
        let at = SocketAddr::new(Ipv4Addr::new(192, 0, 2, number).into(), 40_000);
        Self { peer, channel, at, out: vec![0; BUFFER_BYTES_MIN] }
    }

    fn initiation(&mut self) -> Vec<u8> {
        // Its timestamp is that of the clock, and each has to be later than the one before.
        #[cfg(feature = "virtual-clock")]
        mock_instant::MockClock::advance(Duration::from_millis(1));
        self.channel.tick(&mut self.out);
        self.channel.initiate(&mut self.out).unwrap().to_vec()
    }

    /// An answer of the gateway's, and what the client sends upon it.
    fn answered(&mut self, answer: &[u8]) -> Option<Vec<u8>> {
        let from = Ipv4Addr::new(203, 0, 113, 1).into();
        let next = self.channel.take_handshake(from, answer, &mut self.out);
        next.unwrap().map(<[u8]>::to_vec)
    }

    /// As an app does: initiation, answer, and the first keepalive.
    fn connect(&mut self, world: &mut World) {
        let initiation = self.initiation();
        let Came::Answer(answer) = world.take(self.at, &initiation) else {
            panic!("no answer: {:?}", world.engine.drops.all());
        };
        let keepalive = self.answered(&answer).unwrap();
        assert_eq!(world.take(self.at, &keepalive), Came::Nothing);
    }

    fn seal(&mut self, packet: &[u8]) -> Vec<u8> {
        let length = self.channel.seal(packet, &mut self.out).unwrap();
        self.out[..length].to_vec()
    }

    fn open(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let from: IpAddr = Ipv4Addr::new(203, 0, 113, 1).into();
        match self.channel.open(from, datagram, &mut self.out).ok()? {
            Opened::Packet(packet) => Some(packet.to_vec()),
            Opened::Keepalive => Some(Vec::new()),
        }
    }

    fn send(&mut self, world: &mut World, packet: &[u8]) -> Came {
        let datagram = self.seal(packet);
        world.take(self.at, &datagram)
    }

    fn hello(&self) -> Vec<u8> {
        packets::tcp(self.peer.v4.into(), SERVICE.v4.into(), 443)
    }
}

/// One peer, connected.
fn connected() -> (World, Client) {
    let mut world = World::new(&[peer(1)]);
    let mut client = Client::new(1);
    client.connect(&mut world);
    (world, client)
}
