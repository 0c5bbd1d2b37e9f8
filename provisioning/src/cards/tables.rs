//! Cards as rows: issuing, cancelling, asking.

use jiff::Timestamp;
use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::{Approval, Card, CardNumber, CardSecret, CardState, Printed};
use crate::authority::{Authority, AuthorityError};
use crate::credentials;
use crate::members::Member;

impl Record for Card {
    type Key = [u8; 8];
    const TABLE: &'static str = "cards";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[CardByMember::TABLE, CardByState::TABLE];

    fn key(&self) -> Self::Key {
        self.number.bytes()
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<CardByMember>(&self.member);
        indexer.add::<CardByState>(&(CardByState::of(self.state), self.expires_at));
    }
}

impl Plain for Card {}

pub struct CardByMember;

impl Index for CardByMember {
    type Record = Card;
    type Key = Id<Member>;
    const TABLE: &'static str = "cards_by_member";
}

/// Open cards first, those that end first in front.
pub struct CardByState;

impl Index for CardByState {
    type Record = Card;
    type Key = (u8, Timestamp);
    const TABLE: &'static str = "cards_by_state";
}

impl CardByState {
    pub const fn of(state: CardState) -> u8 {
        match state {
            CardState::Open => 0,
            CardState::Used => 1,
            CardState::Cancelled => 2,
            CardState::Locked => 3,
        }
    }
}

/// Cards of one member over the years.
const CARDS_OF_MEMBER_MAX: usize = 200;

/// A card for everybody of a large area at once.
const OPEN_CARDS_MAX: usize = 20_000;
const OPEN_CARDS_A_READ: usize = 500;

#[derive(Debug, thiserror::Error)]
pub enum CardProblem {
    #[error("no such member")]
    NoMember,
    #[error("no such card")]
    Unknown,
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a card and a new initial password; open cards of the member end in the same act.
pub fn issue(
    write: &mut Write<'_>,
    clock: &Clock,
    authority: &Authority,
    member: Id<Member>,
    approval: Approval,
    issued_by: Option<Id<Member>>,
) -> Result<Printed, CardProblem> {
    let holder: Member = write.get(&member)?.ok_or(CardProblem::NoMember)?;
    for mut earlier in
        write.page_by::<CardByMember>(&member, Order::Ascending, None, CARDS_OF_MEMBER_MAX)?.rows
    {
        if earlier.state == CardState::Open {
            earlier.state = CardState::Cancelled;
            write.put(&earlier)?;
        }
    }
    let (secret, initial_password) = (CardSecret::random(clock), CardSecret::random(clock));
    let issued_at = clock.now();
    let mut card = Card {
        number: CardNumber::random(clock),
        member,
        facility: holder.facility,
        approval,
        state: CardState::Open,
        secret: write.blind(&secret.word("card")),
        wrong_tries: 0,
        issued_at,
        expires_at: issued_at + Card::VALID,
        issued_by,
        signature: Vec::new(),
    };
    card.signature = authority.sign_card(&card.statement())?;
    write.put(&card)?;
    let password = write.blind(&initial_password.word("initial"));
    credentials::set_initial(write, member, password, card.expires_at)?;
    Ok(Printed { card, secret, initial_password })
}

pub fn cancel(write: &mut Write<'_>, number: CardNumber) -> Result<Card, CardProblem> {
    let mut card: Card = write.get(&number.bytes())?.ok_or(CardProblem::Unknown)?;
    if card.state == CardState::Open {
        card.state = CardState::Cancelled;
        write.put(&card)?;
    }
    Ok(card)
}

/// Whether the enrolment pages have any reason to be open.
pub fn any_open(read: &Read<'_>, now: Timestamp) -> Result<bool, StoreError> {
    let open = CardByState::of(CardState::Open);
    let last = read.page_by::<CardByState>(&open, Order::Descending, None, 1)?.rows.pop();
    Ok(last.is_some_and(|card| card.is_open(now)))
}

/// Cards that may still be used, the soonest to expire first.
pub fn open(read: &Read<'_>, now: Timestamp) -> Result<Vec<Card>, StoreError> {
    let state = CardByState::of(CardState::Open);
    let mut open: Vec<Card> = Vec::new();
    let mut after = None;
    while open.len() < OPEN_CARDS_MAX {
        let page = read.page_by::<CardByState>(
            &state,
            Order::Descending,
            after.as_ref(),
            OPEN_CARDS_A_READ,
        )?;
        // Expired ones keep their state, and stand behind those that are not.
        let reached_expired = page.rows.iter().any(|card| !card.is_open(now));
        open.extend(page.rows.into_iter().filter(|card| card.is_open(now)));
        after = page.next;
        if reached_expired || after.is_none() {
            break;
        }
    }
    open.reverse();
    Ok(open)
}

/// Newest first.
pub fn of_member(read: &Read<'_>, member: Id<Member>) -> Result<Vec<Card>, StoreError> {
    let page =
        read.page_by::<CardByMember>(&member, Order::Ascending, None, CARDS_OF_MEMBER_MAX)?;
    let mut cards = page.rows;
    // Their keys are random numbers.
    cards.sort_by_key(|card| std::cmp::Reverse(card.issued_at));
    Ok(cards)
}

/// Whether what somebody typed is the initial password of this credential.
pub fn initial_password_fits(read: &Read<'_>, kept: &[u8; 16], typed: &str) -> bool {
    let Some(secret) = CardSecret::parse(typed) else { return false };
    let typed = read.blind(&secret.word("initial"));
    aws_lc_rs::constant_time::verify_slices_are_equal(&typed, kept).is_ok()
}
