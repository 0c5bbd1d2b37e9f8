//! Sending: the last look, and the act.

pub mod pages;
#[cfg(test)]
mod tests;
