//! The life of a device with two certificates, in whatever order things happen to it.

use jiff::{SignedDuration, Timestamp};
use store::{Id, StoreError};

use super::*;
use crate::authority::{DeviceCertificate, DeviceKey, PublicKey};
use crate::cards::Approval;
use crate::cards::tests::{Fixture, act, fixture};
use crate::devices::{
    self, Came, Certificate, CertificateState, Device, DeviceState, Platform, Refusal, Route,
    Successor, Told,
};
use crate::enrolment::{Form, ScriptTicket, TicketToken};
use crate::facilities::Facility;
use crate::members::{Job, Login, Member, MemberDetails, PersonName, Roles};

const OLD: [u8; 32] = [7; 32];

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

struct Life {
    fixture: Fixture,
    device: Id<Device>,
    /// Keys that were made, the first one in front.
    keys: Vec<[u8; 32]>,
}

impl Life {
    /// A device whose certificate ends in so many days.
    fn ending_in(left: i64) -> Self {
        let fixture = fixture();
        let now = fixture.store.clock().now();
        let device = Device {
            id: fixture.store.clock().id(),
            facility: fixture.member.facility,
            name: "iPad 1".to_owned(),
            platform: Platform::Ipad,
            office: false,
            state: DeviceState::Active,
            enrolled_by: fixture.member.id,
            enrolled_at: now,
            first_seen_at: Some(now),
        };
        let certificate = Certificate {
            spki: OLD,
            device: device.id,
            serial: vec![1],
            not_before: now - days(1),
            not_after: now + days(left),
            state: CertificateState::Active,
        };
        let id = device.id;
        fixture
            .store
            .write_and_wait(act(&fixture.store), move |write| {
                write.put(&device)?;
                write.put(&certificate)
            })
            .unwrap();
        Self { fixture, device: id, keys: vec![OLD] }
    }

    fn now(&self) -> Timestamp {
        self.fixture.store.clock().now()
    }

    fn asked(&self, spki: [u8; 32]) -> Asked {
        Asked { member: self.fixture.member.id, device: self.device, spki }
    }

    fn begin(&self, spki: [u8; 32]) -> Result<Renewal, RenewalProblem> {
        let (store, asked) = (&self.fixture.store, self.asked(spki));
        let clock = store.clock().clone();
        store.write_and_wait(act(store), move |write| begin(write, &clock, asked, Form::Pkcs12))
    }

    fn sign(&self, key: &PublicKey) -> DeviceCertificate {
        let facility = self.fixture.member.facility;
        let facility: Option<Facility> =
            self.fixture.store.read(|read| read.get(&facility)).unwrap();
        let authority = &self.fixture.authority;
        prepare(authority, &facility.unwrap(), self.device, key, self.now()).unwrap()
    }

    fn issue(&self, renewal: &Renewal, spki: [u8; 32], signed: DeviceCertificate) -> Outcome {
        let (store, id, asked, now) =
            (&self.fixture.store, renewal.id, self.asked(spki), self.now());
        store.write_and_wait(act(store), move |write| issue(write, id, asked, &signed, now))
    }

    /// Begins and takes with the key that speaks; answers the new key.
    fn renew(&mut self, spki: [u8; 32]) -> Result<[u8; 32], RenewalProblem> {
        let renewal = self.begin(spki)?;
        let signed = self.sign(&DeviceKey::generate().unwrap().public_key());
        let new = signed.spki_sha256;
        self.issue(&renewal, spki, signed)?;
        self.keys.push(new);
        Ok(new)
    }

    fn admitted(&self, spki: [u8; 32]) -> Result<bool, Refusal> {
        let now = self.now();
        let came = Came { route: Route::Outside, key: Some(spki) };
        let found = self.fixture.store.read(|read| devices::admit(read, &came, now)).unwrap();
        found.map(|admission| admission.certificate.is_some_and(|shown| shown.waited))
    }

    /// Speaks, as the gate hears it: the first use of a new key is noted.
    fn speak(&self, spki: [u8; 32]) -> Result<(), Refusal> {
        if self.admitted(spki)? {
            let (store, now) = (&self.fixture.store, self.now());
            let used = move |write: &mut store::Write<'_>| devices::first_used(write, spki, now);
            store.write_and_wait(act(store), used).unwrap();
        }
        Ok(())
    }

