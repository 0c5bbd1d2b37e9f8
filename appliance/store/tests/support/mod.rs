//! What the store's tests share: a small schema of the real one's shape, batches on demand, a
//! disk that fails.

#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod disk;
pub mod schema;

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use store::{Act, Actor, Clock, Id, Store, StoreError, Write};

pub fn clock() -> Clock {
    Clock::fixed(Timestamp::from_second(1_790_000_000).unwrap(), 1)
}

pub fn act(action: &'static str, store: &Store) -> Act {
    Act::new(Actor::System, action, store.clock().now())
}

/// An act whose subject carries a number.
pub fn numbered(action: &'static str, number: u64, store: &Store) -> Act {
    act(action, store).on("number", id_of(number))
}

pub fn id_of(number: u64) -> Id<()> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Id::from_bytes(bytes)
}

pub fn number_of(id: [u8; 16]) -> u64 {
    u64::from_be_bytes(*id.first_chunk().unwrap())
}

/// The seed of a random test: `TOKINET_SEED`, or the same one every time.
pub fn seed() -> u64 {
    std::env::var("TOKINET_SEED").map_or(20_261_122, |seed| seed.parse().unwrap())
}

/// Acts that reach the writer together, in the order in which they were added.
pub struct Together<'a, R, E> {
    store: &'a Store,
    gate: Sender<()>,
    keeper: Asked<'a, (), StoreError>,
    acts: Vec<Asked<'a, R, E>>,
}

type Asked<'a, R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + 'a>>;

impl<'a, R, E> Together<'a, R, E>
where
    R: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    /// Keeps the writer busy until all acts wait.
    pub fn new(store: &'a Store) -> Self {
        let (gate, opened) = channel();
        let mut keeper: Asked<'a, (), StoreError> = Box::pin(store.keep_house(move |_| {
            opened.recv().unwrap();
            Ok(())
        }));
        post(&mut keeper);
        Self { store, gate, keeper, acts: Vec::new() }
    }

    pub fn add(
        &mut self,
        act: Act,
        run: impl FnOnce(&mut Write<'_>) -> Result<R, E> + Send + 'static,
    ) {
        let mut asked: Asked<'a, R, E> = Box::pin(self.store.write(act, run));
        post(&mut asked);
        self.acts.push(asked);
    }

    pub fn run(self) -> Vec<Result<R, E>> {
        self.gate.send(()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            // The gate is no act: if the disk fails under it, the acts say so.
            drop(self.keeper.await);
            let mut outcomes = Vec::new();
            for act in self.acts {
                outcomes.push(act.await);
            }
            outcomes
        })
    }
}

/// The first poll hands the act to the writer; the answer cannot be there yet.
fn post<R, E>(asked: &mut Asked<'_, R, E>) {
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(asked.as_mut().poll(&mut context), Poll::Pending));
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
