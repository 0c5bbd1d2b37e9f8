//! A WireGuard endpoint that needs no privilege and lets its peers reach one service only.

pub mod namespace;
mod system;