    fn revoke(&self) {
        let (store, id, now) = (&self.fixture.store, self.device, self.now());
        store.write_and_wait(act(store), move |write| devices::revoke(write, id, now)).unwrap();
    }

    /// What the chore does, or does later: nothing that can be seen may depend on it.
    fn sweep(&self) {
        let (store, now) = (&self.fixture.store, self.now());
        for one in store.read(|read| devices::overdue_successors(read, now, 100)).unwrap() {
            let lapse = move |write: &mut store::Write<'_>| devices::lapse(write, one.spki, now);
            store.write_and_wait(act(store), lapse).unwrap();
        }
    }

    fn pass(&self, time: SignedDuration) {
        self.fixture.store.clock().advance(time);
    }

    fn state(&self) -> DeviceState {
        let device: Option<Device> =
            self.fixture.store.read(|read| read.get(&self.device)).unwrap();
        device.unwrap().state
    }
}

type Outcome = Result<Device, RenewalProblem>;

#[test]
fn both_certificates_are_good_until_the_new_one_is_used() {
    let mut life = Life::ending_in(42);
    let new = life.renew(OLD).unwrap();
    assert_eq!((life.admitted(OLD), life.admitted(new)), (Ok(false), Ok(true)));
    let before = life.fixture.store.read(|read| read.get::<Device>(&life.device)).unwrap();
    life.speak(OLD).unwrap();
    assert_eq!(life.admitted(OLD), Ok(false), "the old one goes on");
    life.speak(new).unwrap();
    assert_eq!(life.admitted(new), Ok(false), "it waits no longer");
    assert_eq!(life.admitted(OLD), Err(Refusal::CertificateReplaced));
    let after = life.fixture.store.read(|read| read.get::<Device>(&life.device)).unwrap();
    assert_eq!(before, after, "number, name, facility and policy stay");
    life.revoke();
    assert_eq!(life.admitted(new), Err(Refusal::CertificateRevoked));
    assert_eq!(life.admitted(OLD), Err(Refusal::CertificateRevoked));
}

#[test]
fn an_unused_certificate_ends_after_thirty_days_and_the_working_one_goes_on() {
    let mut life = Life::ending_in(42);
    let new = life.renew(OLD).unwrap();
    life.pass(Successor::SIDE_BY_SIDE - SignedDuration::from_secs(1));
    assert_eq!(life.admitted(new), Ok(true));
    life.pass(SignedDuration::from_secs(1));
    assert_eq!(life.admitted(new), Err(Refusal::CertificateReplaced), "before any chore ran");
    life.sweep();
    assert_eq!(life.admitted(new), Err(Refusal::CertificateReplaced));
    assert_eq!(life.admitted(OLD), Ok(false));
    let ends_at = life.fixture.store.read(|read| devices::ends_at(read, life.device)).unwrap();
    assert_eq!(ends_at, Some(life.now() + days(12)));
    assert!(life.renew(OLD).is_ok(), "there is time for another");
}

#[test]
fn a_renewal_begins_sixty_days_before_the_end_and_not_after_it() {
    for (left, passed, outcome) in
        [(62, 0, "early"), (61, 1, "ok"), (1, 0, "ok"), (10, 11, "not allowed")]
    {
        let mut life = Life::ending_in(left);
        life.pass(days(passed));
        let said = match life.renew(OLD) {
            Ok(_) => "ok",
            Err(RenewalProblem::TooEarly) => "early",
            Err(RenewalProblem::NotAllowed) => "not allowed",
            Err(other) => panic!("{other}"),
        };
        assert_eq!(said, outcome, "{left} days left, {passed} passed");
    }
}

