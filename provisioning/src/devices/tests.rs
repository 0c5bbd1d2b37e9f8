//! Who is let in, and what revocation leaves.

use jiff::{SignedDuration, Timestamp};
use store::{Act, Actor, Clock, Id, Store};

use super::*;
use crate::facilities::{self, Facility, FacilityCode, FacilityState, RoutePolicy};

struct Fixture {
    store: Store,
    facility: Facility,
    device: Device,
    _folder: tempfile::TempDir,
}

const SPKI: [u8; 32] = [7; 32];

fn act(store: &Store) -> Act {
    Act::new(Actor::Operator, "test", store.clock().now())
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::fixed("2026-04-01T00:00:00Z".parse().unwrap(), 1);
    let store = Store::in_memory(folder.path(), clock.clone()).unwrap();
    let (facility, device) = store
        .write_and_wait(act(&store), move |write| {
            let code = FacilityCode::with_check_digit([1, 5, 1, 0, 0, 0, 0, 0, 1]);
            let details = crate::cards::tests::details();
            let facility = facilities::register(write, &clock, code, details)?;
            let device = Device {
                id: clock.id(),
                facility: facility.id,
                name: "訪問用iPad 1".to_owned(),
                platform: Platform::Ipad,
                office: false,
                state: DeviceState::Active,
                enrolled_by: Id::from_bytes([9; 16]),
                enrolled_at: clock.now(),
                first_seen_at: None,
            };
            write.put(&device)?;
            write.put(&Certificate {
                spki: SPKI,
                device: device.id,
                serial: vec![1, 2, 3],
                not_before: clock.now() - SignedDuration::from_mins(5),
                not_after: clock.now() + SignedDuration::from_hours(48),
                state: CertificateState::Active,
            })?;
            Ok::<_, crate::facilities::FacilityProblem>((facility, device))
        })
        .unwrap();
    Fixture { store, facility, device, _folder: folder }
}

impl Fixture {
    fn admit(&self, spki: [u8; 32]) -> Result<Id<Device>, Refusal> {
        let now: Timestamp = self.store.clock().now();
        let came = Came { route: Route::Outside, key: Some(spki) };
        let admitted = self.store.read(|read| admit(read, &came, now)).unwrap();
        admitted.map(|admission| admission.device.id)
    }
}

#[test]
fn an_active_device_in_date_is_let_in() {
    let fixture = fixture();
    assert_eq!(fixture.admit(SPKI), Ok(fixture.device.id));
}

#[test]
fn an_unknown_key_is_refused() {
    assert_eq!(fixture().admit([8; 32]), Err(Refusal::Unknown));
}

#[test]
fn an_expired_certificate_is_refused() {
    let fixture = fixture();
    fixture.store.clock().advance(SignedDuration::from_hours(49));
    assert_eq!(fixture.admit(SPKI), Err(Refusal::Expired));
}

#[test]
fn a_clock_before_the_certificate_is_refused() {
    let fixture = fixture();
    fixture.store.clock().advance(SignedDuration::from_mins(-10));
    assert_eq!(fixture.admit(SPKI), Err(Refusal::NotYetValid));
}

#[test]
fn revocation_ends_device_and_certificates_in_one_act() {
    let fixture = fixture();
    let (id, now) = (fixture.device.id, fixture.store.clock().now());
    fixture.store.write_and_wait(act(&fixture.store), move |write| revoke(write, id, now)).unwrap();
    assert_eq!(fixture.admit(SPKI), Err(Refusal::CertificateRevoked));
    let list = fixture.store.read(revoked_certificates).unwrap();
    assert_eq!(list, vec![(vec![1, 2, 3], now)]);
}

#[test]
fn a_suspended_facility_stops_its_devices() {
    let fixture = fixture();
    let id = fixture.facility.id;
    fixture
        .store
        .write_and_wait(act(&fixture.store), move |write| {
            facilities::set_state(write, id, FacilityState::Suspended)
        })
        .unwrap();
    assert_eq!(fixture.admit(SPKI), Err(Refusal::FacilitySuspended));
}

#[test]
fn a_facility_for_the_tunnel_alone_is_refused_outside() {
    let fixture = fixture();
    let mut facility = fixture.facility.clone();
    facility.policy = RoutePolicy::Vpn;
    fixture.store.write_and_wait(act(&fixture.store), move |write| write.put(&facility)).unwrap();
    assert_eq!(fixture.admit(SPKI), Err(Refusal::TunnelOnly));
}

