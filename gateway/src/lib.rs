//! A WireGuard endpoint that needs no privilege and lets its peers reach one service only.

pub mod dns;
pub mod namespace;
mod system;
