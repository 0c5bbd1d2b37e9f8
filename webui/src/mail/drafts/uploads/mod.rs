//! Files that come in parts: an upload is begun, goes on where a lost line left it, also after
//! the page or the server was started again, and ends as a file of its draft.
//!
//! Its bytes lie sealed in the blobs' folder (`store::KeptName`); the row holds no people's words.

mod model;
mod tables;

pub mod pages;

#[cfg(test)]
mod tests;

pub use model::Upload;
pub use tables::{JOB, begin};