#[test]
fn a_file_is_taken_once_and_by_whom_began() {
    let life = Life::ending_in(20);
    let sign = || life.sign(&DeviceKey::generate().unwrap().public_key());
    let first = life.begin(OLD).unwrap();
    let second = life.begin(OLD).unwrap();
    let stale = life.issue(&first, OLD, sign());
    assert!(matches!(stale, Err(RenewalProblem::OtherStep)), "a newer one took its place");
    life.issue(&second, OLD, sign()).unwrap();
    let again = life.issue(&second, OLD, sign());
    assert!(matches!(again, Err(RenewalProblem::OtherStep)));
    let third = life.begin(OLD).unwrap();
    life.pass(Renewal::VALID);
    let late = life.issue(&third, OLD, sign());
    assert!(matches!(late, Err(RenewalProblem::OtherStep)));
}

/// A ticket given to whoever speaks with the key, for this renewal.
fn ticket(life: &Life, renewal: &Renewal, spki: [u8; 32]) -> Result<TicketToken, RenewalProblem> {
    let (store, asked, id) = (&life.fixture.store, life.asked(spki), renewal.id);
    let (clock, token) = (store.clock().clone(), TicketToken::random(store.clock()));
    let given = token.clone();
    let give = move |write: &mut store::Write<'_>| give_ticket(write, &clock, id, asked, &given);
    store.write_and_wait(act(store), give).map(|()| token)
}

/// The script comes with its own key; answers the key.
fn come(life: &Life, token: &TicketToken) -> Result<[u8; 32], RenewalProblem> {
    let signed = life.sign(&DeviceKey::generate().unwrap().public_key());
    let (store, token, now, new) =
        (&life.fixture.store, token.clone(), life.now(), signed.spki_sha256);
    store
        .write_and_wait(act(store), move |write| issue_by_ticket(write, &token, &signed, now))
        .map(|_| new)
}

fn door_is_open(life: &Life) -> bool {
    let now = life.now();
    life.fixture.store.read(|read| any_ticket_open(read, now)).unwrap()
}

#[test]
fn a_ticket_certifies_one_key_and_holds_the_door_open_until_then() {
    let life = Life::ending_in(20);
    let renewal = life.begin(OLD).unwrap();
    assert!(!door_is_open(&life));
    let first = ticket(&life, &renewal, OLD).unwrap();
    let second = ticket(&life, &renewal, OLD).unwrap();
    assert!(matches!(come(&life, &first), Err(RenewalProblem::OtherStep)), "a newer one came");
    assert!(door_is_open(&life));
    let new = come(&life, &second).unwrap();
    assert!(!door_is_open(&life));
    assert!(matches!(come(&life, &second), Err(RenewalProblem::OtherStep)), "once");
    assert_eq!((life.admitted(OLD), life.admitted(new)), (Ok(false), Ok(true)));
}

#[test]
fn a_ticket_outlives_its_page_by_its_own_half_hour_and_no_more() {
    let life = Life::ending_in(20);
    let renewal = life.begin(OLD).unwrap();
    life.pass(Renewal::VALID - SignedDuration::from_secs(1));
    let late = ticket(&life, &renewal, OLD).unwrap();
    life.pass(ScriptTicket::VALID);
    assert!(door_is_open(&life));
    life.pass(SignedDuration::from_secs(1));
    assert!(!door_is_open(&life));
    assert!(matches!(come(&life, &late), Err(RenewalProblem::OtherStep)));
    assert!(matches!(ticket(&life, &renewal, OLD), Err(RenewalProblem::OtherStep)));
}

#[test]
fn what_ends_a_renewal_ends_its_ticket() {
    let life = Life::ending_in(20);
    let sign = || life.sign(&DeviceKey::generate().unwrap().public_key());
    let renewal = life.begin(OLD).unwrap();
    let beside = ticket(&life, &renewal, OLD).unwrap();
    life.issue(&renewal, OLD, sign()).unwrap();
    assert!(matches!(come(&life, &beside), Err(RenewalProblem::OtherStep)), "the file was taken");
    let again = life.begin(OLD).unwrap();
    let stale = ticket(&life, &again, OLD).unwrap();
    life.begin(OLD).unwrap();
    assert!(matches!(come(&life, &stale), Err(RenewalProblem::OtherStep)), "begun anew");
    let last = life.begin(OLD).unwrap();
    let lost = ticket(&life, &last, OLD).unwrap();
    life.revoke();
    assert!(matches!(come(&life, &lost), Err(RenewalProblem::NotAllowed)), "revoked");
}

