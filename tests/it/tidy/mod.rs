//! Keeps the tree tidy: each rule is a function from files to offences, and a test runs it over
//! the repository. Start with `tree`, then read the rules in any order.
//!
//! Every rule is also shown a text that breaks it, so that none passes because it looks at
//! nothing. Lists of exceptions stand at the top of their file and may only shrink.

pub mod tree;

mod features;
mod folders;
mod japanese;
mod leftovers;
mod lines;
mod templates;

/// Runs one rule over the repository and fails with every offence it found.
pub fn check(rule: impl Fn(&[tree::File]) -> Vec<String>) {
    let offences = rule(&tree::repository());
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// What a rule says about a tree of these `(path, text)` files.
pub fn offences(
    rule: impl Fn(&[tree::File]) -> Vec<String>,
    files: &[(&str, &str)],
) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(path, text)| tree::File::new(path, text)).collect();
    rule(&files)
}
