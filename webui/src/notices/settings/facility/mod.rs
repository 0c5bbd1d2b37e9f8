//! A facility's usual quiet hours and its own address, in its manager's hands.

pub mod pages;

#[cfg(test)]
mod tests;
