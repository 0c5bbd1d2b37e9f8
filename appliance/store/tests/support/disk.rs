//! A disk in memory that loses power or fills up, as a redb backend.
//!
//! Until a sync, every write and every change of length may be kept, lost, torn or overtaken by
//! a later one. Each life of the store gets its own handle of the shared bytes.

use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    durable: Vec<u8>,
    seen: Vec<u8>,
    unsynced: Vec<Unsynced>,
    life: u64,
    /// Operations until the power goes, if it will.
    left: Option<u64>,
    is_dead: bool,
    bytes_max: Option<usize>,
    /// Syncs until one fails, if one will.
    syncs_left: Option<u64>,
}

#[derive(Debug)]
enum Unsynced {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

/// The disk as one life of the store sees it.
#[derive(Debug)]
pub struct Handle {
    disk: Disk,
    life: u64,
}

impl Disk {
    pub fn handle(&self) -> Handle {
        let mut state = self.0.lock().unwrap();
        state.life += 1;
        Handle { disk: self.clone(), life: state.life }
    }

    /// The power goes after so many operations.
    pub fn lose_power_after(&self, operations: u64) {
        self.0.lock().unwrap().left = Some(operations);
    }

    pub fn has_lost_power(&self) -> bool {
        self.0.lock().unwrap().is_dead
    }

    /// No write may reach beyond so many bytes; `None` empties the disk again.
    pub fn fill_up(&self, bytes_max: Option<usize>) {
        self.0.lock().unwrap().bytes_max = bytes_max;
    }

    /// The sync after so many fails, once.
    pub fn fail_sync_after(&self, syncs: u64) {
        self.0.lock().unwrap().syncs_left = Some(syncs);
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().seen.clone()
    }

    /// What the platters hold when the power comes back.
    pub fn power_up(&self, random: &mut Random) {
        let mut state = self.0.lock().unwrap();
        let mut unsynced = std::mem::take(&mut state.unsynced);
        let survivors = random.below(5);
        unsynced.retain(|_| random.below(4) < survivors);
        if random.below(2) == 0 {
            random.shuffle(&mut unsynced);
        }
        for operation in unsynced {
            state.keep_torn(operation, random);
        }
        state.seen = state.durable.clone();
        state.left = None;
        state.is_dead = false;
        // Handles of the life before must not write any more.
        state.life += 1;
    }
}

impl State {
    fn step(&mut self, life: u64) -> Result<()> {
        if self.is_dead || life != self.life {
            return Err(Error::other("the power is gone"));
        }
        if let Some(left) = &mut self.left {
            if *left == 0 {
                self.is_dead = true;
                return Err(Error::other("the power is gone"));
            }
            *left -= 1;
        }
        Ok(())
    }

    fn keep_torn(&mut self, operation: Unsynced, random: &mut Random) {
        match operation {
            Unsynced::Length(length) => self.durable.resize(length, 0),
            Unsynced::Write { offset, bytes } => {
                let is_torn = random.below(4) == 0;
                for (number, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                    let start = offset + number * SECTOR_BYTES;
                    // Growth that was lost takes with it what was written there.
                    let room = self.durable.len().saturating_sub(start).min(sector.len());
                    if !is_torn || random.below(2) == 0 {
                        self.durable[start..start + room].copy_from_slice(&sector[..room]);
                    }
                }
            }
        }
    }
}

impl StorageBackend for Handle {
    fn len(&self) -> Result<u64> {
        Ok(self.disk.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.step(self.life)?;
        let start = offset as usize;
        let bytes = state.seen.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.step(self.life)?;
        let length = length as usize;
        if state.bytes_max.is_some_and(|max| length > max) {
            return Err(ErrorKind::StorageFull.into());
        }
        state.seen.resize(length, 0);
        state.unsynced.push(Unsynced::Length(length));
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.step(self.life)?;
        match &mut state.syncs_left {
            Some(0) => {
                state.syncs_left = None;
                return Err(Error::other("the disk did not answer"));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        state.durable = state.seen.clone();
        state.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        let outcome = state.step(self.life);
        let start = offset as usize;
        let end = start + bytes.len();
        if outcome.is_ok() && state.bytes_max.is_some_and(|max| end > max) {
            return Err(ErrorKind::StorageFull.into());
        }
        // The write under which the power goes may have reached the platters, too.
        if outcome.is_ok() || state.life == self.life {
            if state.seen.len() < end {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            state.seen[start..end].copy_from_slice(bytes);
            state.unsynced.push(Unsynced::Write { offset: start, bytes: bytes.to_vec() });
        }
        outcome
    }
}

/// Random numbers that a seed repeats.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// `SplitMix64`.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = self.below(end as u64 + 1) as usize;
            items.swap(end, other);
        }
    }
}
