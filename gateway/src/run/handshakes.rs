//! Answers what was admitted, asks those who lost their session, and ticks every second: the work
//! that must not delay packets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::{Shared, now};
use crate::engine::Drop;
use crate::wireguard::BUFFER_BYTES_MIN;

const TICK: Duration = Duration::from_secs(1);
/// Until the bucket for calls has something in it again.
const CALLS_PAUSE: Duration = Duration::from_millis(50);

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
        call(shared, &mut out);
        if Instant::now() >= next_tick {
            next_tick = Instant::now() + TICK;
            shared.engine.tick(now(), &mut out, |datagram, route| send(shared, &route, datagram));
        }
        let mut has_queued = shared.has_queued.lock();
        if !*has_queued && !shared.is_stopping() && shared.engine.flood().queued == 0 {
            let pause = Instant::now() + CALLS_PAUSE;
            let until = if shared.engine.has_calls() { pause.min(next_tick) } else { next_tick };
            shared.queued.wait_until(&mut has_queued, until);
        }
        *has_queued = false;
    }
}

fn call(shared: &Shared, out: &mut [u8]) {
    while let Some(call) = shared.engine.next_call(now()) {
        let asked = shared.engine.take_call(now(), &call, out);
        if let Some(initiation) = asked.and_then(|range| out.get(range)) {
            send(shared, &call.route, initiation);
        }
    }
}

fn send(shared: &Shared, route: &crate::engine::Route, datagram: &[u8]) {
    if !shared.outside.send(route, datagram, datagram.len()) {
        shared.engine.drops.count(Drop::SendFailed);
    }
}
