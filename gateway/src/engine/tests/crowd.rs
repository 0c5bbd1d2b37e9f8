//! 5,000 devices on one box: what a change of the list costs those who are not changed.
//!
//! The figures are printed: `cargo nextest run --release -p gateway --lib crowd --no-capture`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::{Came, Client, Event, Peer, PeerId, Route, World, peer, secret};
use crate::engine::farewell::GRACE;
use crate::wireguard::BUFFER_BYTES_MIN;

const PEERS: u16 = 5_000;
const ROUNDS: usize = 21;

/// Peer 1 is the one that has a client; the others are like it.
fn crowd() -> Vec<Peer> {
    (1..=PEERS).map(one_of_many).collect()
}

fn one_of_many(number: u16) -> Peer {
    let mut one = peer(1);
    if number > 1 {
        let [high, low] = number.to_be_bytes();
        let mut id = [0; 16];
        id[..2].copy_from_slice(&[high, low]);
        one.id = PeerId(id);
        // Not a key that anybody has, but a point like any other.
        one.public_key = [0x99; 32];
        one.public_key[..2].copy_from_slice(&[high, low]);
        one.v4 = [100, 65, high, low].into();
        one.v6 = [0xfd00, 0, 0, 0, 0, 0, 2, number].into();
    }
    one
}

/// Of this thread alone: what others take of the core does not count.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

#[test]
fn who_carries_packets_never_takes_an_old_table_apart() {
    let mut world = World::new(&[peer(1), peer(2)]);
    let held = world.engine.table();
    let gone = Arc::downgrade(held.by_inside(peer(2).v4.into()).unwrap());
    world.engine.change_peers(world.now, &[peer(1)]);
    world.pass(1);
    let table: Weak<_> = Arc::downgrade(&held);
    drop(held);
    assert!(table.upgrade().is_some(), "the worker was not the last to hold it");
    // Who left is told so for a while.
    world.pass(GRACE.as_secs() + 2);
    assert!(table.upgrade().is_none() && gone.upgrade().is_none(), "nor is it kept for ever");
}

/// What one kind of change cost: the changer, and the worst turn of the worker meanwhile.
#[derive(Default)]
struct Cost {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
    stall_wall: Vec<Duration>,
    stall_cpu: Vec<Duration>,
}

impl Cost {
    fn say(&self, what: &str) {
        for (name, times) in [
            ("change, wall", &self.wall),
            ("change, CPU", &self.cpu),
            ("longest turn of the worker, wall", &self.stall_wall),
            ("longest turn of the worker, CPU", &self.stall_cpu),
        ] {
            println!("{what}: {name}: median {:?}, worst {:?}", median(times), times.iter().max());
        }
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() / 2]
}

/// The worst turn since it was last asked, in nanoseconds.
#[derive(Default)]
struct Worst {
    wall: AtomicU64,
    cpu: AtomicU64,
}

impl Worst {
    fn add(&self, wall: Duration, cpu: Duration) {
        for (worst, took) in [(&self.wall, wall), (&self.cpu, cpu)] {
            worst.fetch_max(took.as_nanos().try_into().unwrap(), Ordering::Relaxed);
        }
    }

    fn take(&self) -> [Duration; 2] {
        [&self.wall, &self.cpu].map(|worst| Duration::from_nanos(worst.swap(0, Ordering::Relaxed)))
    }
}

/// As `run/worker.rs` does: a snapshot a turn, a batch of datagrams, and the snapshot is given up.
fn carry(world: &World, client: &mut Client, worst: &Worst, is_done: &AtomicBool) -> u64 {
    let mut out = vec![0; BUFFER_BYTES_MIN];
    let hello = client.hello();
    let route = Route { remote: client.at, local: None, port: 0 };
    let mut carried = 0;
    while !is_done.load(Ordering::Relaxed) {
        let batch: Vec<_> = (0..16).map(|_| client.seal(&hello)).collect();
        let (began, cpu_before) = (Instant::now(), cpu());
        let table = world.engine.table();
        for datagram in &batch {
            let event = world.engine.take_datagram(&table, world.now, route, datagram, &mut out);
            assert!(matches!(event, Event::Inside(_)), "{event:?} after {carried}");
            carried += 1;
        }
        drop(table);
        worst.add(began.elapsed(), cpu() - cpu_before);
    }
    carried
}

#[test]
fn a_change_of_five_thousand_disturbs_nobody() {
    let everybody = crowd();
    let began = Instant::now();
    let mut world = World::new(&everybody);
    println!("start with {PEERS}: {:?}", began.elapsed());
    assert_eq!(world.engine.table().slots().count(), PEERS.into());
    let mut client = Client::new(1);
    client.connect(&mut world);
    let others: Vec<Peer> = everybody[..everybody.len() - 1].to_vec();
    let rekeyed: Vec<Peer> = everybody
        .iter()
        .map(|one| match one.id == peer(1).id {
            true => one.clone(),
            false => Peer { preshared_key: secret(9), ..one.clone() },
        })
        .collect();
    let (worst, is_done) = (Worst::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        let worker = scope.spawn(|| carry(&world, &mut client, &worst, &is_done));
        let change = |cost: &mut Cost, peers: &[Peer]| {
            worst.take();
            let (began, cpu_before) = (Instant::now(), cpu());
            world.engine.change_peers(world.now, peers);
            cost.cpu.push(cpu() - cpu_before);
            cost.wall.push(began.elapsed());
            let [wall, cpu] = worst.take();
            cost.stall_wall.push(wall);
            cost.stall_cpu.push(cpu);
        };
        let [mut revoke, mut add, mut reload, mut all]: [Cost; 4] = Default::default();
        for _ in 0..ROUNDS {
            change(&mut revoke, &others);
            change(&mut add, &everybody);
            change(&mut reload, &everybody);
        }
        for list in [&rekeyed, &everybody, &rekeyed] {
            change(&mut all, list);
        }
        is_done.store(true, Ordering::Relaxed);
        let carried = worker.join().unwrap();
        println!("{carried} packets meanwhile");
        assert!(carried > 0);
        for (cost, what) in [
            (&revoke, "one revoked"),
            (&add, "one added"),
            (&reload, "the same list again"),
            (&all, "all but one with another key"),
        ] {
            cost.say(what);
        }
    });
    let hello = client.hello();
    assert!(matches!(client.send(&mut world, &hello), Came::Inside(_)));
}
