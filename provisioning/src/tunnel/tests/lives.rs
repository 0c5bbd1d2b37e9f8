//! A device's keys from the first to the last, and what the gateway is told of them.

use jiff::{SignedDuration, Timestamp};
use store::{Clock, Id, Store, StoreError, Write};

use crate::cards::tests::{Fixture, act, fixture};
use crate::devices::{
    self, Admission, Came, Certificate, CertificateState, Device, DeviceState, Platform, Refusal,
    Route,
};
use crate::facilities::{self, Facility, FacilityState, RoutePolicy};
use crate::tunnel::{
    Factor, KeyMaker, Peer, PeerProblem, PeerState, PrivateKey, PublicKey, Wanted, all_speaking,
    establish, first_used, home, lapse, make, of_device, overdue, set_factor, speaking_of_device,
    speaking_of_facility,
};

struct Net {
    fixture: Fixture,
    device: Device,
}

const CERTIFICATE: [u8; 32] = [7; 32];

impl Net {
    fn new() -> Self {
        Self::wanting(Wanted::default())
    }

    fn wanting(wanted: Wanted) -> Self {
        let fixture = fixture();
        let clock = fixture.store.clock().clone();
        let made = fixture
            .store
            .write_and_wait(act(&fixture.store), move |write| establish(write, &clock, wanted));
        assert!(!made.unwrap().stays);
        let device = device(&fixture, CERTIFICATE);
        Self { fixture, device }
    }

    fn store(&self) -> &Store {
        &self.fixture.store
    }

    fn now(&self) -> Timestamp {
        self.store().clock().now()
    }

    fn later(&self, days: i64) {
        self.store().clock().advance(SignedDuration::from_hours(24 * days));
    }

    fn write<R: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        run: impl FnOnce(&mut Write<'_>, Timestamp) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E> {
        let now = self.now();
        self.store().write_and_wait(act(self.store()), move |write| run(write, now))
    }

    fn make_for(&self, device: Id<Device>) -> Result<Peer, PeerProblem> {
        let clock = self.store().clock().clone();
        let key = PrivateKey::random(&clock).public().unwrap();
        self.write(move |write, _| make(write, &clock, device, key, KeyMaker::Device))
    }

    fn make(&self) -> Peer {
        self.make_for(self.device.id).unwrap()
    }

    fn use_first(&self, peer: &Peer) -> Result<Vec<Id<Peer>>, PeerProblem> {
        let id = peer.id;
        self.write(move |write, now| first_used(write, id, now))
    }

    fn speaking(&self) -> Vec<Id<Peer>> {
        let now = self.now();
        let all = self.store().read(|read| all_speaking(read, now)).unwrap();
        let (device, facility) = (self.device.id, self.device.facility);
        let own = self.store().read(|read| speaking_of_device(read, device, now)).unwrap();
        let of_all: Vec<_> = all.iter().filter(|one| one.device == device).collect();
        assert_eq!(of_all.len(), own.len(), "both ways to ask answer the same");
        assert!(own.iter().all(|one| all.contains(one)));
        let place = self.store().read(|read| speaking_of_facility(read, facility, now)).unwrap();
        assert_eq!(place.iter().map(|(_, keys)| keys.len()).sum::<usize>(), all.len());
        all.into_iter().map(|one| one.peer).collect()
    }

    fn state(&self, peer: &Peer) -> PeerState {
        self.store().read(|read| crate::tunnel::peer(read, peer.id)).unwrap().unwrap().state
    }

    fn admit(&self, route: Route, key: Option<[u8; 32]>) -> Result<Admission, Refusal> {
        let now = self.now();
        self.store().read(|read| devices::admit(read, &Came { route, key }, now)).unwrap()
    }
}

fn device(fixture: &Fixture, spki: [u8; 32]) -> Device {
    let clock: Clock = fixture.store.clock().clone();
    let (id, facility, member) = (clock.id(), fixture.member.facility, fixture.member.id);
    let device = Device {
        id,
        facility,
        name: "PC".to_owned(),
        platform: Platform::Windows,
        office: false,
        state: DeviceState::Active,
        enrolled_by: member,
        enrolled_at: clock.now(),
        first_seen_at: None,
    };
    let kept = device.clone();
    let put = move |write: &mut Write<'_>| {
        write.put(&kept)?;
        write.put(&Certificate {
            spki,
            device: kept.id,
            serial: vec![1],
            not_before: kept.enrolled_at - SignedDuration::from_mins(5),
            not_after: kept.enrolled_at + SignedDuration::from_hours(24 * 365),
            state: CertificateState::Active,
        })
    };
    fixture.store.write_and_wait(act(&fixture.store), put).unwrap();
    device
}

