//! One at a time, and who comes last goes on: a second try on a new line stops the first, whose
//! line may be dead without anybody having noticed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, MutexGuard, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

/// What the turns are about: the bytes of an id.
type About = [u8; 16];

#[derive(Clone, Default)]
pub struct Turns(Arc<Lock<HashMap<About, Waiting>>>);

#[derive(Default)]
struct Waiting {
    gate: Arc<Mutex<()>>,
    /// Of whoever came last.
    stop: CancellationToken,
    count: usize,
}

/// Lasts until it is dropped.
pub struct Turn {
    /// Somebody else wants to go on.
    pub stop: CancellationToken,
    _gate: OwnedMutexGuard<()>,
    _place: Place,
}

struct Place {
    turns: Turns,
    about: About,
}

impl Turns {
    /// Stops the one before, and waits until it has ended.
    pub async fn take(&self, about: About) -> Turn {
        let (gate, stop) = {
            let mut all = self.lock();
            let waiting = all.entry(about).or_default();
            waiting.stop.cancel();
            waiting.stop = CancellationToken::new();
            waiting.count += 1;
            (waiting.gate.clone(), waiting.stop.clone())
        };
        let place = Place { turns: self.clone(), about };
        Turn { stop, _gate: gate.lock_owned().await, _place: place }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<About, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.turns.lock();
        let Some(waiting) = all.get_mut(&self.about) else { return };
        waiting.count -= 1;
        if waiting.count == 0 {
            all.remove(&self.about);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_next_one_stops_the_one_before_and_waits_for_it() {
        let turns = Turns::default();
        let first = turns.take([1; 16]).await;
        let other = turns.take([2; 16]).await;
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take([1; 16]).await }
        });
        first.stop.cancelled().await;
        assert!(!waiting.is_finished(), "the first has not ended yet");
        drop(first);
        let second = waiting.await.unwrap();
        assert!(!second.stop.is_cancelled() && !other.stop.is_cancelled());
        drop((second, other));
        assert!(turns.lock().is_empty());
    }
}
