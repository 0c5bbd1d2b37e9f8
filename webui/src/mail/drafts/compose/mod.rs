//! Writing: the form that saves itself.

pub mod pages;
#[cfg(test)]
mod tests;
