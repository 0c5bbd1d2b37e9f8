//! Recovery codes: ten lines on paper, each good for one log-in without the hardware.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Clock, Id, Plain, Read, Record, StoreError, Write};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::members::Member;
use crate::symbols;

/// Enough for years of forgotten keys, few enough for one sheet.
pub const CODES: usize = 10;

/// Sixty random bits: on paper, on the page that shows them once, and nowhere else.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; 12]);

impl RecoveryCode {
    fn random(clock: &Clock) -> Self {
        Self(symbols::random(clock))
    }

    pub fn parse(text: &str) -> Option<Self> {
        symbols::read(text).map(Self)
    }

    pub fn grouped(&self) -> String {
        symbols::grouped(&self.0)
    }

    /// One member's code is no other's.
    fn word(&self, member: Id<Member>) -> Vec<u8> {
        [b"recovery\0".as_slice(), &member.bytes(), &self.0].concat()
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode")
    }
}

/// Keyed hashes of the codes that are still good.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RecoveryCodes {
    member: Id<Member>,
    open: Vec<[u8; 16]>,
    #[serde(with = "store::micros")]
    made_at: Timestamp,
}

impl Record for RecoveryCodes {
    type Key = Id<Member>;
    const TABLE: &'static str = "recovery_codes";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.member
    }
}

impl Plain for RecoveryCodes {}

/// Those of before are void.
pub fn make_codes(
    write: &mut Write<'_>,
    clock: &Clock,
    member: Id<Member>,
) -> Result<Vec<RecoveryCode>, StoreError> {
    let codes: Vec<_> = (0..CODES).map(|_| RecoveryCode::random(clock)).collect();
    let open = codes.iter().map(|code| write.blind(&code.word(member))).collect();
    write.put(&RecoveryCodes { member, open, made_at: clock.now() })?;
    Ok(codes)
}

/// `None` where none were ever made.
pub fn codes_left(read: &Read<'_>, member: Id<Member>) -> Result<Option<usize>, StoreError> {
    Ok(read.get::<RecoveryCodes>(&member)?.map(|codes| codes.open.len()))
}

/// Whether it was one; it is none afterwards.
pub fn spend_code(
    write: &mut Write<'_>,
    member: Id<Member>,
    code: &RecoveryCode,
) -> Result<bool, StoreError> {
    let Some(mut codes) = write.get::<RecoveryCodes>(&member)? else { return Ok(false) };
    let spent = write.blind(&code.word(member));
    let before = codes.open.len();
    codes.open.retain(|open| *open != spent);
    let was_one = codes.open.len() < before;
    if was_one {
        write.put(&codes)?;
    }
    Ok(was_one)
}
