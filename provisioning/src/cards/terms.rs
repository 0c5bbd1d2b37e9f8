//! What a card or a code is good for, and where its secret was shown.
//!
//! Kept beside the card's own row, so that cards of before need no row: they are for a first
//! device, on paper.

use serde::{Deserialize, Serialize};
use store::{Id, Plain, Read, Record, StoreError, Write};

use super::{Card, CardNumber};
use crate::devices::Device;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub card: CardNumber,
    pub purpose: Purpose,
    pub shown: Shown,
}

/// One purpose each, looked at when the secret is used; the order is that of stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// A device and an initial password.
    FirstDevice,
    /// One more device; the password stays.
    AddDevice,
    /// A device in the place of this one; the password stays.
    Replace(Id<Device>),
    /// An initial password and no device.
    PasswordReset,
}

/// Where the secret can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    Paper,
    /// On the office's screen, read out on the telephone.
    OfficeScreen,
    /// On a working device of the member, who may approve there as well.
    OwnDevice(Id<Device>),
}

impl Purpose {
    pub const fn makes_password(self) -> bool {
        match self {
            Self::FirstDevice | Self::PasswordReset => true,
            Self::AddDevice | Self::Replace(_) => false,
        }
    }

    pub const fn makes_device(self) -> bool {
        match self {
            Self::FirstDevice | Self::AddDevice | Self::Replace(_) => true,
            Self::PasswordReset => false,
        }
    }

    pub const fn replaces(self) -> Option<Id<Device>> {
        match self {
            Self::Replace(device) => Some(device),
            Self::FirstDevice | Self::AddDevice | Self::PasswordReset => None,
        }
    }
}

impl Terms {
    fn of_before(card: CardNumber) -> Self {
        Self { card, purpose: Purpose::FirstDevice, shown: Shown::Paper }
    }

    /// What the card key signs: the card's own statement, and what the card is good for.
    pub(crate) fn statement(&self, card: &Card) -> Vec<u8> {
        let (purpose, device) = match self.purpose {
            Purpose::FirstDevice => return card.statement(),
            Purpose::AddDevice => (1, [0; 16]),
            Purpose::Replace(device) => (2, device.bytes()),
            Purpose::PasswordReset => (3, [0; 16]),
        };
        [card.statement().as_slice(), b"\0for\0", &[purpose], &device].concat()
    }
}

impl Record for Terms {
    type Key = [u8; 8];
    const TABLE: &'static str = "card_terms";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.card.bytes()
    }
}

impl Plain for Terms {}

pub fn terms(read: &Read<'_>, card: CardNumber) -> Result<Terms, StoreError> {
    Ok(read.get(&card.bytes())?.unwrap_or_else(|| Terms::of_before(card)))
}

/// The same inside an act.
pub(crate) fn terms_within(write: &Write<'_>, card: CardNumber) -> Result<Terms, StoreError> {
    Ok(write.get(&card.bytes())?.unwrap_or_else(|| Terms::of_before(card)))
}
