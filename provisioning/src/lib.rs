//! Who exists: facilities, members, devices, cards, and the authority that signs for them.
//!
//! Start with `facilities` and `members`, then `cards` and `enrolment`, which turn paper into
//! a working device, `tunnel`, its other way in, and `renewal`, which keeps it working. Nothing
//! here knows of pages or sockets.

pub mod network;

pub mod facilities;
pub mod members;

pub mod mailboxes;

pub mod credentials;
pub mod passkeys;

pub mod devices;

pub mod cards;

pub mod enrolment;
pub mod mobileconfig;

pub mod renewal;

pub mod tunnel;

pub mod stock;

pub mod authority;

pub mod public;

pub mod directory;
pub mod japanese;
mod keyed;
pub mod sheets;
mod symbols;