#[test]
fn a_device_is_counted_in_the_days_before_its_end() {
    let fixture = fixture();
    let now = fixture.store.clock().now();
    let count = |now, until| fixture.store.read(|read| ending(read, now, until)).unwrap();
    let hours = |hours| SignedDuration::from_hours(hours);
    assert_eq!(count(now, now + hours(47)), 0, "it lasts longer");
    assert_eq!(count(now, now + hours(48)), 1);
    assert_eq!(count(now + hours(48), now + hours(96)), 0, "it is over");
    let renewed = Certificate {
        spki: [8; 32],
        device: fixture.device.id,
        serial: vec![4],
        not_before: now,
        not_after: now + hours(1_000),
        state: CertificateState::Active,
    };
    fixture.store.write_and_wait(act(&fixture.store), move |write| write.put(&renewed)).unwrap();
    assert_eq!(count(now, now + hours(48)), 0, "a newer certificate lasts longer");
}

fn raised(fixture: &Fixture, kind: AlarmKind) -> bool {
    let (id, now) = (fixture.device.id, fixture.store.clock().now());
    let store = &fixture.store;
    store.write_and_wait(act(store), move |write| raise(write, id, kind, now)).unwrap()
}

fn settled(fixture: &Fixture, how: Settling) -> usize {
    let (id, by, now) =
        (fixture.device.id, fixture.device.enrolled_by, fixture.store.clock().now());
    let store = &fixture.store;
    store.write_and_wait(act(store), move |write| settle(write, id, how, by, now)).unwrap()
}

#[test]
fn an_alarm_is_told_again_unless_its_two_places_are_known() {
    let fixture = fixture();
    let places = |a: &str, b: &str| AlarmKind::TwoPlaces { addresses: [a.into(), b.into()] };
    let open = || fixture.store.read(open_alarms).unwrap().len();
    assert!(raised(&fixture, places("192.0.2.1", "198.51.100.1")));
    assert!(raised(&fixture, places("192.0.2.1", "198.51.100.1")));
    assert_eq!(open(), 1, "one a device and kind");
    assert_eq!(settled(&fixture, Settling::LookedAt), 1);
    assert_eq!((open(), settled(&fixture, Settling::LookedAt)), (0, 0));
    assert!(raised(&fixture, places("192.0.2.1", "198.51.100.1")), "it happened again");
    settled(&fixture, Settling::Known);
    assert!(!raised(&fixture, places("198.51.100.1", "192.0.2.1")), "a site with two lines");
    assert_eq!(open(), 0);
    assert!(raised(&fixture, places("198.51.100.1", "203.0.113.9")), "a third place");
    let by = fixture.device.enrolled_by;
    assert!(raised(&fixture, AlarmKind::Lost { by }));
    assert_eq!(open(), 2);
}

#[test]
fn a_stand_in_lasts_a_day_and_never_at_the_office() {
    let fixture = fixture();
    let (store, clock) = (&fixture.store, fixture.store.clock().clone());
    let elsewhere: Id<crate::facilities::Facility> = clock.id();
    let guest = crate::members::Member {
        id: clock.id(),
        facility: elsewhere,
        login: crate::members::Login::parse("guest").unwrap(),
        details: crate::members::MemberDetails {
            name: crate::members::PersonName {
                family: "佐藤".to_owned(),
                given: "花".to_owned(),
                family_kana: "サトウ".to_owned(),
                given_kana: "ハナ".to_owned(),
            },
            job: crate::members::Job::Nurse,
            roles: crate::members::Roles::default(),
            starts: None,
            retires: None,
        },
        locked: false,
        registered_at: clock.now(),
    };
    let (member, device) = (guest.id, fixture.device.id);
    store.write_and_wait(act(store), move |write| write.put(&guest)).unwrap();
    let grant = |device| {
        let clock = clock.clone();
        let why = "故障".to_owned();
        store.write_and_wait(act(store), move |write| {
            grant_stand_in(write, &clock, member, device, why, member)
        })
    };
    let open = || store.read(|read| stand_in(read, member, device, clock.now())).unwrap();
    assert!(open().is_none());
    grant(device).unwrap();
    assert!(open().is_some());
    clock.advance(StandIn::VALID);
    assert!(open().is_none(), "it ends by itself");
    let id = grant(device).unwrap().id;
    let now = clock.now();
    store.write_and_wait(act(store), move |write| end_stand_in(write, id, now)).unwrap();
    assert!(open().is_none(), "and when it is taken back");
    let mut office = fixture.device.clone();
    office.office = true;
    store.write_and_wait(act(store), move |write| write.put(&office)).unwrap();
    assert!(matches!(grant(device), Err(StandInProblem::OfficeDevice)));
}