#[test]
fn a_lost_file_is_made_anew_and_the_one_before_opens_nothing() {
    let mut life = Life::ending_in(20);
    let lost = life.renew(OLD).unwrap();
    let found = life.renew(OLD).unwrap();
    assert_eq!(life.admitted(lost), Err(Refusal::CertificateReplaced));
    assert_eq!((life.admitted(OLD), life.admitted(found)), (Ok(false), Ok(true)));
}

#[test]
fn no_key_is_certified_twice() {
    let mut life = Life::ending_in(20);
    let key = DeviceKey::generate().unwrap().public_key();
    let renewal = life.begin(OLD).unwrap();
    life.issue(&renewal, OLD, life.sign(&key)).unwrap();
    life.keys.push(key.sha256());
    let again = life.begin(OLD).unwrap();
    let twice = life.issue(&again, OLD, life.sign(&key));
    assert!(matches!(twice, Err(RenewalProblem::KeyKnown)));
}

#[test]
fn a_member_of_another_facility_renews_nothing() {
    let life = Life::ending_in(20);
    let store = &life.fixture.store;
    let guest = Member {
        id: store.clock().id(),
        facility: store.clock().id(),
        login: Login::parse("guest").unwrap(),
        details: MemberDetails {
            name: PersonName {
                family: "佐藤".to_owned(),
                given: "葉".to_owned(),
                family_kana: "サトウ".to_owned(),
                given_kana: "ヨウ".to_owned(),
            },
            job: Job::Nurse,
            roles: Roles::default(),
            starts: None,
            retires: None,
        },
        locked: false,
        registered_at: life.now(),
    };
    let asked = Asked { member: guest.id, ..life.asked(OLD) };
    let clock = store.clock().clone();
    let outcome = store.write_and_wait(act(store), move |write| {
        write.put(&guest)?;
        begin(write, &clock, asked, Form::Pkcs12)
    });
    assert!(matches!(outcome, Err(RenewalProblem::NotAllowed)));
}

#[test]
fn the_password_of_a_file_belongs_to_one_renewal() {
    let life = Life::ending_in(20);
    let (one, other) = (life.begin(OLD).unwrap(), life.begin(OLD).unwrap());
    let password = |renewal: &Renewal| {
        life.fixture.store.read(|read| Ok::<_, StoreError>(renewal.p12_password(read))).unwrap()
    };
    assert_eq!(password(&one), password(&one));
    assert_ne!(password(&one), password(&other));
    assert_eq!(password(&one).len(), 19);
}

/// What the rules say, kept beside the store in the simplest form.
struct Model {
    old_ends: Timestamp,
    in_use: usize,
    /// The new key and when it was taken.
    waiting: Option<(usize, Timestamp)>,
    revoked: bool,
}

/// Six things happen in four hundred random orders; after each, every key that ever was is let in
/// or refused as the model says.
#[test]
fn every_order_of_things_keeps_one_door_open_and_no_other() {
    let mut seed: u64 = 0x7265_6e65_7761_6c01;
    let mut draw = move |below: u64| {
        // Xorshift: all that is asked of it is that it differs.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for _ in 0..400 {
        let mut life = Life::ending_in(50);
        let old_ends = life.now() + days(50);
        let mut model = Model { old_ends, in_use: 0, waiting: None, revoked: false };
        for _ in 0..7 {
            step(&mut life, &mut model, draw(6), draw(40));
            check(&life, &model);
        }
    }
}

fn step(life: &mut Life, model: &mut Model, what: u64, by: u64) {
    let (now, in_use) = (life.now(), life.keys[model.in_use]);
    let over = |at: Timestamp| now.duration_since(at) >= Successor::SIDE_BY_SIDE;
    match what {
        0 => {
            let first = model.in_use == 0 && now <= model.old_ends && !model.revoked;
            let allowed = first && is_due(model.old_ends, now);
            let done = life.renew(in_use);
            assert_eq!(done.is_ok(), allowed, "{done:?}");
            if allowed {
                model.waiting = Some((life.keys.len() - 1, now));
            }
        }
        1 => {
            if let Some((new, at)) = model.waiting {
                let may = !model.revoked && !over(at);
                assert_eq!(life.speak(life.keys[new]).is_ok(), may);
                if may {
                    (model.in_use, model.waiting) = (new, None);
                }
            }
        }
        2 if by < 8 => {
            life.revoke();
            model.revoked = true;
        }
        2 | 3 => drop(life.speak(in_use)),
        4 => life.pass(days(i64::try_from(by).unwrap())),
        _ => life.sweep(),
    }
}

