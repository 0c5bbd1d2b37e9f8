//! The server's public certificates, one a host: what is kept of them, when they are renewed, and
//! what there is to worry about.
//!
//! Rules and rows only. `webui/src/acme` talks to the authority that signs them.

mod model;
mod tables;
#[cfg(test)]
mod tests;

pub use model::{
    Account, Alarm, Asked, Attempt, Barrier, Host, PublicCertificate, Standing, Trouble, Wish, due,
    planned, renew_at, spread, wait_after,
};
pub use tables::{account, ask, attempt, certificate, standing, wish};
