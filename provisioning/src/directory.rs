//! The directory: every active member with facility, in memory, found by part of anything.
//!
//! Names must not stand in keys, so they are matched here and not by an index: five thousand
//! folded lines are searched in a fraction of a millisecond. Rebuilt when a row changed.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use store::{Id, Read, StoreError};

use crate::facilities::{self, Facility, FacilityState};
use crate::japanese::fold;
use crate::mailboxes::{self, Mailbox};
use crate::members::{self, Member, Standing};

/// Everybody, as of one snapshot.
#[derive(Default)]
pub struct Directory {
    facilities: HashMap<Id<Facility>, Arc<Facility>>,
    members: HashMap<Id<Member>, Arc<Entry>>,
    lines: Vec<Line>,
    mailboxes: Vec<Arc<MailboxEntry>>,
    /// Every page asks for the reader's own.
    read_by: HashMap<Id<Member>, Vec<Arc<MailboxEntry>>>,
}

/// A facility's shared mailbox, with the facility.
#[derive(Debug)]
pub struct MailboxEntry {
    pub mailbox: Mailbox,
    pub facility: Arc<Facility>,
    folded: String,
}

/// A member with the facility that gives the name its place.
#[derive(Debug)]
pub struct Entry {
    pub member: Member,
    pub facility: Arc<Facility>,
}

struct Line {
    folded: String,
    entry: Arc<Entry>,
}

impl Directory {
    /// `job_word` gives the job's Japanese word, which is what people type.
    pub fn read(
        read: &Read<'_>,
        job_word: impl Fn(members::Job) -> &'static str,
    ) -> Result<Self, StoreError> {
        let all = facilities::list(read)?;
        let facilities: HashMap<_, _> =
            all.into_iter().map(|facility| (facility.id, Arc::new(facility))).collect();
        let mut directory = Self { facilities, ..Self::default() };
        for member in members::list(read)? {
            let Some(facility) = directory.facilities.get(&member.facility) else { continue };
            let entry = Arc::new(Entry { facility: facility.clone(), member });
            let folded = folded_line(&entry, job_word(entry.member.details.job));
            directory.lines.push(Line { folded, entry: entry.clone() });
            directory.members.insert(entry.member.id, entry);
        }
        for mailbox in mailboxes::list(read)? {
            let Some(facility) = directory.facilities.get(&mailbox.facility) else { continue };
            let facility = facility.clone();
            let details = &facility.details;
            let parts = [&mailbox.name, &mailbox.kana, &details.name, &details.kana];
            let folded = parts.map(|part| fold(part)).join("|");
            let entry = Arc::new(MailboxEntry { mailbox, facility, folded });
            for member in &entry.mailbox.members {
                directory.read_by.entry(*member).or_default().push(entry.clone());
            }
            directory.mailboxes.push(entry);
        }
        directory.lines.sort_by(|one, other| {
            let key = |line: &Line| {
                (line.entry.member.details.name.kana(), line.entry.facility.details.kana.clone())
            };
            key(one).cmp(&key(other))
        });
        Ok(directory)
    }

    pub fn member(&self, id: Id<Member>) -> Option<&Arc<Entry>> {
        self.members.get(&id)
    }

    /// Everybody of one facility, in the order of their names.
    pub fn of_facility(&self, id: Id<Facility>) -> Vec<Arc<Entry>> {
        let here = |line: &&Line| line.entry.facility.id == id;
        self.lines.iter().filter(here).map(|line| line.entry.clone()).collect()
    }

    pub fn mailbox(&self, id: Id<Mailbox>) -> Option<&Arc<MailboxEntry>> {
        self.mailboxes.iter().find(|entry| entry.mailbox.id == id)
    }

    /// The mailboxes that a member reads.
    pub fn mailboxes_of(&self, member: Id<Member>) -> Vec<Arc<MailboxEntry>> {
        self.read_by.get(&member).cloned().unwrap_or_default()
    }

