//! The tunnel's rows, and the acts that make, replace and end a key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::{
    Factor, Home, Inside, KeyMaker, Peer, PeerProblem, PeerState, PresharedKey, PrivateKey,
    PublicKey, TunnelFactor, Wanted,
};
use crate::devices::{Device, DeviceState};
use crate::facilities::Facility;

impl Record for Home {
    type Key = ();
    const TABLE: &'static str = "tunnel_home";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for Home {}

impl Record for Peer {
    type Key = Id<Self>;
    const TABLE: &'static str = "tunnel_peers";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] =
        &[PeerByDevice::TABLE, PeerByKey::TABLE, PeerByNumber::TABLE, PeerByState::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<PeerByDevice>(&self.device);
        indexer.add::<PeerByKey>(self.public_key.bytes());
        indexer.add::<PeerByNumber>(&u64::from(self.number));
        indexer.add::<PeerByState>(&PeerByState::of(self));
    }
}

impl Plain for Peer {}

pub struct PeerByDevice;

impl Index for PeerByDevice {
    type Record = Peer;
    type Key = Id<Device>;
    const TABLE: &'static str = "tunnel_peers_by_device";
}

pub struct PeerByKey;

impl Index for PeerByKey {
    type Record = Peer;
    type Key = [u8; 32];
    const TABLE: &'static str = "tunnel_peers_by_key";
}

pub struct PeerByNumber;

impl Index for PeerByNumber {
    type Record = Peer;
    type Key = u64;
    const TABLE: &'static str = "tunnel_peers_by_number";
}

/// Waiting ones first, the oldest in front; then those in use, then those that have ended.
pub struct PeerByState;

impl Index for PeerByState {
    type Record = Peer;
    type Key = (u8, Timestamp);
    const TABLE: &'static str = "tunnel_peers_by_state";
}

impl PeerByState {
    pub(super) const WAITING: u8 = 0;
    pub(super) const IN_USE: u8 = 1;
    const ENDED: u8 = 2;

    const fn of(peer: &Peer) -> (u8, Timestamp) {
        match peer.state {
            PeerState::Waiting => (Self::WAITING, peer.made_at),
            PeerState::InUse { since } => (Self::IN_USE, since),
            PeerState::Ended { at } => (Self::ENDED, at),
        }
    }
}

/// The number that is tried first for the next key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NextNumber {
    number: u32,
}

impl Record for NextNumber {
    type Key = ();
    const TABLE: &'static str = "tunnel_next_number";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for NextNumber {}

impl Record for TunnelFactor {
    type Key = Id<Facility>;
    const TABLE: &'static str = "tunnel_factors";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.facility
    }
}

impl Plain for TunnelFactor {}

/// One in use, one that waits, and those of past years.
const PEERS_OF_DEVICE_MAX: usize = 100;

/// Numbers that one act looks at: more than a network has keys at once. Reached only where the
/// block has been given out once around and most of it is still taken.
const NUMBERS_TRIED_MAX: u32 = 25_000;

/// The network's end of the tunnel, and whether it is as the owner wants it.
#[derive(Debug)]
pub struct Established {
    pub home: Home,
    /// Other blocks are wanted, but devices hold addresses out of these.
    pub stays: bool,
}

/// Makes the network's key and draws its addresses at the first need. Blocks may change as long
/// as no device has an address out of them.
pub fn establish(
    write: &mut Write<'_>,
    clock: &Clock,
    wanted: Wanted,
) -> Result<Established, PeerProblem> {
    let kept: Option<Home> = write.get(&())?;
    let Some(kept) = kept else {
        let private = PrivateKey::random(clock);
        // Only a broken library cannot work it out.
        let public = private.public().map_err(|_| PeerProblem::NoHome)?;
        let inside = Inside::drawn(clock, wanted);
        let home = Home { private, public, inside, made_at: clock.now() };
        write.put(&home)?;
        return Ok(Established { home, stays: false });
    };
    let v4 = wanted.v4.unwrap_or(kept.inside.v4);
    let v6 = wanted.v6.unwrap_or(kept.inside.v6);
    let inside = Inside { v4, v6 };
    if inside == kept.inside {
        return Ok(Established { home: kept, stays: false });
    }
    let page = write.page::<Peer>(&(), Order::Ascending, None, 1)?;
    if !page.rows.is_empty() {
        return Ok(Established { home: kept, stays: true });
    }
    let home = Home { inside, ..kept };
    write.put(&home)?;
    Ok(Established { home, stays: false })
}

pub fn home(read: &Read<'_>) -> Result<Option<Home>, StoreError> {
    read.get(&())
}

/// Registers a device's key, with an address that no other has. One that waited before ends; the
/// one in use goes on until this one is used.
pub fn make(
    write: &mut Write<'_>,
    clock: &Clock,
    device: Id<Device>,
    public_key: PublicKey,
    maker: KeyMaker,
) -> Result<Peer, PeerProblem> {
    let now = clock.now();
    let home: Home = write.get(&())?.ok_or(PeerProblem::NoHome)?;
    let owner: Device = write.get(&device)?.ok_or(PeerProblem::NoDevice)?;
    if owner.state != DeviceState::Active {
        return Err(PeerProblem::NoDevice);
    }
    let known = write.first_by::<PeerByKey>(public_key.bytes())?.is_some();
    if known || public_key == home.public {
        return Err(PeerProblem::KeyKnown);
    }
    for other in within(write, device)?.iter().filter(|one| one.is_waiting()) {
        end(write, other, now)?;
    }
    let peer = Peer {
        id: clock.id(),
        device,
        public_key,
        preshared_key: PresharedKey::random(clock),
        number: free_number(write, home.inside, now)?,
        maker,
        made_at: now,
        state: PeerState::Waiting,
    };
    write.put(&peer)?;
    Ok(peer)
}

