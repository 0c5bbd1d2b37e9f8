//! Answers what was admitted, and ticks every second: the work that must not delay packets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::{Shared, now};
use crate::engine::Drop;
use crate::wireguard::BUFFER_BYTES_MIN;

const TICK: Duration = Duration::from_secs(1);

pub fn run(shared: &Shared) {
    let mut out = vec![0; BUFFER_BYTES_MIN];
    let mut next_tick = Instant::now() + TICK;
    while !shared.is_stopping() {
        while let Some(initiation) = shared.engine.next_queued(now()) {
            let answered = catch_unwind(AssertUnwindSafe(|| {
                shared.engine.take_queued(now(), &initiation, &mut out)
            }));
            let Ok(answered) = answered else {
                log::error!("an initiation made the gateway panic");
                shared.engine.drops.count(Drop::Panicked);
                continue;
            };
            if let Some(answer) = answered.and_then(|range| out.get(range)) {
                send(shared, &initiation.route, answer);
            }
            if Instant::now() >= next_tick {
                break;
            }
        }
        if Instant::now() >= next_tick {
            next_tick = Instant::now() + TICK;
            shared.engine.tick(now(), &mut out, |datagram, route| send(shared, &route, datagram));
        }
        let mut has_queued = shared.has_queued.lock();
        if !*has_queued && !shared.is_stopping() && shared.engine.flood().queued == 0 {
            shared.queued.wait_until(&mut has_queued, next_tick);
        }
        *has_queued = false;
    }
}

fn send(shared: &Shared, route: &crate::engine::Route, datagram: &[u8]) {
    if !shared.outside.send(route, datagram, datagram.len()) {
        shared.engine.drops.count(Drop::SendFailed);
    }
}