    /// Mailboxes that take mail and whose line holds every word asked for.
    pub fn search_mailboxes(&self, asked: &str, rows_max: usize) -> Vec<Arc<MailboxEntry>> {
        let words = folded_words(asked);
        if words.is_empty() {
            return Vec::new();
        }
        let fits = |entry: &&Arc<MailboxEntry>| {
            let takes = entry.mailbox.open && entry.facility.state == FacilityState::Active;
            takes && words.iter().all(|word| entry.folded.contains(word))
        };
        self.mailboxes.iter().filter(fits).take(rows_max).cloned().collect()
    }

    pub fn facility(&self, id: Id<Facility>) -> Option<&Arc<Facility>> {
        self.facilities.get(&id)
    }

    /// Members whom mail can reach on a day and whose line holds every word asked for.
    pub fn search(&self, asked: &str, today: Date, rows_max: usize) -> Vec<Arc<Entry>> {
        let words = folded_words(asked);
        if words.is_empty() {
            return Vec::new();
        }
        self.lines
            .iter()
            .filter(|line| words.iter().all(|word| line.folded.contains(word)))
            .map(|line| &line.entry)
            .filter(|entry| entry.takes_mail(today))
            .take(rows_max)
            .cloned()
            .collect()
    }

    /// Everybody whose line or login holds every word asked for; all of them without a word. For
    /// those who keep the register: standing does not count.
    pub fn registered(&self, asked: &str) -> Vec<Arc<Entry>> {
        let words = folded_words(asked);
        let fits = |line: &&Line| {
            let login = line.entry.member.login.as_str();
            words.iter().all(|word| line.folded.contains(word) || login.contains(word))
        };
        self.lines.iter().filter(fits).map(|line| line.entry.clone()).collect()
    }

    /// Facilities whose names, code or address hold every word asked for, by their reading; all
    /// of them without a word.
    pub fn facilities_named(&self, asked: &str) -> Vec<Arc<Facility>> {
        let words = folded_words(asked);
        let fits = |facility: &&Arc<Facility>| {
            let details = &facility.details;
            let code = facility.code.as_str();
            let parts = [&*details.name, &details.kana, &details.short, &details.address, code];
            let line = parts.map(fold).join("|");
            words.iter().all(|word| line.contains(word))
        };
        let mut found: Vec<_> = self.facilities.values().filter(fits).cloned().collect();
        found.sort_by(|one, other| {
            (&one.details.kana, &one.code).cmp(&(&other.details.kana, &other.code))
        });
        found
    }

    /// Others with the same written or spoken name: the classic wrong recipient.
    pub fn namesakes(&self, of: &Entry, today: Date) -> Vec<Arc<Entry>> {
        let (name, kana) =
            (fold(&of.member.details.name.full()), fold(&of.member.details.name.kana()));
        self.lines
            .iter()
            .map(|line| &line.entry)
            .filter(|entry| entry.member.id != of.member.id && entry.takes_mail(today))
            .filter(|entry| {
                let other = &entry.member.details.name;
                fold(&other.full()) == name || fold(&other.kana()) == kana
            })
            .cloned()
            .collect()
    }

    pub fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.lines.iter().map(|line| &line.entry)
    }

    pub fn facilities(&self) -> impl Iterator<Item = &Arc<Facility>> {
        self.facilities.values()
    }
}

impl Entry {
    pub fn takes_mail(&self, today: Date) -> bool {
        let standing = match self.member.standing(today) {
            Standing::Welcome | Standing::Locked => true,
            Standing::NotStarted | Standing::Retired => false,
        };
        standing && self.facility.state == FacilityState::Active
    }
}

fn folded_words(asked: &str) -> Vec<String> {
    asked.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect()
}

fn folded_line(entry: &Entry, job_word: &str) -> String {
    let (name, facility) = (&entry.member.details.name, &entry.facility.details);
    let parts = [
        format!("{}{}", name.family, name.given),
        format!("{}{}", name.family_kana, name.given_kana),
        job_word.to_owned(),
        facility.name.clone(),
        facility.kana.clone(),
        facility.short.clone(),
    ];
    // The bar keeps a word from matching across two parts.
    parts.iter().map(|part| fold(part)).collect::<Vec<_>>().join("|")
}
