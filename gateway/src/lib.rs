//! A WireGuard endpoint that needs no privilege and lets its peers reach one service only.
//!
//! [`Gateway::start`] is the way in. `engine` decides, without sockets and clocks; `run` moves
//! bytes; `namespace` makes the network that the service stands in; `wireguard` is the one file
//! that knows the protocol's library.

mod bytes;
mod config;
pub mod dns;
pub mod engine;
mod filter;
pub mod fuzz;
pub mod namespace;
pub mod offload;
mod run;
mod system;
mod wireguard;

pub use config::{Config, Inside, Outside, Peer, PeerId, Secret32, Session, public_key};
pub use namespace::{StartProblem, Warning};
pub use run::{Gateway, Listeners, Prepared, Status};
