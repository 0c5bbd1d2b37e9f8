//! Whether one device's key is used from two places at once: a copied key, or a backup that was
//! restored onto another tablet.
//!
//! A tablet that walks out of the Wi-Fi changes its address once; two tablets take turns. Only
//! turns within a short time count, and the two kinds of addresses apart: many lines have both.
//! A change of place is rare, so it is written down, and a restart blinds nobody.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Housekeeping, Plain, Read, Record, StoreError};

/// Who falls silent at one place for longer has left it.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(2);

/// Turns that count lie this close together, and so many of them are no walk through a door.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);
const TURNS_MIN: usize = 6;

/// An alarm that was just told is not told again.
const TOLD_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Places that one trace remembers: two are enough to tell, a few to bridge a busy door.
const PLACES_KEPT: usize = 4;

/// Keys that memory holds; the oldest contact makes room.
const TRACES_MAX: usize = 40_000;

#[derive(Default)]
pub struct Places(Mutex<HashMap<(Key, Family), Trace>>);

type Key = [u8; 32];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Family {
    Four,
    Six,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Trace {
    /// The latest place in front.
    places: VecDeque<Contact>,
    turns: VecDeque<Turn>,
    #[serde(with = "store::micros::maybe")]
    told: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Contact {
    place: IpAddr,
    #[serde(with = "store::micros")]
    at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Turn {
    #[serde(with = "store::micros")]
    at: Timestamp,
}

/// The trace of a key as of its last change of place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTrace {
    key: Key,
    family: Family,
    trace: Trace,
}

impl Record for KeptTrace {
    type Key = (Key, u8);
    const TABLE: &'static str = "place_traces";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.key, self.family.number())
    }
}

impl Plain for KeptTrace {}

impl Housekeeping for KeptTrace {}

impl Family {
    const fn number(self) -> u8 {
        match self {
            Self::Four => 4,
            Self::Six => 6,
        }
    }
}

/// What came of a contact.
#[derive(Debug, Default)]
pub struct Noted {
    /// The two places, when it is time to tell somebody.
    pub two: Option<[IpAddr; 2]>,
    /// To be written down, when the place has changed.
    pub keep: Option<KeptTrace>,
}

/// What the store remembers of a key at this kind of address.
pub fn kept_trace(
    read: &Read<'_>,
    key: Key,
    address: IpAddr,
) -> Result<Option<KeptTrace>, StoreError> {
    read.get(&(key, place_of(address).0.number()))
}

impl Places {
    /// A request came. `kept` is asked where memory knows nothing of the key.
    pub fn note<E>(
        &self,
        key: Key,
        address: IpAddr,
        now: Timestamp,
        kept: impl FnOnce() -> Result<Option<KeptTrace>, E>,
    ) -> Result<Noted, E> {
        let (family, place) = place_of(address);
        let mut traces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !traces.contains_key(&(key, family)) {
            if traces.len() >= TRACES_MAX {
                traces.retain(|_, trace| trace.spoke_within(WITHIN, now));
            }
            let known = kept()?.map(|kept| kept.trace).unwrap_or_default();
            traces.insert((key, family), known);
        }
        let trace = traces.entry((key, family)).or_default();
        if !trace.moves_to(place, now) {
            return Ok(Noted::default());
        }
        let two = trace.note(place, now);
        Ok(Noted { two, keep: Some(KeptTrace { key, family, trace: trace.clone() }) })
    }
}

impl Trace {
    /// Whether it is another place than the last one, whose time moves on otherwise.
    fn moves_to(&mut self, place: IpAddr, now: Timestamp) -> bool {
        match self.places.front_mut() {
            Some(latest) if latest.place == place => {
                latest.at = now;
                false
            }
            Some(_) | None => true,
        }
    }

    fn note(&mut self, place: IpAddr, now: Timestamp) -> Option<[IpAddr; 2]> {
        let before = self.places.front().map(|before| before.place);
        let known = self.places.iter().position(|known| known.place == place);
        let earlier = known.and_then(|at| self.places.remove(at)).map(|known| known.at);
        self.places.push_front(Contact { place, at: now });
        self.places.truncate(PLACES_KEPT);
        // Back at a place that has just spoken: both are in use.
        if earlier.is_none_or(|at| now.duration_since(at) > AT_ONCE) {
            return None;
        }
        self.turns.push_back(Turn { at: now });
        self.turns.retain(|turn| now.duration_since(turn.at) <= WITHIN);
        let just_told = self.told.is_some_and(|at| now.duration_since(at) < TOLD_EVERY);
        if self.turns.len() < TURNS_MIN || just_told {
            return None;
        }
        self.told = Some(now);
        before.map(|before| [before, place])
    }

    fn spoke_within(&self, time: SignedDuration, now: Timestamp) -> bool {
        self.places.front().is_some_and(|latest| now.duration_since(latest.at) <= time)
    }
}

/// A line has one address of the old kind, and a whole network of the new one.
fn place_of(address: IpAddr) -> (Family, IpAddr) {
    match address.to_canonical() {
        IpAddr::V4(four) => (Family::Four, IpAddr::V4(four)),
        IpAddr::V6(six) => {
            let network = u128::from(six) & !u128::from(u64::MAX);
            (Family::Six, IpAddr::V6(Ipv6Addr::from(network)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; 32];

    fn told(contacts: &[(&str, i64)]) -> usize {
        let places = Places::default();
        let start: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
        let at = |seconds| start + SignedDuration::from_secs(seconds);
        let noted = contacts
            .iter()
            .filter_map(|(address, seconds)| note(&places, None, address, at(*seconds)).two);
        noted.count()
    }

    fn note(places: &Places, kept: Option<KeptTrace>, address: &str, at: Timestamp) -> Noted {
        places.note(KEY, address.parse().unwrap(), at, || Ok::<_, StoreError>(kept)).unwrap()
    }

    /// Every contact meets a box that has just started, with what the one before wrote down.
    #[test]
    fn a_restart_between_any_two_contacts_blinds_nobody() {
        let start: Timestamp = "2026-04-01T00:00:00Z".parse().unwrap();
        let mut kept = None;
        let mut told = 0;
        for (address, seconds) in turns("192.0.2.1", "198.51.100.1", 20, 12) {
            let places = Places::default();
            let at = start + SignedDuration::from_secs(seconds);
            let noted = note(&places, kept.clone(), address, at);
            told += usize::from(noted.two.is_some());
            let written = noted.keep.unwrap();
            kept = Some(store::decode("t", 1, &store::encode("t", 1, &written).unwrap()).unwrap());
        }
        assert_eq!(told, 1);
    }

    fn turns(
        one: &'static str,
        other: &'static str,
        each: i64,
        n: usize,
    ) -> Vec<(&'static str, i64)> {
        let turn = |n| if n % 2 == 0 { one } else { other };
        let seconds = |n: usize| each * i64::try_from(n).unwrap();
        (0..n).map(|n| (turn(n), seconds(n))).collect()
    }

    #[test]
    fn two_places_that_take_turns_are_told_once() {
        let contacts = turns("192.0.2.1", "198.51.100.1", 20, 40);
        assert_eq!(told(&contacts), 1);
        assert_eq!(told(&contacts[..7]), 0, "not with the first turns");
        assert_eq!(told(&contacts[..8]), 1);
        assert_eq!(told(&turns("192.0.2.1", "198.51.100.1", 100, 90)), 0, "too slow to be two");
        assert_eq!(told(&turns("192.0.2.1", "198.51.100.1", 60, 120)), 2, "again after an hour");
    }

    #[test]
    fn a_walk_through_doors_is_nothing() {
        let walk: Vec<_> = (0..200).map(|n| ("192.0.2.1", n)).collect();
        assert_eq!(told(&walk), 0);
        let out_and_in = [
            ("192.0.2.1", 0),
            ("203.0.113.9", 5),
            ("192.0.2.1", 60),
            ("203.0.113.9", 400),
            ("192.0.2.1", 900),
        ];
        assert_eq!(told(&out_and_in), 0);
        let moving = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"];
        let train: Vec<_> = moving.iter().cycle().take(60).zip(0..).map(|(a, n)| (*a, n)).collect();
        assert_eq!(told(&train), 0, "always somewhere else, never back at once");
    }

    #[test]
    fn a_line_with_both_kinds_of_addresses_is_one_place() {
        assert_eq!(told(&turns("192.0.2.1", "2001:db8::1", 1, 60)), 0);
        assert_eq!(told(&turns("2001:db8::1", "2001:db8::ffff", 1, 60)), 0, "one network");
        assert_eq!(told(&turns("2001:db8::1", "2001:db8:1::1", 1, 60)), 1);
        assert_eq!(told(&turns("192.0.2.1", "::ffff:192.0.2.1", 1, 60)), 0);
    }
}
