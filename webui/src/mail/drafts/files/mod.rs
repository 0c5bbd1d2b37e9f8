//! Files of a draft: put there in one stream, or with the form where scripts are off.

#[cfg(test)]
mod hostile_test;
pub mod pages;
#[cfg(test)]
mod tests;
