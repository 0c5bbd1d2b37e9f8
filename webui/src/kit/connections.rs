//! Live connections by the key of their device, so that a revoked one can be cut at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::pace::{PaceRule, SLOWEST};

/// What lines may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: usize,
    pub connections_of_address: usize,
    pub pace: PaceRule,
}

impl Limits {
    /// A whole hospital may sit behind one address, each browser with a handful of connections.
    /// Beyond the limit of the box new connections are closed at once; each that is open costs
    /// some tens of kilobytes.
    pub const USUAL: Self =
        Self { connections: 20_000, connections_of_address: 1_000, pace: SLOWEST };
}

#[derive(Clone)]
pub struct Connections {
    open: Arc<Mutex<Open>>,
    pub limits: Limits,
}

#[derive(Default)]
struct Open {
    by_key: HashMap<[u8; 32], HashMap<u64, CancellationToken>>,
    by_address: HashMap<IpAddr, usize>,
    total: usize,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A place among the connections; gives it back when dropped.
pub struct Place {
    open: Connections,
    address: IpAddr,
    key: Option<[u8; 32]>,
    number: u64,
    pub kill: CancellationToken,
}

impl Connections {
    pub fn within(limits: Limits) -> Self {
        Self { open: Arc::default(), limits }
    }

    /// `None` where the address or the box has enough of them.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut open = self.lock();
        let of_address = open.by_address.get(&address).copied().unwrap_or_default();
        let Limits { connections, connections_of_address, .. } = self.limits;
        if open.total >= connections || of_address >= connections_of_address {
            return None;
        }
        open.total += 1;
        open.by_address.insert(address, of_address + 1);
        Some(Place {
            open: self.clone(),
            address,
            key: None,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            kill: CancellationToken::new(),
        })
    }

    /// Cuts every connection of these keys; answers how many there were.
    pub fn cut(&self, keys: &[[u8; 32]]) -> usize {
        let mut open = self.lock();
        let cut: Vec<_> = keys.iter().filter_map(|key| open.by_key.remove(key)).collect();
        drop(open);
        let tokens = cut.iter().flat_map(HashMap::values);
        tokens.map(CancellationToken::cancel).count()
    }

    /// How many connections of these keys are open.
    pub fn of_keys(&self, keys: &[[u8; 32]]) -> usize {
        let open = self.lock();
        keys.iter().filter_map(|key| open.by_key.get(key)).map(HashMap::len).sum()
    }

    pub fn total(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// From here on the connection can be cut by its device's key.
    pub fn belongs_to(&mut self, key: [u8; 32]) {
        self.key = Some(key);
        let mut open = self.open.lock();
        open.by_key.entry(key).or_default().insert(self.number, self.kill.clone());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        open.total = open.total.saturating_sub(1);
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
        if let Some(key) = self.key
            && let Some(of_key) = open.by_key.get_mut(&key)
        {
            of_key.remove(&self.number);
            if of_key.is_empty() {
                open.by_key.remove(&key);
            }
        }
    }
}
