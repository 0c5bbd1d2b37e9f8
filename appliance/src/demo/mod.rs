//! The fictional network that `tokinet try` shows: its people and mails are data files in this
//! folder, its pictures are drawn.

mod at_hand;
mod data;
mod fill;
pub mod pictures;

pub use data::{DemoNetwork, Mails, MemberData, Persona};
pub use fill::{P12_PASSWORD, PASSWORD, fill, found};