#[test]
fn the_networks_key_is_made_once_and_its_blocks_stay_with_the_first_device() {
    let net = Net::new();
    let before = net.store().read(home).unwrap().unwrap();
    assert_eq!(before.private.public().unwrap(), before.public);
    let other = |v4: &str| Wanted { v4: Some(v4.parse().unwrap()), v6: None };
    let again = |wanted: Wanted| {
        let clock = net.store().clock().clone();
        net.write(move |write, _| establish(write, &clock, wanted)).unwrap()
    };
    assert_eq!(again(Wanted::default()).home, before);
    let moved = again(other("10.9.0.0/16"));
    assert!(!moved.stays, "nobody has an address yet");
    assert_eq!(
        (moved.home.private.clone(), moved.home.inside.v6),
        (before.private, before.inside.v6)
    );
    assert_eq!(moved.home.inside.v4.to_string(), "10.9.0.0/16");
    net.make();
    let late = again(other("10.10.0.0/16"));
    assert!(late.stays, "a device has one");
    assert_eq!(late.home, moved.home);
}

#[test]
fn a_new_key_waits_beside_the_one_in_use_and_ends_it_when_it_is_used() {
    let net = Net::new();
    let first = net.make();
    assert_eq!(net.speaking(), [first.id], "it may come for the first time");
    assert_eq!(net.use_first(&first).unwrap(), []);
    let second = net.make();
    assert_ne!(first.number, second.number);
    assert_ne!(first.preshared_key, second.preshared_key);
    assert_eq!(net.speaking().len(), 2, "so that the download itself is not cut");
    assert_eq!(net.use_first(&second).unwrap(), [first.id]);
    assert_eq!(net.speaking(), [second.id]);
    assert!(matches!(net.use_first(&second), Err(PeerProblem::NotWaiting)));
    assert!(matches!(net.use_first(&first), Err(PeerProblem::NotWaiting)), "it never comes back");
    let kept = net.store().read(|read| of_device(read, net.device.id)).unwrap();
    assert_eq!(kept.len(), 2, "what has ended is still told");
}

#[test]
fn a_key_made_again_before_its_first_use_takes_the_place_of_the_one_that_waited() {
    let net = Net::new();
    let (mislaid, taken) = (net.make(), net.make());
    assert_eq!(net.speaking(), [taken.id]);
    assert!(matches!(net.state(&mislaid), PeerState::Ended { .. }));
}

#[test]
fn a_key_that_nobody_used_ends_after_thirty_days_and_the_one_in_use_goes_on() {
    let net = Net::new();
    let first = net.make();
    net.use_first(&first).unwrap();
    let late = net.make();
    net.later(29);
    assert_eq!(net.speaking().len(), 2);
    let id = late.id;
    let lapsed = move |write: &mut Write<'_>, now| lapse(write, id, now);
    assert!(matches!(net.write(lapsed), Err(PeerProblem::NotWaiting)), "not before its time");
    net.later(1);
    assert_eq!(net.speaking(), [first.id], "also before any chore has run");
    assert!(matches!(net.use_first(&late), Err(PeerProblem::NotWaiting)));
    let now = net.now();
    let found = net.store().read(|read| overdue(read, now, 10)).unwrap();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), [late.id]);
    assert_eq!(net.write(lapsed).unwrap(), net.device.id);
    assert!(net.store().read(|read| overdue(read, now, 10)).unwrap().is_empty());
}

#[test]
fn the_end_of_a_device_ends_its_keys_in_the_same_act() {
    for lost in [true, false] {
        let net = Net::new();
        let first = net.make();
        net.use_first(&first).unwrap();
        let second = net.make();
        let id = net.device.id;
        let ended = net.write(move |write, now| match lost {
            true => devices::revoke(write, id, now),
            false => devices::retire(write, id, now),
        });
        ended.unwrap();
        assert_eq!(net.speaking(), []);
        for peer in [&first, &second] {
            assert!(matches!(net.state(peer), PeerState::Ended { .. }));
            let refused = net.admit(Route::Tunnel(peer.id), None).unwrap_err();
            assert!(matches!(refused, Refusal::DeviceRevoked | Refusal::DeviceRetired));
        }
        assert!(matches!(net.make_for(id), Err(PeerProblem::NoDevice)));
    }
}

#[test]
fn no_key_serves_twice() {
    let net = Net::new();
    let peer = net.make();
    let other = device(&net.fixture, [8; 32]).id;
    let taken = |key: PublicKey| {
        let clock = net.store().clock().clone();
        net.write(move |write, _| make(write, &clock, other, key, KeyMaker::Server))
    };
    assert!(matches!(taken(peer.public_key), Err(PeerProblem::KeyKnown)));
    let own = net.store().read(home).unwrap().unwrap().public;
    assert!(matches!(taken(own), Err(PeerProblem::KeyKnown)), "nor the box's own");
    net.make();
    assert!(matches!(taken(peer.public_key), Err(PeerProblem::KeyKnown)), "nor one that ended");
}