fn check(life: &Life, model: &Model) {
    let now = life.now();
    let alive = life.state() == DeviceState::Active;
    assert_eq!(alive, !model.revoked);
    let mut open = 0;
    for (at, key) in life.keys.iter().enumerate() {
        let in_date = at != 0 || now <= model.old_ends;
        let waits = model.waiting.is_some_and(|(new, since)| {
            new == at && now.duration_since(since) < Successor::SIDE_BY_SIDE
        });
        let expected = !model.revoked && in_date && (at == model.in_use || waits);
        assert_eq!(life.admitted(*key).is_ok(), expected, "key {at} of {}", life.keys.len());
        open += usize::from(expected);
    }
    assert!(open <= 2);
}

fn remind_all(life: &Life, whom: &[(Id<Member>, Told)]) -> Vec<u8> {
    let (store, now) = (&life.fixture.store, life.now());
    let due = store.read(|read| devices::due_reminders(read, now)).unwrap();
    let stages = due.iter().map(|due| due.days).collect();
    for due in due {
        let whom = whom.to_vec();
        let tell = move |write: &mut store::Write<'_>| devices::remind(write, &due, &whom, now);
        store.write_and_wait(act(store), tell).unwrap();
    }
    stages
}

#[test]
fn each_stage_of_reminders_comes_once() {
    let life = Life::ending_in(70);
    let nurse = (life.fixture.member.id, Told::User);
    let mut told = Vec::new();
    for _ in 0..(75 * 4) {
        told.extend(remind_all(&life, &[nurse]));
        life.pass(SignedDuration::from_hours(6));
    }
    assert_eq!(told, [60, 30, 14, 7, 3, 1]);
}

#[test]
fn missed_stages_are_not_told_after_the_fact() {
    let life = Life::ending_in(70);
    life.pass(days(60));
    assert_eq!(remind_all(&life, &[]), [14], "the box stood still at 60 and 30 days");
    assert!(remind_all(&life, &[]).is_empty());
}

#[test]
fn a_reminder_is_open_until_it_is_read_or_the_device_renewed() {
    let mut life = Life::ending_in(20);
    let nurse = life.fixture.member.id;
    let open = |life: &Life| {
        let now = life.now();
        life.fixture.store.read(|read| devices::reminders_of(read, nurse, now)).unwrap()
    };
    remind_all(&life, &[(nurse, Told::User)]);
    assert_eq!(open(&life).len(), 1);
    let (store, device) = (&life.fixture.store, life.device);
    let note = move |write: &mut store::Write<'_>| devices::forget_reminder(write, nurse, device);
    assert!(store.write_and_wait(act(store), note).unwrap());
    assert!(open(&life).is_empty());
    life.pass(days(7));
    remind_all(&life, &[(nurse, Told::User)]);
    assert_eq!(open(&life)[0].days, 14, "the next stage is told again");
    let all = store.read(|read| devices::reminders_since(read, Timestamp::MIN, 10)).unwrap();
    assert_eq!(all.len(), 1, "the latest about a device");
    let new = life.renew(OLD).unwrap();
    assert_eq!(open(&life).len(), 1, "a file in a folder renews nothing yet");
    life.speak(new).unwrap();
    assert!(open(&life).is_empty());
    assert!(remind_all(&life, &[]).is_empty());
}

#[test]
fn paper_is_no_part_of_a_renewal() {
    let mut life = Life::ending_in(20);
    let printed = life.fixture.issue(Approval::Needed);
    life.renew(OLD).unwrap();
    let now = life.now();
    assert!(life.fixture.card(printed.card.number).is_open(now), "no card is used up");
}
