//! How to find a peer: by key, by index, by inner address. Never changed, only replaced.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::slot::Slot;
use crate::bytes::array_at;

#[derive(Default)]
pub struct Table {
    by_key: HashMap<[u8; 32], Arc<Slot>>,
    by_index: HashMap<u32, Arc<Slot>>,
    by_inside: HashMap<IpAddr, Arc<Slot>>,
}

impl Table {
    pub fn with_capacity(peers: usize) -> Self {
        Self {
            by_key: HashMap::with_capacity(peers),
            by_index: HashMap::with_capacity(peers),
            by_inside: HashMap::with_capacity(2 * peers),
        }
    }

    pub fn by_key(&self, key: &[u8; 32]) -> Option<&Arc<Slot>> {
        self.by_key.get(key)
    }

    /// The receiver's index in a message, at this place.
    pub fn receiver(message: &[u8], at: usize) -> Option<u32> {
        // The lower 8 bits are the library's.
        Some(u32::from_le_bytes(array_at(message, at)?) >> 8)
    }

    pub fn by_index(&self, index: u32) -> Option<&Arc<Slot>> {
        self.by_index.get(&index)
    }

    pub fn by_inside(&self, address: IpAddr) -> Option<&Arc<Slot>> {
        self.by_inside.get(&address)
    }

    pub fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.by_index.values()
    }

    pub fn has_index(&self, index: u32) -> bool {
        self.by_index.contains_key(&index)
    }

    /// Whether there is another peer with this key or address already.
    pub fn add(&mut self, slot: &Arc<Slot>) -> Result<(), &'static str> {
        let inside = [slot.peer.v4.into(), slot.peer.v6.into()];
        if self.by_key.contains_key(&slot.peer.public_key) {
            return Err("its key is another's");
        }
        if inside.iter().any(|address| self.by_inside.contains_key(address)) {
            return Err("its address is another's");
        }
        self.by_key.insert(slot.peer.public_key, Arc::clone(slot));
        self.by_index.insert(slot.index, Arc::clone(slot));
        self.by_inside.extend(inside.map(|address| (address, Arc::clone(slot))));
        Ok(())
    }
}
