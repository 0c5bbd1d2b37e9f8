//! Public certificates for the two hosts, from an authority that speaks ACME (RFC 8555).
//!
//! `keeper` sees what is due and writes down what came of it; `order` is one certificate from
//! account to chain; `proof` shows that a name is ours, over TLS on the box's own port or through
//! the operator's program for DNS (`hook`); `client` carries the requests, `trouble` sorts what
//! can go wrong. When to renew and how long to wait is in `provisioning::public`.

mod client;
mod hook;
mod keeper;
mod order;
mod proof;
mod settings;
mod trouble;

pub use keeper::{Renewal, hosts, run, standings, wait};
pub use settings::{Challenge, External, Hook, LETS_ENCRYPT, Settings};
