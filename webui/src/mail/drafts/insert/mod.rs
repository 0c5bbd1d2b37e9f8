//! What a button puts into a letter: a set phrase, or the words that are answered.

pub mod pages;
#[cfg(test)]
mod tests;
