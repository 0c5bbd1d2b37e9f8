//! Which devices the gateway lets in, as plain values that follow the store.
//!
//! Every commit says which rows it changed; only the devices behind those are looked at again, so
//! that a revocation among five thousand reaches the gateway at once.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use provisioning::devices::Device;
use provisioning::facilities::Facility;
use provisioning::tunnel::{
    Home, Peer, PresharedKey, Speaking, all_speaking, peer, speaking_of_device,
    speaking_of_facility,
};
use store::{Change, Id, Record as _, Store, StoreError};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// One key that may speak: what the gateway's own `Peer` is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerValue {
    /// The row's id, which the gateway gives back as the owner of an inner address.
    pub id: [u8; 16],
    pub public_key: [u8; 32],
    pub preshared_key: PresharedKey,
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
}

impl From<&Speaking> for PeerValue {
    fn from(one: &Speaking) -> Self {
        Self {
            id: one.peer.bytes(),
            public_key: *one.public_key.bytes(),
            preshared_key: one.preshared_key.clone(),
            v4: one.inner.v4,
            v6: one.inner.v6,
        }
    }
}

pub type Peers = watch::Receiver<Arc<[PeerValue]>>;

/// Follows the store until `stop`. What comes first is all of them.
pub async fn follow(store: Store, stop: CancellationToken) -> Result<Peers, StoreError> {
    // Before the first look, so that nothing falls between.
    let changes = store.watch();
    let known = Known::read(&store).await?;
    let (told, peers) = watch::channel(known.values());
    tokio::spawn(run(store, changes, known, told, stop));
    Ok(peers)
}

async fn run(
    store: Store,
    mut changes: broadcast::Receiver<Arc<Change>>,
    mut known: Known,
    told: watch::Sender<Arc<[PeerValue]>>,
    stop: CancellationToken,
) {
    loop {
        let first = tokio::select! {
            first = changes.recv() => first,
            () = stop.cancelled() => return,
        };
        let mut news = News::default();
        match first {
            Ok(change) => news.take(&change),
            Err(RecvError::Lagged(_)) => news.everything = true,
            Err(RecvError::Closed) => return,
        }
        // What was committed together is looked at together.
        loop {
            match changes.try_recv() {
                Ok(change) => news.take(&change),
                Err(TryRecvError::Lagged(_)) => news.everything = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        match known.follow(&store, news).await {
            Ok(true) => drop(told.send_replace(known.values())),
            Ok(false) => {}
            Err(error) => {
                // The gateway would go on with keys that may have ended: it gets none instead.
                log::error!(error:% = error; "cannot read the devices: the tunnel is closed");
                known = Known { is_empty: true, ..Known::default() };
                drop(told.send_replace(known.values()));
            }
        }
    }
}

/// Rows whose change may concern the gateway.
#[derive(Default)]
struct News {
    peers: Vec<Id<Peer>>,
    devices: Vec<Id<Device>>,
    facilities: Vec<Id<Facility>>,
    everything: bool,
}

impl News {
    fn take(&mut self, change: &Change) {
        for row in &change.rows {
            let id: Option<[u8; 16]> = row.key.as_slice().try_into().ok();
            match (row.table.as_str(), id) {
                (table, Some(id)) if table == Peer::TABLE => self.peers.push(Id::from_bytes(id)),
                (table, Some(id)) if table == Device::TABLE => {
                    self.devices.push(Id::from_bytes(id));
                }
                (table, Some(id)) if table == Facility::TABLE => {
                    self.facilities.push(Id::from_bytes(id));
                }
                (table, _) if table == Home::TABLE => self.everything = true,
                (_, _) => {}
            }
        }
    }

    fn is_nothing(&self) -> bool {
        let none = self.peers.is_empty() && self.devices.is_empty() && self.facilities.is_empty();
        none && !self.everything
    }
}

#[derive(Default)]
struct Known {
    by_device: HashMap<Id<Device>, Vec<Speaking>>,
    /// An error left nothing to go on from.
    is_empty: bool,
}

impl Known {
    /// All of them; tens of milliseconds for a whole area, so on a thread of its own.
    async fn read(store: &Store) -> Result<Self, StoreError> {
        let (store, now) = (store.clone(), store.clock().now());
        let all = tokio::task::spawn_blocking(move || store.read(|read| all_speaking(read, now)));
        let all = all.await.map_err(|_| StoreError::Closed)??;
        let mut by_device: HashMap<_, Vec<_>> = HashMap::new();
        for one in all {
            by_device.entry(one.device).or_default().push(one);
        }
        Ok(Self { by_device, is_empty: false })
    }

    fn values(&self) -> Arc<[PeerValue]> {
        self.by_device.values().flatten().map(PeerValue::from).collect()
    }

    /// Whether anything is different now.
    async fn follow(&mut self, store: &Store, news: News) -> Result<bool, StoreError> {
        if news.is_nothing() && !self.is_empty {
            return Ok(false);
        }
        if news.everything || self.is_empty {
            *self = Self::read(store).await?;
            return Ok(true);
        }
        let now = store.clock().now();
        let fresh = store.read(|read| {
            let mut fresh = Vec::new();
            for id in news.facilities {
                fresh.extend(speaking_of_facility(read, id, now)?);
            }
            let mut devices = news.devices;
            for id in news.peers {
                // A row that is gone had ended long ago.
                devices.extend(peer(read, id)?.map(|peer| peer.device));
            }
            devices.sort_unstable();
            devices.dedup();
            for id in devices {
                fresh.push((id, speaking_of_device(read, id, now)?));
            }
            Ok::<_, StoreError>(fresh)
        })?;
        let mut changed = false;
        for (device, keys) in fresh {
            let before = match keys.is_empty() {
                true => self.by_device.remove(&device),
                false => self.by_device.insert(device, keys.clone()),
            };
            changed |= before.unwrap_or_default() != keys;
        }
        Ok(changed)
    }
}
