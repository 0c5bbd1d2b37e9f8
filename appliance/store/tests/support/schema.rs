//! Letters with receipts: rows, two indexes, blinded words, a counter, house-keeping.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Counter, Housekeeping, Index, Indexer, Newest, Plain, Record, Sensitive};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub number: u64,
    pub author: u8,
    pub text: String,
}

impl Record for Letter {
    type Key = u64;
    const TABLE: &'static str = "letters";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[ByAuthor::TABLE, ByWord::TABLE];

    fn key(&self) -> u64 {
        self.number
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<ByAuthor>(&self.author);
        for word in self.text.split_whitespace() {
            let word = indexer.blind(word.as_bytes());
            indexer.add::<ByWord>(&word);
        }
    }
}

impl Plain for Letter {}

pub struct ByAuthor;

impl Index for ByAuthor {
    type Record = Letter;
    type Key = u8;
    const TABLE: &'static str = "letters_by_author";
}

pub struct ByWord;

impl Index for ByWord {
    type Record = Letter;
    type Key = [u8; 16];
    const TABLE: &'static str = "letters_by_word";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub member: u8,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub letter: u64,
}

impl Record for Receipt {
    type Key = (u8, Newest, u64);
    const TABLE: &'static str = "receipts";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        (self.member, Newest(self.at), self.letter)
    }
}

impl Plain for Receipt {}

pub struct Unread;

impl Counter for Unread {
    type Key = u8;
    const TABLE: &'static str = "unread";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub member: u8,
    pub times: u64,
}

impl Record for Seen {
    type Key = u8;
    const TABLE: &'static str = "seen";
    const VERSION: u8 = 1;

    fn key(&self) -> u8 {
        self.member
    }
}

impl Plain for Seen {}
impl Housekeeping for Seen {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    pub number: u64,
    pub name: String,
}

impl Record for Patient {
    type Key = u64;
    const TABLE: &'static str = "patients";
    const VERSION: u8 = 1;

    fn key(&self) -> u64 {
        self.number
    }
}

impl Sensitive for Patient {}