/// Once around the block, so that an address comes back as late as can be.
fn free_number(write: &mut Write<'_>, inside: Inside, now: Timestamp) -> Result<u32, PeerProblem> {
    let next: Option<NextNumber> = write.get(&())?;
    let in_block = |number: &u32| (inside.first()..=inside.last()).contains(number);
    let mut number =
        next.map(|next| next.number).filter(in_block).unwrap_or_else(|| inside.first());
    let count = inside.last() - inside.first() + 1;
    for _ in 0..count.min(NUMBERS_TRIED_MAX) {
        let found = number;
        number = if found >= inside.last() { inside.first() } else { found + 1 };
        match write.first_by::<PeerByNumber>(&u64::from(found))? {
            Some(before) if !before.is_free(now) => continue,
            Some(before) => write.delete::<Peer>(&before.id)?,
            None => {}
        }
        write.put(&NextNumber { number })?;
        return Ok(found);
    }
    Err(PeerProblem::Full)
}

/// The first use of a key ends the others of its device. Answers those: what is open with them
/// is the caller's to cut, after the act is durable.
pub fn first_used(
    write: &mut Write<'_>,
    id: Id<Peer>,
    now: Timestamp,
) -> Result<Vec<Id<Peer>>, PeerProblem> {
    let found: Peer = write.get(&id)?.ok_or(PeerProblem::NotWaiting)?;
    let owner: Option<Device> = write.get(&found.device)?;
    let is_active = owner.is_some_and(|owner| owner.state == DeviceState::Active);
    if !found.is_waiting() || found.is_over(now) || !is_active {
        return Err(PeerProblem::NotWaiting);
    }
    let mut ended = Vec::new();
    for other in within(write, found.device)? {
        if other.id != id && end(write, &other, now)? {
            ended.push(other.id);
        }
    }
    write.put(&Peer { state: PeerState::InUse { since: now }, ..found })?;
    Ok(ended)
}

/// Ends a key that nobody used in time.
pub fn lapse(
    write: &mut Write<'_>,
    id: Id<Peer>,
    now: Timestamp,
) -> Result<Id<Device>, PeerProblem> {
    let found: Peer = write.get(&id)?.ok_or(PeerProblem::NotWaiting)?;
    if !found.is_waiting() || !found.is_over(now) {
        return Err(PeerProblem::NotWaiting);
    }
    end(write, &found, now)?;
    Ok(found.device)
}

/// Ends every key of a device, in the act that ends the device.
pub(crate) fn end_of_device(
    write: &mut Write<'_>,
    device: Id<Device>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for one in within(write, device)? {
        end(write, &one, now)?;
    }
    Ok(())
}

/// `false` where it had ended before.
fn end(write: &mut Write<'_>, peer: &Peer, now: Timestamp) -> Result<bool, StoreError> {
    match peer.state {
        PeerState::Ended { .. } => Ok(false),
        PeerState::Waiting | PeerState::InUse { .. } => {
            write.put(&Peer { state: PeerState::Ended { at: now }, ..peer.clone() })?;
            Ok(true)
        }
    }
}

fn within(write: &Write<'_>, device: Id<Device>) -> Result<Vec<Peer>, StoreError> {
    let order = Order::Descending;
    Ok(write.page_by::<PeerByDevice>(&device, order, None, PEERS_OF_DEVICE_MAX)?.rows)
}

/// A device's keys, the newest first; those that have ended, too.
pub fn of_device(read: &Read<'_>, device: Id<Device>) -> Result<Vec<Peer>, StoreError> {
    let order = Order::Descending;
    Ok(read.page_by::<PeerByDevice>(&device, order, None, PEERS_OF_DEVICE_MAX)?.rows)
}

pub fn peer(read: &Read<'_>, id: Id<Peer>) -> Result<Option<Peer>, StoreError> {
    read.get(&id)
}

pub fn peer_within(write: &Write<'_>, device: Id<Device>) -> Result<Vec<Peer>, StoreError> {
    within(write, device)
}

/// Keys whose thirty days are over, the oldest first.
pub fn overdue(read: &Read<'_>, now: Timestamp, rows_max: usize) -> Result<Vec<Peer>, StoreError> {
    let waiting = PeerByState::WAITING;
    let page = read.page_by::<PeerByState>(&waiting, Order::Ascending, None, rows_max)?;
    Ok(page.rows.into_iter().take_while(|one| one.is_over(now)).collect())
}

pub fn factor(read: &Read<'_>, facility: Id<Facility>) -> Result<Factor, StoreError> {
    let row: Option<TunnelFactor> = read.get(&facility)?;
    Ok(row.map_or(Factor::CertificateAlways, |row| row.factor))
}

pub fn set_factor(
    write: &mut Write<'_>,
    facility: Id<Facility>,
    factor: Factor,
) -> Result<(), StoreError> {
    match factor {
        Factor::CertificateAlways => write.delete::<TunnelFactor>(&facility),
        Factor::TunnelKeyAlone => write.put(&TunnelFactor { facility, factor }),
    }
}
