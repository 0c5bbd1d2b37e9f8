//! Cards, and the way from a card to a device; `details` serves the other folders' tests.

use std::sync::LazyLock;

use store::{Act, Actor, Clock, Store};

use super::*;
use crate::authority::{Authority, AuthorityKeys, Names, verify_card};
use crate::facilities::{self, FacilityCode, FacilityDetails, FacilityKind};
use crate::members::{self, Job, Login, Member, MemberDetails, PersonName, Role, Roles};

pub(crate) fn details() -> FacilityDetails {
    FacilityDetails {
        kind: FacilityKind::HomeNursing,
        name: "訪問看護ステーション あおば".to_owned(),
        kana: "ホウモンカンゴステーション アオバ".to_owned(),
        short: String::new(),
        postal: "000-0000".to_owned(),
        address: "あおば市1-1".to_owned(),
        phone: "000-0000-0000".to_owned(),
        fax: String::new(),
    }
}

pub(crate) struct Fixture {
    pub store: Store,
    pub authority: std::sync::Arc<Authority>,
    pub member: Member,
    _folder: tempfile::TempDir,
}

pub(crate) fn act(store: &Store) -> Act {
    Act::new(Actor::Operator, "test", store.clock().now())
}

/// Founding stretches the root's passphrase on purpose; once is enough.
static AUTHORITY: LazyLock<AuthorityKeys> = LazyLock::new(|| {
    let names = Names::parse("あおばネット", "aoba.example").unwrap();
    let now = "2026-04-01T00:00:00Z".parse().unwrap();
    Authority::found(&names, "six words on paper", now).unwrap().0.keys()
});

pub(crate) fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::fixed("2026-04-01T00:00:00Z".parse().unwrap(), 1);
    let store = Store::in_memory(folder.path(), clock.clone()).unwrap();
    let authority = Authority::from_keys(AUTHORITY.clone()).unwrap();
    let member = store
        .write_and_wait(act(&store), move |write| {
            let code = FacilityCode::with_check_digit([1, 5, 1, 0, 0, 0, 0, 0, 1]);
            let facility = facilities::register(write, &clock, code, details()).unwrap();
            let name = PersonName {
                family: "佐藤".to_owned(),
                given: "花".to_owned(),
                family_kana: "サトウ".to_owned(),
                given_kana: "ハナ".to_owned(),
            };
            let roles = Roles::of([Role::Staff]);
            let details =
                MemberDetails { name, job: Job::Nurse, roles, starts: None, retires: None };
            let login = Login::parse("sato01").unwrap();
            members::register(write, &clock, facility.id, login, details)
        })
        .unwrap();
    Fixture { store, authority: std::sync::Arc::new(authority), member, _folder: folder }
}

impl Fixture {
    pub fn issue(&self, approval: Approval) -> Printed {
        let (authority, clock) = (self.authority.clone(), self.store.clock().clone());
        let member = self.member.id;
        self.store
            .write_and_wait(act(&self.store), move |write| {
                issue(write, &clock, &authority, member, approval, None)
            })
            .unwrap()
    }

    pub fn card(&self, number: CardNumber) -> Card {
        self.store.read(|read| read.get::<Card>(&number.bytes())).unwrap().unwrap()
    }
}

#[test]
fn a_new_card_ends_the_one_before() {
    let fixture = fixture();
    let first = fixture.issue(Approval::Needed);
    let second = fixture.issue(Approval::Needed);
    assert_eq!(fixture.card(first.card.number).state, CardState::Cancelled);
    assert_eq!(fixture.card(second.card.number).state, CardState::Open);
}

#[test]
fn a_card_is_signed_by_the_card_key() {
    let fixture = fixture();
    let printed = fixture.issue(Approval::Needed);
    let card = fixture.card(printed.card.number);
    let root = fixture.authority.root_certificate();
    let key = fixture.authority.card_certificates().next().unwrap();
    assert!(verify_card(root, key, &card.statement(), &card.signature, card.issued_at));
    let mut forged = card.clone();
    forged.issued_at += jiff::SignedDuration::from_secs(1);
    assert!(!verify_card(root, key, &forged.statement(), &card.signature, card.issued_at));
}

#[test]
fn pages_are_open_only_while_a_card_is() {
    let fixture = fixture();
    let open = |at| fixture.store.read(|read| any_open(read, at)).unwrap();
    let now = fixture.store.clock().now();
    assert!(!open(now));
    fixture.issue(Approval::Needed);
    assert!(open(now));
    assert!(!open(now + Card::VALID));
}

#[test]
fn cards_of_a_member_come_newest_first() {
    let fixture = fixture();
    let mut issued = Vec::new();
    for _ in 0..4 {
        issued.insert(0, fixture.issue(Approval::Needed).card.number);
        fixture.store.clock().advance(jiff::SignedDuration::from_secs(1));
    }
    let found = fixture.store.read(|read| of_member(read, fixture.member.id)).unwrap();
    assert_eq!(found.iter().map(|card| card.number).collect::<Vec<_>>(), issued);
}

#[test]
fn open_cards_are_neither_ended_nor_expired() {
    let fixture = fixture();
    let count = |at| fixture.store.read(|read| open(read, at)).unwrap().len();
    let now = fixture.store.clock().now();
    fixture.issue(Approval::Needed);
    fixture.issue(Approval::Needed);
    assert_eq!(count(now), 1, "the newer card ended the other");
    assert_eq!(count(now + Card::VALID), 0);
}

#[test]
fn what_is_typed_from_paper_is_read_kindly() {
    let typed = CardSecret::parse("o1il-ａｂｃｄ ー 2345").map(|secret| secret.plain());
    assert_eq!(typed.as_deref(), Some("0111ABCD2345"));
    assert!(CardSecret::parse("UUUU-UUUU-UUUU").is_none(), "U is no symbol");
    assert!(CardSecret::parse("0000/0000/0000").is_none(), "a stroke is not guessed away");
}