#[test]
fn an_address_is_given_again_only_long_after_its_key_ended() {
    let small = Wanted { v4: Some("10.9.9.0/24".parse().unwrap()), v6: None };
    let net = Net::wanting(small);
    let all: Vec<Peer> = (0..253).map(|_| net.make()).collect();
    let mut numbers: Vec<u32> = all.iter().map(|peer| peer.number).collect();
    numbers.dedup();
    assert_eq!(numbers, (2..=254).collect::<Vec<_>>(), "each of them once, in their order");
    assert!(matches!(net.make_for(net.device.id), Err(PeerProblem::Full)));
    net.use_first(all.last().unwrap()).unwrap();
    net.later(179);
    assert!(matches!(net.make_for(net.device.id), Err(PeerProblem::Full)));
    net.later(1);
    let again = net.make();
    assert_eq!(again.number, 2, "the one that ended first");
    let inside = net.store().read(home).unwrap().unwrap().inside;
    let (now, last) = (net.now(), all.last().unwrap());
    let speaking = net.store().read(|read| all_speaking(read, now)).unwrap();
    let inner: Vec<_> = speaking.iter().map(|one| one.inner).collect();
    assert_eq!(inner, [inside.pair(2).unwrap(), inside.pair(last.number).unwrap()]);
}

#[test]
fn a_facility_decides_whether_its_keys_speak() {
    let net = Net::new();
    let (peer, id) = (net.make(), net.device.facility);
    let route = Route::Tunnel(peer.id);
    let set = |policy| {
        net.write(move |write, _| facilities::set_policy(write, id, policy)).map(drop).unwrap();
    };
    set(RoutePolicy::Tls);
    assert_eq!(net.speaking(), []);
    assert_eq!(net.admit(route, Some(CERTIFICATE)).unwrap_err(), Refusal::OutsideOnly);
    assert!(net.admit(Route::Outside, Some(CERTIFICATE)).is_ok());
    set(RoutePolicy::Vpn);
    assert_eq!(net.speaking(), [peer.id]);
    assert!(net.admit(route, Some(CERTIFICATE)).is_ok());
    assert_eq!(net.admit(Route::Outside, Some(CERTIFICATE)).unwrap_err(), Refusal::TunnelOnly);
    let suspend = move |write: &mut Write<'_>, _| -> Result<(), facilities::FacilityProblem> {
        let before: Facility = write.get(&id)?.unwrap();
        assert_eq!(before.policy, RoutePolicy::Vpn);
        facilities::set_state(write, id, FacilityState::Suspended).map(drop)
    };
    net.write(suspend).unwrap();
    assert_eq!(net.speaking(), []);
    assert_eq!(net.admit(route, Some(CERTIFICATE)).unwrap_err(), Refusal::FacilitySuspended);
}

#[test]
fn in_the_tunnel_both_keys_are_of_one_device() {
    let net = Net::new();
    let peer = net.make();
    let other = device(&net.fixture, [8; 32]);
    let route = Route::Tunnel(peer.id);
    let refused = net.admit(route, Some([8; 32])).unwrap_err();
    assert_eq!(refused, Refusal::OtherDevice { of: other.id, through: net.device.id });
    assert_eq!(net.admit(route, Some([9; 32])).unwrap_err(), Refusal::Unknown);
    let admitted = net.admit(route, Some(CERTIFICATE)).unwrap();
    assert_eq!(admitted.device.id, net.device.id);
    assert!(admitted.peer.unwrap().waited);
    net.use_first(&peer).unwrap();
    assert!(!net.admit(route, Some(CERTIFICATE)).unwrap().peer.unwrap().waited);
}

#[test]
fn the_tunnels_key_is_enough_only_where_the_facility_says_so() {
    let net = Net::new();
    let (peer, facility) = (net.make(), net.device.facility);
    let route = Route::Tunnel(peer.id);
    assert_eq!(net.admit(route, None).unwrap_err(), Refusal::CertificateMissing);
    let set = |factor| {
        net.write(move |write, _| set_factor(write, facility, factor)).unwrap();
    };
    set(Factor::TunnelKeyAlone);
    let admitted = net.admit(route, None).unwrap();
    assert_eq!((admitted.device.id, admitted.certificate), (net.device.id, None));
    assert_eq!(net.admit(Route::Outside, None).unwrap_err(), Refusal::Unknown);
    let other = device(&net.fixture, [8; 32]);
    let refused = net.admit(route, Some([8; 32])).unwrap_err();
    assert_eq!(
        refused,
        Refusal::OtherDevice { of: other.id, through: net.device.id },
        "what is shown still counts"
    );
    set(Factor::CertificateAlways);
    assert_eq!(net.admit(route, None).unwrap_err(), Refusal::CertificateMissing);
}
