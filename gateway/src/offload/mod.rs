//! Large packets of the TUN: one read is split into what the wire carries, and what came from the
//! wire in a row is written at once.
//!
//! The kernel describes a large packet by a virtio header (`header.rs`). `split.rs` makes packets
//! out of one in place; `coalesce.rs` does the reverse. Neither trusts what it reads.

mod checksum;
mod coalesce;
mod header;
mod segment;
mod split;
#[cfg(test)]
mod tests;

pub use checksum::{Sum, pseudo_header};
pub use coalesce::{Coalescer, Large, PIECES_MAX};
pub use header::{HEADER_BYTES, Header, Segmentation, Shape, TCP};
pub use split::{SPARE_BYTES, Split, SplitProblem};
