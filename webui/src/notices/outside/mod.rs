//! Telling whoever is not at a screen: by plain e-mail or Web Push, never with a word about
//! anybody.
//!
//! `model` says who is told where and when, `tables` keeps what waits, `acts` lets it wait, cancels
//! it and takes it in hand, and `run` sends. What waits is a row that the arrival's act puts and
//! that the reading act deletes. A worker claims what is due under a lease, sends, and says what
//! became of it: a box that dies between the two sends again, so outside a notice is told at
//! least once, and twice only then.

mod acts;
mod claim;
mod letter;
mod model;
mod run;
mod smtp;
mod tables;

pub mod say;

#[cfg(test)]
mod tests;

pub use acts::{
    arrive_at_facility, await_member, cancel, cancel_outside, close_shown, end_at_facility, forget,
};
pub use claim::{Outcome, claim, finish};
pub use letter::Letter;
pub use model::{
    Address, Dead, Health, Holder, Outside, OutsidePolicy, Proof, PushRules, Reason, Smtp,
    SmtpAccess, SmtpTls, Stopped, Subscription, To, Trouble, Waiting, Way, WayKind, Wish,
};
pub use run::{run, tell_due as look};
pub use smtp::send;
pub use tables::{
    DeadByAge, WAYS_MAX, WayByEndpoint, WayByHolder, dead_rows, health, policy, queue, ways_of,
    ways_within,
};
