//! The pages.

pub mod pictures;
