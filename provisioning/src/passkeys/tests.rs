//! What a passkey may be called and count, and what paper is good for.

use store::{Act, Actor, Clock, Id, Store, StoreError};

use super::{
    AddProblem, CODES, KeyName, NameProblem, Passkey, RecoveryCode, UseProblem, add, codes_left,
    has_any, make_codes, note_use, notices_of, of_member, remove, reset, spend_code,
};
use crate::members::Member;

struct Place {
    store: Store,
    _folder: tempfile::TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let now = "2026-04-01T00:00:00Z".parse().unwrap();
    let store = Store::in_memory(folder.path(), Clock::fixed(now, 7)).unwrap();
    Place { store, _folder: folder }
}

impl Place {
    fn act<R: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        run: impl FnOnce(&mut store::Write<'_>) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E> {
        let act = Act::new(Actor::System, "test", self.store.clock().now());
        self.store.write_and_wait(act, run)
    }

    fn key(&self, member: Id<Member>, mark: u8) -> Passkey {
        Passkey {
            id: self.store.clock().id(),
            member,
            name: KeyName::parse("机のPC").unwrap(),
            credential: vec![mark; 16],
            mark: [mark; 16],
            public_key: Vec::new(),
            algorithm: -7,
            counter: 0,
            transports: Vec::new(),
            made_at: self.store.clock().now(),
            used_at: None,
        }
    }
}

#[test]
fn a_name_is_a_line_of_a_list() {
    assert_eq!(KeyName::parse("  机の\u{7}PC ").unwrap().as_str(), "机のPC");
    assert_eq!(KeyName::parse(" \n "), Err(NameProblem::Empty));
    assert!(KeyName::parse(&"あ".repeat(30)).is_ok());
    assert_eq!(KeyName::parse(&"あ".repeat(31)), Err(NameProblem::TooLong));
}

#[test]
fn a_counter_goes_on_or_is_none() {
    let place = place();
    let key = |counter| Passkey { counter, ..place.key(place.store.clock().id(), 1) };
    for (kept, sent, fine) in
        [(0, 0, true), (0, 1, true), (4, 5, true), (4, 4, false), (4, 3, false), (4, 0, false)]
    {
        assert_eq!(key(kept).counts_on(sent), fine, "{kept} then {sent}");
    }
}

#[test]
fn a_key_belongs_to_one_member_and_counts_on() {
    let place = place();
    let (one, other) = (place.store.clock().id(), place.store.clock().id());
    let (first, stolen) = (place.key(one, 1), place.key(other, 1));
    let id = first.id;
    assert!(place.act(move |write| add(write, &first)).unwrap(), "the first");
    let refused = place.act(move |write| add(write, &stolen));
    assert!(matches!(refused, Err(AddProblem::Known)));
    let now = place.store.clock().now();
    place.act(move |write| note_use(write, one, id, 3, now)).unwrap();
    let back = place.act(move |write| note_use(write, one, id, 3, now));
    assert!(matches!(back, Err(UseProblem::CounterBack)));
    assert!(matches!(
        place.act(move |write| note_use(write, other, id, 9, now)),
        Err(UseProblem::Gone)
    ));
    let kept = place.store.read(|read| of_member(read, one)).unwrap();
    assert_eq!((kept[0].counter, kept[0].used_at), (3, Some(now)));
    assert!(place.act(move |write| remove(write, one, id)).unwrap());
    assert!(!place.store.read(|read| has_any(read, one)).unwrap());
}

#[test]
fn nobody_has_more_keys_than_fit_a_list() {
    let place = place();
    let member = place.store.clock().id();
    for mark in 0..10 {
        let key = place.key(member, mark);
        place.act(move |write| add(write, &key)).unwrap();
    }
    let one_more = place.key(member, 99);
    let refused = place.act(move |write| add(write, &one_more));
    assert!(matches!(refused, Err(AddProblem::TooMany)));
}

#[test]
fn a_code_is_good_once_and_for_one_member() {
    let place = place();
    let (one, other): (Id<Member>, Id<Member>) =
        (place.store.clock().id(), place.store.clock().id());
    let clock = place.store.clock().clone();
    let codes = place.act(move |write| make_codes(write, &clock, one)).unwrap();
    assert_eq!(codes.len(), CODES);
    let typed = codes[3].grouped().to_lowercase();
    let spend = |member, typed: &str| {
        let code = RecoveryCode::parse(typed).unwrap();
        place.act(move |write| spend_code(write, member, &code)).unwrap()
    };
    assert!(!spend(other, &typed), "another member's");
    assert!(spend(one, &typed));
    assert!(!spend(one, &typed), "again");
    assert_eq!(place.store.read(|read| codes_left(read, one)).unwrap(), Some(CODES - 1));
    let clock = place.store.clock().clone();
    place.act(move |write| make_codes(write, &clock, one)).unwrap();
    assert!(!spend(one, &codes[4].grouped()), "of the sheet before");
}

#[test]
fn a_reset_leaves_nothing_but_the_notice() {
    let place = place();
    let member = place.store.clock().id();
    let (key, clock) = (place.key(member, 1), place.store.clock().clone());
    place
        .act(move |write| {
            add(write, &key)?;
            make_codes(write, &clock, member)?;
            Ok::<_, AddProblem>(())
        })
        .unwrap();
    let now = place.store.clock().now();
    assert_eq!(place.act(move |write| reset(write, member, None, now)).unwrap(), 1);
    place
        .store
        .read(|read| {
            assert!(!has_any(read, member)?);
            assert_eq!(codes_left(read, member)?, None);
            assert_eq!(notices_of(read, member)?.len(), 1);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}
