//! What is kept of a passkey, and of the question that one has to answer.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Id;

use crate::devices::Device;
use crate::members::Member;

/// What a member calls the hardware.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyName(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameProblem {
    Empty,
    TooLong,
}

impl KeyName {
    /// A line of the list.
    pub const CHARS_MAX: usize = 30;

    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        let text: String = text.trim().chars().filter(|c| !c.is_control()).collect();
        match text.chars().count() {
            0 => Err(NameProblem::Empty),
            chars if chars > Self::CHARS_MAX => Err(NameProblem::TooLong),
            _ => Ok(Self(text)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyName({} chars)", self.0.chars().count())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    pub id: Id<Self>,
    pub member: Id<Member>,
    pub name: KeyName,
    /// What the hardware knows the key by, and a keyed hash of it to find its row.
    pub credential: Vec<u8>,
    pub mark: [u8; 16],
    /// In COSE's form.
    pub public_key: Vec<u8>,
    pub algorithm: i32,
    /// How often it has signed, where it counts; it never goes back.
    pub counter: u32,
    /// How browsers reach it, in their own words.
    pub transports: Vec<String>,
    #[serde(with = "store::micros")]
    pub made_at: Timestamp,
    #[serde(with = "store::micros::maybe")]
    pub used_at: Option<Timestamp>,
}

impl Passkey {
    /// The PC at the desk, the tablet, the telephone, a key in the safe, and as many to come.
    pub const OF_MEMBER_MAX: usize = 10;

    /// Hardware that counts has signed once more each time; hardware that does not says zero.
    pub fn counts_on(&self, counter: u32) -> bool {
        counter > self.counter || (counter == 0 && self.counter == 0)
    }
}

/// A question that waits for its answer: of one session or log-in, at one device, once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ceremony {
    /// The session's or the log-in's blinded cookie.
    pub of: [u8; 16],
    pub device: Id<Device>,
    pub purpose: Purpose,
    /// What the page hands to the browser.
    pub shown: String,
    /// What the answer is held against.
    pub kept: Vec<u8>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    Register { name: KeyName },
    Prove,
}

impl Ceremony {
    /// Long enough to find the key in the bag.
    pub const VALID: SignedDuration = SignedDuration::from_mins(5);

    pub fn is_open(&self, device: Id<Device>, now: Timestamp) -> bool {
        self.device == device && now.duration_since(self.at) < Self::VALID
    }
}
