//! The appliance.

pub mod demo;
