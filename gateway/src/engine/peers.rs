//! From the peers that there were to those that there shall be.

use std::collections::HashMap;
use std::sync::Arc;

use super::Moment;
use super::slot::Slot;
use super::table::Table;
use crate::config::{Peer, PeerId};
use crate::wireguard::{INDEX_BITS, Identity, Macs};

pub struct Change {
    pub table: Table,
    /// Whose place is nobody's: they left, or came back with another key or address.
    pub gone: Vec<Arc<Slot>>,
    pub problems: Vec<String>,
}

/// A peer with anything changed is another one: sessions never outlive their keys.
pub fn change(
    now: Moment,
    before: &Table,
    peers: &[Peer],
    identity: &Identity,
    macs: &Macs,
    random: &dyn Fn() -> u32,
) -> Change {
    let mut kept: HashMap<PeerId, &Arc<Slot>> =
        before.slots().map(|slot| (slot.peer.id, slot)).collect();
    let mut table = Table::with_capacity(peers.len());
    let mut problems = Vec::new();
    let mut gone = Vec::new();
    for peer in peers {
        let (slot, was_there) = match kept.remove(&peer.id) {
            Some(slot) if slot.peer == *peer => (Arc::clone(slot), true),
            other => {
                gone.extend(other.map(Arc::clone));
                let index = unused_index(before, &table, random);
                (Arc::new(Slot::new(peer.clone(), index, identity, macs)), false)
            }
        };
        if let Err(why) = table.add(&slot) {
            problems.push(format!("{:?}: {why}", peer.id));
            // Who was never let in has no connections: those of this address are another's.
            gone.extend(was_there.then_some(slot));
        }
    }
    gone.extend(kept.into_values().map(Arc::clone));
    gone.iter().for_each(|slot| table.let_go(slot));
    let leaving = before.leaving().filter(|slot| slot.line.lock().is_leaving(now));
    leaving.for_each(|slot| table.let_go(slot));
    Change { table, gone, problems }
}

/// Random, so that nobody guesses whose session a number is; of 16 million few are taken.
fn unused_index(before: &Table, table: &Table, random: &dyn Fn() -> u32) -> u32 {
    loop {
        let index = random() >> (u32::BITS - INDEX_BITS);
        if !before.has_index(index) && !table.has_index(index) {
            return index;
        }
    }
}
