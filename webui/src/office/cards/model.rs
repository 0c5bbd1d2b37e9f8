//! What is asked for when cards are made.

use provisioning::cards::{CardProblem, Purpose};
use provisioning::members::Member;
use store::{Id, StoreError};

/// Ten sheets; more than a clerk folds before a break.
pub const CARDS_AT_ONCE_MAX: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// Ten cards on a sheet, to hand out.
    Sheet,
    /// A letter each, to post.
    Letter,
}

impl Paper {
    pub fn of_key(key: &str) -> Self {
        if key == "letter" { Self::Letter } else { Self::Sheet }
    }
}

/// What paper is made for; a form of before says nothing and means a first device.
pub fn purpose(key: &str) -> Purpose {
    match key {
        "add" => Purpose::AddDevice,
        "password" => Purpose::PasswordReset,
        _ => Purpose::FirstDevice,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceProblem {
    Nobody,
    TooMany,
    /// An id that is none: not a form of ours.
    Unreadable,
}

/// Each row once, in the order of the table.
pub fn chosen<'a, T>(ids: impl Iterator<Item = &'a str>) -> Result<Vec<Id<T>>, ChoiceProblem> {
    let mut rows: Vec<Id<T>> = Vec::new();
    for id in ids {
        let id = id.parse().map_err(|_| ChoiceProblem::Unreadable)?;
        if !rows.contains(&id) {
            rows.push(id);
        }
        if rows.len() > CARDS_AT_ONCE_MAX {
            return Err(ChoiceProblem::TooMany);
        }
    }
    if rows.is_empty() { Err(ChoiceProblem::Nobody) } else { Ok(rows) }
}

/// Why no card was made; none of them is, then.
#[derive(Debug, thiserror::Error)]
pub enum IssueProblem {
    #[error("the form was sent before")]
    SentBefore,
    #[error("no card may be made for member {0} now")]
    NotNow(Id<Member>),
    #[error(transparent)]
    Card(#[from] CardProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A hash for eyes: groups of four.
pub fn fingerprint(hash: &[u8; 32]) -> String {
    let groups = hash.chunks(2).map(|pair| data_encoding::HEXUPPER.encode(pair));
    groups.collect::<Vec<_>>().join(" ")
}
