//! Follows the list of peers, whose makers know nothing of threads.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::sync::watch;

use super::{Shared, now};
use crate::config::Peer;

/// Ends when the gateway stops, or when nobody can change the list any more.
pub fn run(shared: &Shared, mut peers: watch::Receiver<Arc<[Peer]>>) {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        let changed = {
            let mut change = pin!(peers.changed());
            loop {
                if shared.is_stopping() {
                    return;
                }
                match change.as_mut().poll(&mut Context::from_waker(&waker)) {
                    Poll::Ready(changed) => break changed,
                    Poll::Pending => thread::park(),
                }
            }
        };
        if changed.is_err() {
            return;
        }
        let list = Arc::clone(&peers.borrow_and_update());
        for address in shared.engine.change_peers(now(), &list) {
            let Some(connections) = &shared.connections else { continue };
            if let Err(error) = connections.destroy(address) {
                log::error!("connections of a peer that left could not be ended: {error}");
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
