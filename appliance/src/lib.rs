//! The appliance: config, commands, start and stop.
//!
//! `start` is the product; `commands` is how people reach it; `demo` is the fictional network
//! that `tokinet try` shows.

pub mod commands;
pub mod config;
pub mod demo;
pub mod migrations;
pub mod outside;
pub mod peers;

mod client;
mod control;
mod desk;
mod forward;
mod lists;
mod master;
mod names;
mod notify;
mod rights;
mod running;
mod sessions;
mod tunnel;

pub use running::{Choices, GatewayChoice, Running, start, start_with, start_within};
