//! Cards as rows: issuing, cancelling, asking.

use jiff::Timestamp;
use store::{Clock, Id, Index, Indexer, Order, Plain, Read, Record, StoreError, Write};

use super::terms::terms_within;
use super::{
    Approval, Card, CardNumber, CardSecret, CardState, Made, Printed, Purpose, Shown, Terms, Wanted,
};
use crate::authority::{Authority, AuthorityError};
use crate::credentials;
use crate::devices::{Device, DeviceState};
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
    #[error("the device that is to be replaced is not in use")]
    NoDevice,
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a card for a first device and a new initial password, on paper.
pub fn issue(
    write: &mut Write<'_>,
    clock: &Clock,
    authority: &Authority,
    member: Id<Member>,
    approval: Approval,
    issued_by: Option<Id<Member>>,
) -> Result<Printed, CardProblem> {
    let wanted =
        Wanted { member, purpose: Purpose::FirstDevice, shown: Shown::Paper, approval, issued_by };
    let made = make(write, clock, authority, wanted)?;
    let initial_password = made.initial_password.ok_or(CardProblem::NoMember)?;
    Ok(Printed { card: made.card, secret: made.secret, initial_password })
}

/// Makes a card or a code. Paper ends every open card of the member in the same act, a code on a
/// screen only other codes: a letter on its way stays good. Paper in the place of a device ends
/// only other paper for that device: a member who keeps three of them gets three letters.
pub fn make(
    write: &mut Write<'_>,
    clock: &Clock,
    authority: &Authority,
    wanted: Wanted,
) -> Result<Made, CardProblem> {
    let holder: Member = write.get(&wanted.member)?.ok_or(CardProblem::NoMember)?;
    if let Some(old) = wanted.purpose.replaces() {
        let old: Device = write.get(&old)?.ok_or(CardProblem::NoDevice)?;
        if old.state != DeviceState::Active || old.facility != holder.facility {
            return Err(CardProblem::NoDevice);
        }
    }
    end_earlier(write, wanted)?;
    let secret = CardSecret::random(clock);
    let issued_at = clock.now();
    let number = CardNumber::random(clock);
    let valid = match wanted.shown {
        Shown::Paper => Card::VALID,
        Shown::OfficeScreen | Shown::OwnDevice(_) => Card::CODE_VALID,
    };
    // A card of no device has nothing to redeem, so it keeps no door open.
    let redeemable = wanted.purpose.makes_device();
    let mut card = Card {
        number,
        member: wanted.member,
        facility: holder.facility,
        approval: wanted.approval,
        state: if redeemable { CardState::Open } else { CardState::Used },
        secret: write.blind(&secret.word("card")),
        wrong_tries: 0,
        issued_at,
        expires_at: issued_at + valid,
        issued_by: wanted.issued_by,
        signature: Vec::new(),
    };
    let terms = Terms { card: number, purpose: wanted.purpose, shown: wanted.shown };
    card.signature = authority.sign_card(&terms.statement(&card))?;
    write.put(&card)?;
    write.put(&terms)?;
    let initial_password = wanted.purpose.makes_password().then(|| CardSecret::random(clock));
    if let Some(password) = &initial_password {
        let kept = write.blind(&password.word("initial"));
        credentials::set_initial(write, wanted.member, kept, card.expires_at)?;
    }
    Ok(Made { card, secret, initial_password, terms })
}

fn end_earlier(write: &mut Write<'_>, wanted: Wanted) -> Result<(), StoreError> {
    let order = Order::Ascending;
    let page = write.page_by::<CardByMember>(&wanted.member, order, None, CARDS_OF_MEMBER_MAX)?;
    for mut earlier in page.rows {
        let terms = terms_within(write, earlier.number)?;
        let is_paper = terms.shown == Shown::Paper;
        let ends = match (wanted.shown, wanted.purpose) {
            (Shown::Paper, Purpose::Replace(_)) => is_paper && terms.purpose == wanted.purpose,
            (Shown::Paper, Purpose::FirstDevice | Purpose::AddDevice | Purpose::PasswordReset) => {
                true
            }
            (Shown::OfficeScreen | Shown::OwnDevice(_), _) => !is_paper,
        };
        if earlier.state == CardState::Open && ends {
            earlier.state = CardState::Cancelled;
            write.put(&earlier)?;
        }
    }
    Ok(())
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
