//! Tests of the whole.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on fails where it stands, and says what it measured"
)]

mod arrows;
mod tidy;

mod acme;

mod fuzz;
mod pace;
mod slow;
mod tls;
mod upgrade;

mod csrf;
mod gate;
mod sessions;

mod cut;

mod outside;

mod enrolment;
mod inside;
mod renewal;
mod script;
mod startup;

mod checks;
mod crash;
mod found;
mod restore;
mod stolen;

mod errors;
