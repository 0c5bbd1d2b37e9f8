//! A line of what was found, with the found words marked, from the text as it was sent.

use std::ops::Range;

use serde::Serialize;

use crate::index::Folded;
use crate::mail::model::{Mail, Person};

/// About two lines on a tablet.
const SIGNS_BEFORE: usize = 24;
const SIGNS_AFTER: usize = 96;

/// A run of text: found, or beside what was found. Templates escape it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub text: String,
    pub found: bool,
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Body,
    File,
    Sender,
    Recipient,
}

#[derive(Clone, Debug, Serialize)]
pub struct Snippet {
    pub source: Source,
    pub parts: Vec<Part>,
}

/// The whole of a short text.
pub fn marked(text: &str, words: &[String]) -> Vec<Part> {
    parts(text, 0..text.len(), &places(text, words))
}

/// The body where a word stands in it, else the file or the name that holds one, else the body's
/// beginning.
pub fn snippet(mail: &Mail, words: &[String]) -> Snippet {
    let body = |places: &[Range<usize>]| {
        let first = places.first().cloned().unwrap_or(0..0);
        let parts = parts(&mail.body, window(&mail.body, &first), places);
        Snippet { source: Source::Body, parts }
    };
    let found = places(&mail.body, words);
    if !found.is_empty() {
        return body(&found);
    }
    let files = mail.files.iter().map(|file| (Source::File, file.name.clone()));
    let name = |person: &Person| format!("{}\u{3000}{}", person.name, person.facility_name);
    let senders = std::iter::once(&mail.sender).chain(&mail.via);
    let senders = senders.map(|sender| (Source::Sender, name(sender)));
    let recipients = mail.recipients.iter().map(|one| (Source::Recipient, name(&one.person)));
    let mut lines = files.chain(senders).chain(recipients);
    let line = lines.find_map(|(source, text)| {
        let found = places(&text, words);
        let parts = parts(&text, 0..text.len(), &found);
        (!found.is_empty()).then_some(Snippet { source, parts })
    });
    line.unwrap_or_else(|| body(&[]))
}

/// Where any of the words stands, in order and without overlaps.
fn places(text: &str, words: &[String]) -> Vec<Range<usize>> {
    let folded = Folded::of(text);
    let mut all: Vec<_> = words.iter().flat_map(|word| folded.places_of(word)).collect();
    all.sort_unstable_by_key(|place| place.start);
    let mut places: Vec<Range<usize>> = Vec::new();
    for place in all {
        match places.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            Some(_) | None => places.push(place),
        }
    }
    places
}

/// Some text around a place, in whole signs.
fn window(text: &str, place: &Range<usize>) -> Range<usize> {
    let before = text.get(..place.start).unwrap_or_default();
    let mut signs = before.char_indices().rev();
    let from = signs.nth(SIGNS_BEFORE - 1).map_or(0, |(at, _)| at);
    let after = text.get(place.start..).unwrap_or_default();
    let to = after.char_indices().nth(SIGNS_AFTER).map_or(text.len(), |(at, _)| place.start + at);
    from..to.max(place.end)
}

fn parts(text: &str, window: Range<usize>, places: &[Range<usize>]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut push = |range: Range<usize>, found: bool| {
        let text = text.get(range).unwrap_or_default();
        if !text.is_empty() {
            // A snippet is one line.
            parts.push(Part { text: text.replace(['\n', '\r', '\t'], " "), found });
        }
    };
    let mut at = window.start;
    for place in places.iter().filter(|place| place.end > window.start && place.start < window.end)
    {
        let (from, to) = (place.start.max(at), place.end.min(window.end));
        push(at..from, false);
        push(from..to, true);
        at = to.max(at);
    }
    push(at..window.end, false);
    if window.start > 0 {
        parts.insert(0, Part { text: ELLIPSIS.to_owned(), found: false });
    }
    if window.end < text.len() {
        parts.push(Part { text: ELLIPSIS.to_owned(), found: false });
    }
    parts
}

const ELLIPSIS: &str = "\u{2026}";
