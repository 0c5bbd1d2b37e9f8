//! One stock-take at a time, of what was in use when it began.

use jiff::SignedDuration;
use store::{Id, Store, Write};

use super::*;
use crate::cards::tests::{act, fixture};
use crate::devices::{self, Device, DeviceState, Platform};
use crate::facilities::Facility;

fn device(store: &Store, facility: Id<Facility>) -> Device {
    let device = Device {
        id: store.clock().id(),
        facility,
        name: "PC 1".to_owned(),
        platform: Platform::Windows,
        office: false,
        state: DeviceState::Active,
        enrolled_by: Id::from_bytes([9; 16]),
        enrolled_at: store.clock().now(),
        first_seen_at: None,
    };
    let kept = device.clone();
    store.write_and_wait(act(store), move |write| write.put(&kept)).unwrap();
    device
}

fn say(store: &Store, of: &Device, by: Id<Facility>, there: There) -> Result<(), StockProblem> {
    let (id, member, now) = (of.id, Id::from_bytes([9; 16]), store.clock().now());
    let run = move |write: &mut Write<'_>| answer(write, by, id, there, member, now);
    store.write_and_wait(act(store), run)
}

fn begin(store: &Store) -> Result<StockTake, StockProblem> {
    let clock = store.clock().clone();
    let by = Id::from_bytes([9; 16]);
    store.write_and_wait(act(store), move |write| start(write, &clock, by))
}

#[test]
fn a_facility_answers_for_its_own_devices_of_that_day() {
    let fixture = fixture();
    let (store, ours) = (&fixture.store, fixture.member.facility);
    let (one, two) = (device(store, ours), device(store, ours));
    let theirs = device(store, store.clock().id());
    assert!(matches!(say(store, &one, ours, There::Here), Err(StockProblem::NotGoingOn)));
    let take = begin(store).unwrap();
    assert!(matches!(begin(store), Err(StockProblem::GoingOn)));
    store.clock().advance(SignedDuration::from_hours(1));
    let later = device(store, ours);
    let left = || store.read(|read| left_of(read, &take, ours)).unwrap();
    assert_eq!(left(), 2, "what was enrolled since is known");
    assert!(matches!(say(store, &later, ours, There::Here), Err(StockProblem::Unknown)));
    assert!(matches!(say(store, &theirs, ours, There::Here), Err(StockProblem::Unknown)));
    say(store, &one, ours, There::Unsure).unwrap();
    say(store, &one, ours, There::Missing).unwrap();
    say(store, &two, ours, There::Here).unwrap();
    assert_eq!(left(), 0);
    let of = store.read(|read| progress(read, &take)).unwrap();
    let expected = Progress { devices: 2, answered: 2, missing: 1, unsure: 0 };
    assert_eq!((of[&ours], of.len()), (expected, 2), "the latest answer counts");
    let (id, now) = (one.id, store.clock().now());
    store.write_and_wait(act(store), move |write| devices::revoke(write, id, now)).unwrap();
    let of = store.read(|read| progress(read, &take)).unwrap();
    assert_eq!(of[&ours].devices, 1, "a device that ended is asked about no more");
}

#[test]
fn a_stock_take_ends_and_another_may_begin() {
    let fixture = fixture();
    let store = &fixture.store;
    let first = begin(store).unwrap();
    store.clock().advance(SignedDuration::from_hours(24));
    let now = store.clock().now();
    store.write_and_wait(act(store), move |write| close(write, now)).unwrap();
    assert!(store.read(current).unwrap().is_none());
    assert_eq!(store.read(|read| finished(read, 10)).unwrap()[0].id, first.id);
    let again = store.write_and_wait(act(store), move |write| close(write, now));
    assert!(matches!(again, Err(StockProblem::NotGoingOn)));
    let second = begin(store).unwrap();
    assert_eq!(store.read(current).unwrap().unwrap().id, second.id);
}
