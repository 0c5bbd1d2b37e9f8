//! Passkeys: a second proof of the person, beside the password, made by hardware of the member's.
//!
//! `ceremony` is what browser and box say to each other, `codes` the paper for when the hardware
//! is lost, `rule` whether office roles must have one, `notices` what member and office are told.

mod ceremony;
mod codes;
mod model;
mod notices;
mod rule;
mod tables;
#[cfg(test)]
mod tests;

pub use ceremony::{Asked, CeremonyProblem, NewKey, Proof, RelyingParty};
pub use codes::{CODES, RecoveryCode, codes_left, make_codes, spend_code};
pub use model::{Ceremony, KeyName, NameProblem, Passkey, Purpose};
pub use notices::{
    NoticeKind, PasskeyNotice, notices_for_office, notices_of, tell, told_member, told_office,
};
pub use rule::{Owed, PasskeyRule, owed, owed_within, rule};
pub use tables::{
    AddProblem, UseProblem, add, has_any, note_use, of_member, remove, reset, take_ceremony,
};
