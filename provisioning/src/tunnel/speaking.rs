//! Which keys may speak now: what the gateway is given, and nothing more.

use std::collections::HashMap;

use jiff::Timestamp;
use store::{Id, Order, Read, StoreError};

use super::tables::PeerByState;
use super::{Home, Inside, Pair, Peer, PresharedKey, PublicKey, home, may_pass, of_device};
use crate::devices::{self, Device, DeviceState};
use crate::facilities::{Facility, FacilityState};

/// A key that may speak, as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaking {
    pub peer: Id<Peer>,
    pub device: Id<Device>,
    pub public_key: PublicKey,
    pub preshared_key: PresharedKey,
    pub inner: Pair,
}

/// Beyond any block's size; a page of the index at a time.
const PEERS_MAX: usize = 100_000;
const ROWS_A_READ: usize = 1_000;

/// Every key that may speak now.
pub fn all_speaking(read: &Read<'_>, now: Timestamp) -> Result<Vec<Speaking>, StoreError> {
    let Some(Home { inside, .. }) = home(read)? else { return Ok(Vec::new()) };
    let mut facilities = HashMap::new();
    let mut speaking = Vec::new();
    for state in [PeerByState::WAITING, PeerByState::IN_USE] {
        let mut after = None;
        for _ in 0..PEERS_MAX / ROWS_A_READ {
            let order = Order::Ascending;
            let page = read.page_by::<PeerByState>(&state, order, after.as_ref(), ROWS_A_READ)?;
            for peer in page.rows {
                let Some(device) = read.get::<Device>(&peer.device)? else { continue };
                let opens = match facilities.get(&device.facility) {
                    Some(opens) => *opens,
                    None => {
                        let opens = read.get(&device.facility)?.is_some_and(opens);
                        facilities.insert(device.facility, opens);
                        opens
                    }
                };
                speaking.extend(value(inside, &device, opens, peer, now));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(speaking)
}

fn opens(facility: Facility) -> bool {
    facility.state == FacilityState::Active && may_pass(facility.policy)
}

fn value(
    inside: Inside,
    device: &Device,
    facility_opens: bool,
    peer: Peer,
    now: Timestamp,
) -> Option<Speaking> {
    let inner = inside.pair(peer.number)?;
    let may = facility_opens && device.state == DeviceState::Active && !peer.is_over(now);
    may.then_some(Speaking {
        peer: peer.id,
        device: peer.device,
        public_key: peer.public_key,
        preshared_key: peer.preshared_key,
        inner,
    })
}

/// Those of one device: what is looked at again when one of its rows has changed.
pub fn speaking_of_device(
    read: &Read<'_>,
    device: Id<Device>,
    now: Timestamp,
) -> Result<Vec<Speaking>, StoreError> {
    let Some(Home { inside, .. }) = home(read)? else { return Ok(Vec::new()) };
    let Some(owner) = read.get::<Device>(&device)? else { return Ok(Vec::new()) };
    let opens = read.get(&owner.facility)?.is_some_and(opens);
    let peers = of_device(read, device)?.into_iter();
    Ok(peers.filter_map(|peer| value(inside, &owner, opens, peer, now)).collect())
}

/// A device with those of its keys that may speak; none is an answer, too.
pub type OfDevice = (Id<Device>, Vec<Speaking>);

/// Those of a facility's devices, each device with what it has.
pub fn speaking_of_facility(
    read: &Read<'_>,
    facility: Id<Facility>,
    now: Timestamp,
) -> Result<Vec<OfDevice>, StoreError> {
    let devices = devices::of_facility(read, facility)?.into_iter();
    devices.map(|one| Ok((one.id, speaking_of_device(read, one.id, now)?))).collect()
}
