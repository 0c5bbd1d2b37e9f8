//! Whether one device's key is used from two places at once: a copied key, or a backup that was
//! restored onto another tablet.
//!
//! A tablet that walks out of the Wi-Fi changes its address once; two tablets take turns. Only
//! turns within a short time count, and the two kinds of addresses apart: many lines have both.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

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

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    Four,
    Six,
}

#[derive(Default)]
struct Trace {
    /// The latest place in front.
    places: VecDeque<(IpAddr, Timestamp)>,
    turns: VecDeque<Timestamp>,
    told: Option<Timestamp>,
}

impl Places {
    /// A request came; answers the two places when it is time to tell somebody.
    pub fn note(&self, key: Key, address: IpAddr, now: Timestamp) -> Option<[IpAddr; 2]> {
        let (family, place) = place_of(address);
        let mut traces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if traces.len() >= TRACES_MAX && !traces.contains_key(&(key, family)) {
            traces.retain(|_, trace| trace.spoke_within(WITHIN, now));
        }
        traces.entry((key, family)).or_default().note(place, now)
    }
}

impl Trace {
    fn note(&mut self, place: IpAddr, now: Timestamp) -> Option<[IpAddr; 2]> {
        if let Some(latest) = self.places.front_mut()
            && latest.0 == place
        {
            latest.1 = now;
            return None;
        }
        let before = self.places.front().map(|(before, _)| *before);
        let known = self.places.iter().position(|(known, _)| *known == place);
        let earlier = known.and_then(|at| self.places.remove(at)).map(|(_, at)| at);
        self.places.push_front((place, now));
        self.places.truncate(PLACES_KEPT);
        // Back at a place that has just spoken: both are in use.
        if earlier.is_none_or(|at| now.duration_since(at) > AT_ONCE) {
            return None;
        }
        self.turns.push_back(now);
        self.turns.retain(|at| now.duration_since(*at) <= WITHIN);
        let just_told = self.told.is_some_and(|at| now.duration_since(at) < TOLD_EVERY);
        if self.turns.len() < TURNS_MIN || just_told {
            return None;
        }
        self.told = Some(now);
        before.map(|before| [before, place])
    }

    fn spoke_within(&self, time: SignedDuration, now: Timestamp) -> bool {
        self.places.front().is_some_and(|(_, at)| now.duration_since(*at) <= time)
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
        let noted = contacts.iter().filter_map(|(address, seconds)| {
            places.note(KEY, address.parse().unwrap(), at(*seconds))
        });
        noted.count()
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
