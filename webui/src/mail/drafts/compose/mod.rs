//! Writing: the form that saves itself.

pub mod pages;
mod say;
mod view;

#[cfg(test)]
mod tests;
