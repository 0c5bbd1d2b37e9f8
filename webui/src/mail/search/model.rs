//! A search as it was asked: words and filters, checked.

use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan as _};
use store::Id;

use crate::index::{self, Asked, Hit};
use crate::kit::japanese::{moment, read_date};
use crate::mail::model::{Entry, EntryState, Folder, Owner};

/// A sentence of a letter, pasted. Nobody means more.
pub const ASKED_CHARS_MAX: usize = 200;

/// Each is a pass over the index.
pub const WORDS_MAX: usize = 10;

/// What was typed and chosen, as the address has it.
#[derive(Clone, Debug, Default)]
pub struct Typed<'a> {
    pub words: &'a str,
    pub sender: &'a str,
    pub place: &'a str,
    pub folder: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub files: bool,
    pub unread: bool,
    pub bin: bool,
    pub after: &'a str,
}

#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Folded, and so are the next two.
    pub words: Vec<String>,
    pub senders: Vec<String>,
    pub places: Vec<String>,
    pub folder: Option<Folder>,
    pub from: Option<Timestamp>,
    pub before: Option<Timestamp>,
    pub has_files: bool,
    pub unread: bool,
    /// What lies in the bin is found as well.
    pub bin: bool,
    pub after: Option<Hit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchProblem {
    TooLong,
    TooManyWords,
    /// Only signs that nothing can be found by.
    NoWords,
    NotADay,
    /// The last day lies before the first.
    NoDays,
}

impl Search {
    /// `None` where nothing was asked yet.
    pub fn parse(typed: &Typed<'_>) -> Result<Option<Self>, SearchProblem> {
        let fields = [typed.words, typed.sender, typed.place];
        if fields.iter().any(|field| field.chars().count() > ASKED_CHARS_MAX) {
            return Err(SearchProblem::TooLong);
        }
        let [words, senders, places] = fields.map(words_of);
        if words.len() + senders.len() + places.len() > WORDS_MAX {
            return Err(SearchProblem::TooManyWords);
        }
        let from = day(typed.from)?;
        let to = day(typed.to)?;
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(SearchProblem::NoDays);
        }
        let search = Self {
            folder: folder(typed.folder),
            from: from.and_then(|day| moment(day, Time::midnight())),
            // The last day counts whole.
            before: to
                .and_then(|day| day.checked_add(1.day()).ok())
                .and_then(|day| moment(day, Time::midnight())),
            has_files: typed.files,
            unread: typed.unread,
            bin: typed.bin,
            after: place(typed.after),
            words,
            senders,
            places,
        };
        let typed_words = fields.iter().any(|field| !field.trim().is_empty());
        match (search.asks(), typed_words) {
            (true, _) => Ok(Some(search)),
            (false, true) => Err(SearchProblem::NoWords),
            (false, false) => Ok(None),
        }
    }

    /// The bin alone is a folder with a list of its own.
    fn asks(&self) -> bool {
        let words = [&self.words, &self.senders, &self.places];
        words.iter().any(|words| !words.is_empty()) || self.filters()
    }

    /// Whether more than words was chosen.
    pub fn filters(&self) -> bool {
        let days = self.from.is_some() || self.before.is_some();
        let names = !self.senders.is_empty() || !self.places.is_empty();
        days || names || self.has_files || self.unread || self.folder.is_some()
    }

    /// What the index is asked for these folders.
    pub fn of_owners(&self, owners: &[Id<Owner>]) -> Asked {
        let readers: Vec<_> = owners.iter().map(|owner| owner.bytes()).collect();
        let sent = self.folder == Some(Folder::Sent);
        Asked {
            authors: if sent { readers.clone() } else { Vec::new() },
            readers,
            words: self.words.clone(),
            senders: self.senders.clone(),
            places: self.places.clone(),
            has_files: self.has_files,
            from: self.from,
            before: self.before,
        }
    }

    /// Whether this row is one that was asked for: what changes while a mail lies there is not
    /// in the index.
    pub fn takes(&self, entry: &Entry) -> bool {
        let state = match entry.state {
            EntryState::Withdrawn => false,
            EntryState::Unopened => true,
            EntryState::Opened | EntryState::Sent { .. } => !self.unread,
        };
        let folder = match self.folder {
            Some(folder) => entry.folder == folder,
            None => self.bin || entry.folder != Folder::Bin,
        };
        state && folder
    }
}

fn words_of(typed: &str) -> Vec<String> {
    typed.split_whitespace().map(index::fold).filter(|word| !word.is_empty()).collect()
}

fn folder(key: &str) -> Option<Folder> {
    match key {
        "inbox" => Some(Folder::Inbox),
        "sent" => Some(Folder::Sent),
        "later" => Some(Folder::Later),
        "done" => Some(Folder::Done),
        "bin" => Some(Folder::Bin),
        _ => None,
    }
}

fn day(typed: &str) -> Result<Option<Date>, SearchProblem> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    read_date(typed).map(Some).ok_or(SearchProblem::NotADay)
}

/// A place in the order of hits as an address carries it: time and id only.
pub fn place_text(hit: &Hit) -> String {
    format!("{}-{}", hit.at.as_microsecond(), data_encoding::HEXLOWER.encode(&hit.id))
}

fn place(text: &str) -> Option<Hit> {
    let (at, id) = text.split_once('-')?;
    let at = Timestamp::from_microsecond(at.parse().ok()?).ok()?;
    let id = data_encoding::HEXLOWER.decode(id.as_bytes()).ok()?;
    Some(Hit { at, id: id.try_into().ok()? })
}
