//! Helpers of the tests: a network with a real store behind real TLS, and those who come to it.
//!
//! `network` starts one in this process, `program` runs the real binary; `browser` is a member at
//! a device, on the connections of `line`; `forged` makes certificates that nobody should trust.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on fails where it stands"
)]

pub mod network;
pub mod pebble;
pub mod program;

pub mod browser;
pub mod line;

pub mod forged;
pub mod load;
pub mod mail_server;
pub mod scan;
