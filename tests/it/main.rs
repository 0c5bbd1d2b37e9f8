//! Tests of the whole.

mod arrows;
mod tidy;
