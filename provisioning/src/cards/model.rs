//! What a card is, and what is printed on it once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Clock, Id};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Purpose, Shown, Terms};
use crate::facilities::Facility;
use crate::members::Member;
use crate::symbols;

/// Public: printed, spoken on the telephone, shown to the office.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CardNumber([u8; 8]);

impl CardNumber {
    pub fn random(clock: &Clock) -> Self {
        Self(symbols::random(clock))
    }

    pub fn parse(text: &str) -> Option<Self> {
        symbols::read(text).map(Self)
    }

    pub fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// Without hyphens, for the QR code.
    pub fn plain(self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl std::fmt::Display for CardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&symbols::grouped(&self.0))
    }
}

impl std::fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Sixty random bits: on paper, in the act that makes the card, and nowhere else.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CardSecret([u8; 12]);

impl CardSecret {
    pub fn random(clock: &Clock) -> Self {
        Self(symbols::random(clock))
    }

    pub fn parse(text: &str) -> Option<Self> {
        symbols::read(text).map(Self)
    }

    pub fn plain(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    pub fn grouped(&self) -> String {
        symbols::grouped(&self.0)
    }

    /// What the keyed hash is taken of: one purpose each, so that no secret serves two ends.
    pub(crate) fn word(&self, purpose: &str) -> Vec<u8> {
        [purpose.as_bytes(), b"\0", &self.0].concat()
    }
}

impl std::fmt::Debug for CardSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardSecret")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub number: CardNumber,
    pub member: Id<Member>,
    pub facility: Id<Facility>,
    pub approval: Approval,
    pub state: CardState,
    /// Keyed hash of the secret: sixty random bits gain nothing from a slow one.
    pub secret: [u8; 16],
    pub wrong_tries: u8,
    #[serde(with = "store::micros")]
    pub issued_at: Timestamp,
    #[serde(with = "store::micros")]
    pub expires_at: Timestamp,
    /// `None` from the console.
    pub issued_by: Option<Id<Member>>,
    /// Proves to whoever holds the root certificate that the office issued this card.
    pub signature: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Approval {
    /// A second pair of eyes compares six digits.
    Needed,
    /// The console made the card for whoever stands there.
    Waived,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardState {
    Open,
    Used,
    /// A newer card of the member, or the office, ended it.
    Cancelled,
    /// Too many wrong secrets.
    Locked,
}

impl Card {
    /// Long enough for the post and a holiday.
    pub const VALID: SignedDuration = SignedDuration::from_hours(14 * 24);

    /// A code on a screen: long enough to fetch the other device and to type, too short to be
    /// found in a photo later.
    pub const CODE_VALID: SignedDuration = SignedDuration::from_mins(15);

    /// With sixty bits, ten tries find a secret once in 10^17.
    pub const WRONG_TRIES_MAX: u8 = 10;

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == CardState::Open && now < self.expires_at
    }

    /// What the card key signs: everything that an auditor may ask about.
    pub(crate) fn statement(&self) -> Vec<u8> {
        let issued_by = self.issued_by.map_or([0; 16], Id::bytes);
        [
            b"tokinet card 1\0".as_slice(),
            &self.number.bytes(),
            &self.member.bytes(),
            &self.facility.bytes(),
            &issued_by,
            &self.issued_at.as_microsecond().to_be_bytes(),
            &self.expires_at.as_microsecond().to_be_bytes(),
        ]
        .concat()
    }
}

/// What one print view shows once.
#[derive(Debug)]
pub struct Printed {
    pub card: Card,
    pub secret: CardSecret,
    pub initial_password: CardSecret,
}

/// What is asked for when a card or a code is made.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub member: Id<Member>,
    pub purpose: Purpose,
    pub shown: Shown,
    pub approval: Approval,
    /// `None` from the console.
    pub issued_by: Option<Id<Member>>,
}

/// A card or a code, with the secrets that are shown once.
#[derive(Debug)]
pub struct Made {
    pub card: Card,
    pub secret: CardSecret,
    pub initial_password: Option<CardSecret>,
    pub terms: Terms,
}
