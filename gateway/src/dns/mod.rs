//! Names inside the tunnel: our own, and REFUSED for every other.
//!
//! `answer.rs` is the whole of the rules, as a function of bytes; `run.rs` moves the bytes.

mod answer;
mod run;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Zone, ZoneProblem, answer};
pub use run::Answerer;

/// Of a question that is looked at; what is longer is cut off and then wrong. The value is what
/// goes through every network unbroken, and what answers name as their limit.
pub const QUESTION_BYTES_MAX: usize = 1232;

/// Of an answer: even the longest name leaves it below what every client takes without EDNS.
pub const ANSWER_BYTES_MAX: usize = 512;
