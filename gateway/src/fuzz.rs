//! What reads the bytes of strangers, one function each: for the fuzzer, and for the test that
//! replays what it once found. They must not panic.

use std::cell::RefCell;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::config::{Peer, PeerId, Secret32};
use crate::engine::{Engine, Event, Moment, Reset, Route};
use crate::filter::{self, Addresses};
use crate::offload::{Coalescer, HEADER_BYTES, SPARE_BYTES, Split};
use crate::wireguard::{BUFFER_BYTES_MIN, Channel, Identity, Macs};

type Target = (&'static str, fn(&[u8]));

/// The names are those of `tests/fuzz/fuzz_targets` and of the folders of the corpus.
pub const TARGETS: &[Target] = &[("datagram", datagram), ("large", large), ("segments", segments)];

const MTU: usize = 1280;
const GATEWAY_KEY: Secret32 = Secret32([1; 32]);
const CLIENT_KEY: Secret32 = Secret32([2; 32]);
const SERVICE: Addresses =
    Addresses { v4: Ipv4Addr::new(100, 64, 0, 1), v6: Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1) };
const CLIENT: Addresses =
    Addresses { v4: Ipv4Addr::new(100, 64, 0, 2), v6: Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2) };

/// A gateway and one connected client.
struct World {
    engine: Engine,
    client: Channel,
    out: Vec<u8>,
}

thread_local! {
    static WORLD: RefCell<Option<World>> = RefCell::new(World::connected());
}

/// The first byte says what the rest is: a datagram as it is, a datagram of the live session with
/// these bytes written over its head, or what the connected client seals.
pub fn datagram(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    WORLD.with_borrow_mut(|world| {
        if let Some(world) = world {
            world.take(*kind, bytes.get(..bytes.len().min(60_000)).unwrap_or_default());
        }
    });
}

impl World {
    fn connected() -> Option<Self> {
        let number = AtomicU32::new(7);
        let random = move || number.fetch_add(0x9e37_79b9, Ordering::Relaxed);
        let engine = Engine::new(&GATEWAY_KEY, SERVICE, Box::new(random));
        let identity = Identity::new(&CLIENT_KEY);
        let peer = Peer {
            id: PeerId([0; 16]),
            public_key: identity.public_key(),
            preshared_key: Secret32([3; 32]),
            v4: CLIENT.v4,
            v6: CLIENT.v6,
        };
        engine.change_peers(MOMENT, std::slice::from_ref(&peer));
        let gateway = Identity::new(&GATEWAY_KEY).public_key();
        let macs = Macs::new(&identity);
        let client = Channel::new(&identity, &macs, gateway, &peer.preshared_key, 1);
        let mut world = Self { engine, client, out: vec![0; BUFFER_BYTES_MIN] };
        let mut message = [0; 2_048];
        let initiation = world.client.initiate(&mut message)?.to_vec();
        world.send(&initiation)?;
        let queued = world.engine.next_queued(MOMENT)?;
        let answer = world.engine.take_queued(MOMENT, &queued, &mut world.out)?;
        let answer = world.out.get(answer)?.to_vec();
        let source = route().remote.ip();
        let first = world.client.take_handshake(source, &answer, &mut message).ok()??.to_vec();
        world.send(&first)?;
        Some(world)
    }

    fn send(&mut self, datagram: &[u8]) -> Option<Event> {
        let table = self.engine.table();
        Some(self.engine.take_datagram(&table, MOMENT, route(), datagram, &mut self.out))
    }

    fn take(&mut self, kind: u8, bytes: &[u8]) {
        let mut sealed = vec![0; bytes.len().max(128) + 64];
        let event = match kind % 3 {
            0 => self.send(bytes),
            1 => {
                let Some(length) = self.client.seal(&[0x45; 40], &mut sealed) else { return };
                sealed.truncate(length);
                for (place, byte) in sealed.iter_mut().zip(bytes) {
                    *place = *byte;
                }
                self.send(&sealed)
            }
            _ => {
                let Some(length) = self.client.seal(bytes, &mut sealed) else { return };
                sealed.truncate(length);
                self.send(&sealed)
            }
        };
        match event {
            Some(Event::Inside(range)) => {
                let packet = self.out.get(range).unwrap_or_default();
                assert!(bytes.starts_with(packet), "nothing is made up");
                assert_eq!(filter::check(packet, &CLIENT, &SERVICE), Ok(()));
            }
            Some(Event::Answer(range)) => assert!(range.len() <= bytes.len(), "amplified"),
            Some(Event::Queued) => {
                if let Some(queued) = self.engine.next_queued(MOMENT) {
                    self.engine.take_queued(MOMENT, &queued, &mut self.out);
                }
            }
            Some(Event::Nothing) | None => {}
        }
    }
}

const MOMENT: Moment = Moment(Duration::from_secs(1));

fn route() -> Route {
    let remote = SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), 1);
    Route { remote, local: None, port: 0 }
}

/// A read of the TUN: whatever its header says, the packets fit the MTU, and what becomes of it for
/// a peer that left is headers and nothing else.
pub fn large(bytes: &[u8]) {
    if let Some(reset) = bytes.get(HEADER_BYTES..).and_then(Reset::instead_of) {
        let headers = if reset.packet().first() == Some(&0x45) { 20 + 20 } else { 40 + 20 };
        assert_eq!(reset.packet().len(), headers);
    }
    let mut read = bytes.to_vec();
    read.resize(bytes.len() + SPARE_BYTES, 0);
    let Ok(mut split) = Split::new(&mut read, bytes.len(), MTU) else { return };
    let mut packets = 0;
    while let Some(packet) = split.next_packet() {
        assert!(packet.len() <= MTU, "{} bytes", packet.len());
        packets += 1;
    }
    assert!(packets <= bytes.len(), "{packets} packets");
}

/// Packets behind their lengths of two bytes: split again, what was coalesced is as much.
pub fn segments(bytes: &[u8]) {
    let mut buffer = bytes.to_vec();
    let mut coalescer = Coalescer::default();
    let mut rest = bytes;
    let (mut added, mut at) = (0, 0);
    while let Some(([high, low], tail)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len()).min(MTU);
        at += 2;
        coalescer.add(&buffer, at..at + length);
        added += usize::from(length > 0);
        at += length;
        rest = tail.get(length..).unwrap_or_default();
    }
    let mut came = 0;
    coalescer.flush(&mut buffer, |large| {
        let mut read = large.pieces().collect::<Vec<_>>().concat();
        let length = read.len();
        read.resize(length + SPARE_BYTES, 0);
        if let Ok(mut split) = Split::new(&mut read, length, MTU) {
            while split.next_packet().is_some() {
                came += 1;
            }
        }
    });
    assert_eq!(came, added, "packets");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// `cargo +nightly fuzz run --fuzz-dir tests/fuzz TARGET` adds to it.
    const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus");

    #[test]
    fn the_corpus_of_every_target_is_read_without_a_panic() {
        for (name, target) in super::TARGETS {
            let target_file = Path::new(CORPUS).join(format!("../fuzz_targets/{name}.rs"));
            assert!(target_file.exists(), "{name} has no target");
            let mut count = 0;
            for entry in std::fs::read_dir(Path::new(CORPUS).join(name)).unwrap() {
                target(&std::fs::read(entry.unwrap().path()).unwrap());
                count += 1;
            }
            assert!(count > 0, "{name} has no corpus");
        }
    }
}
