//! The network itself: its authority's keys, what the office decided, whom to telephone.

mod model;
mod tables;

pub use model::{Network, OfficeContact};
pub use tables::{authority, found, set_rules, settings};
