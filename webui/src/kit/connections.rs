//! Live connections by the keys of their device, so that a revoked one can be cut at once.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use provisioning::tunnel::Peer;
use store::Id;
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
    by_tie: HashMap<Tie, HashMap<u64, CancellationToken>>,
    by_address: HashMap<IpAddr, usize>,
    total: usize,
}

/// What a connection can be cut by. One inside of the tunnel has two where it shows a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tie {
    /// SHA-256 of a certificate's key.
    Key([u8; 32]),
    /// The device's key for the tunnel.
    Peer(Id<Peer>),
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A place among the connections; gives it back when dropped.
pub struct Place {
    open: Connections,
    address: IpAddr,
    ties: Vec<Tie>,
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
            ties: Vec::new(),
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            kill: CancellationToken::new(),
        })
    }

    /// Cuts every connection with one of these ties; answers how many there were.
    pub fn cut(&self, ties: &[Tie]) -> usize {
        let mut open = self.lock();
        let cut: Vec<_> = ties.iter().filter_map(|tie| open.by_tie.remove(tie)).collect();
        drop(open);
        // A connection with two ties is one.
        let tokens: HashMap<_, _> = cut.into_iter().flatten().collect();
        tokens.values().map(CancellationToken::cancel).count()
    }

    /// Cuts those with one of these ties and none of `spared`; answers how many there were.
    pub fn cut_beyond(&self, ties: &[Tie], spared: &[Tie]) -> usize {
        let open = self.lock();
        let held = |ties: &[Tie]| -> HashMap<u64, CancellationToken> {
            let found = ties.iter().filter_map(|tie| open.by_tie.get(tie)).flatten();
            found.map(|(number, token)| (*number, token.clone())).collect()
        };
        let (mut cut, spared) = (held(ties), held(spared));
        drop(open);
        cut.retain(|number, _| !spared.contains_key(number));
        // Each takes itself out of the lists when it is dropped.
        cut.values().map(CancellationToken::cancel).count()
    }

    /// How many connections with one of these ties are open.
    pub fn of_ties(&self, ties: &[Tie]) -> usize {
        let open = self.lock();
        let found = ties.iter().filter_map(|tie| open.by_tie.get(tie)).flat_map(HashMap::keys);
        found.collect::<HashSet<_>>().len()
    }

    pub fn total(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// From here on the connection can be cut by this tie, too.
    pub fn belongs_to(&mut self, tie: Tie) {
        self.ties.push(tie);
        let mut open = self.open.lock();
        open.by_tie.entry(tie).or_default().insert(self.number, self.kill.clone());
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
        for tie in &self.ties {
            if let Some(tied) = open.by_tie.get_mut(tie) {
                tied.remove(&self.number);
                if tied.is_empty() {
                    open.by_tie.remove(tie);
                }
            }
        }
    }
}
