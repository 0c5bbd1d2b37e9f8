//! What an enrolment is, and where it stands.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Clock, Id};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::authority::AuthorityError;
use crate::cards::CardNumber;
use crate::devices::{Device, Platform};
use crate::facilities::Facility;
use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    pub id: Id<Self>,
    pub card: CardNumber,
    pub member: Id<Member>,
    pub facility: Id<Facility>,
    pub device_name: String,
    pub platform: Platform,
    pub form: Form,
    /// Six digits that both sides compare.
    pub digits: String,
    /// Blinded token of the browser or program that redeemed the card.
    pub session: [u8; 16],
    /// Where the request came from, for the eyes of whoever approves.
    pub address: String,
    pub state: EnrolmentState,
    #[serde(with = "store::micros")]
    pub redeemed_at: Timestamp,
    #[serde(with = "store::micros::maybe")]
    pub approved_at: Option<Timestamp>,
    pub approved_by: Option<Id<Member>>,
    pub device: Option<Id<Device>>,
    #[serde(with = "store::micros::maybe")]
    pub issued_at: Option<Timestamp>,
    #[serde(with = "store::micros::maybe")]
    pub first_seen_at: Option<Timestamp>,
}

/// How the certificate is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// `.p12` with AES-256: Windows 10 and newer, iPadOS 18, Android 14.
    Pkcs12,
    /// `.p12` with 3DES: what older iPads and Androids read.
    Pkcs12Old,
    /// The device made its key and sends a request: `tokinet enrol`.
    Request,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnrolmentState {
    WaitingApproval,
    Approved,
    Issued,
    FirstSeen,
    Refused,
}

impl Enrolment {
    /// A person with a card in hand needs minutes; the office may be on the telephone.
    pub const SESSION_VALID: SignedDuration = SignedDuration::from_mins(30);

    /// Long enough for a slow clerk to take what was approved.
    pub const DOWNLOAD_VALID: SignedDuration = SignedDuration::from_mins(10);

    pub fn is_expired(&self, now: Timestamp) -> bool {
        match (self.state, self.approved_at) {
            (EnrolmentState::WaitingApproval, _) | (EnrolmentState::Approved, None) => {
                now.duration_since(self.redeemed_at) > Self::SESSION_VALID
            }
            (EnrolmentState::Approved, Some(at)) => now.duration_since(at) > Self::DOWNLOAD_VALID,
            (EnrolmentState::Issued | EnrolmentState::FirstSeen | EnrolmentState::Refused, _) => {
                false
            }
        }
    }

    /// From the card to the first good connection: the figure that the product is judged by.
    pub fn took(&self) -> Option<SignedDuration> {
        Some(self.first_seen_at?.duration_since(self.redeemed_at))
    }
}

/// What binds the steps of one redemption together; a cookie, or a field in a program.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    pub fn random(clock: &Clock) -> Self {
        Self(clock.random())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    pub fn text(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    pub(crate) fn word(&self, purpose: &str) -> Vec<u8> {
        [purpose.as_bytes(), b"\0", &self.0].concat()
    }
}

/// What the holder of a card asks for.
#[derive(Clone, Debug)]
pub struct Redemption {
    pub device_name: String,
    pub platform: Platform,
    pub form: Form,
    pub address: String,
}

#[derive(Debug, thiserror::Error)]
pub enum EnrolmentProblem {
    /// One answer for an unknown number, a wrong secret, and a card that is used up: a stranger
    /// must not learn which.
    #[error("the card does not fit")]
    WrongCard,
    #[error("the card was locked after too many wrong tries")]
    Locked,
    #[error("no such enrolment")]
    Unknown,
    #[error("the digits differ from those of the enrolment")]
    OtherDigits,
    #[error("the enrolment is not at this step")]
    OtherStep,
    #[error("the enrolment took too long")]
    Expired,
    #[error("this key was certified before")]
    KeyKnown,
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Store(#[from] store::StoreError),
}
