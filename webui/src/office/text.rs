//! Lines of the office's forms: what may stand in a name, a reading, a number, a day.

use jiff::civil::Date;
use provisioning::japanese::reading;
use unicode_normalization::UnicodeNormalization as _;

use crate::kit::japanese::read_date;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineProblem {
    Empty,
    TooLong { chars_max: usize },
    NotKana,
    NotPostal,
    NotPhone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayProblem {
    NotADay,
    EndsBeforeItStarts,
    /// Nobody may end the own time.
    Own,
}

/// Long enough for an extension behind an international number.
const PHONE_CHARS_MAX: usize = 20;

const POSTAL_DIGITS: usize = 7;

pub fn line(text: &str, chars_max: usize) -> Result<String, LineProblem> {
    let line: String = text.chars().filter(|c| !c.is_control()).collect();
    let line = line.trim();
    if line.chars().count() > chars_max {
        return Err(LineProblem::TooLong { chars_max });
    }
    Ok(line.to_owned())
}

pub fn needed_line(text: &str, chars_max: usize) -> Result<String, LineProblem> {
    let line = line(text, chars_max)?;
    if line.is_empty() { Err(LineProblem::Empty) } else { Ok(line) }
}

/// In katakana, however it was typed.
pub fn kana(text: &str, chars_max: usize) -> Result<String, LineProblem> {
    let line = needed_line(text, chars_max)?;
    reading(&line).ok_or(LineProblem::NotKana)
}

/// 「000-0000」, or nothing.
pub fn postal(text: &str) -> Result<String, LineProblem> {
    let plain = provisioning::japanese::fold_code(text);
    if plain.is_empty() {
        return Ok(plain);
    }
    let digits = plain.trim_start_matches('〒');
    let fits = digits.len() == POSTAL_DIGITS && digits.chars().all(|c| c.is_ascii_digit());
    let parts = digits.split_at_checked(3).filter(|_| fits);
    parts.map(|(area, place)| format!("{area}-{place}")).ok_or(LineProblem::NotPostal)
}

/// A telephone or fax number with half-width digits, or nothing.
pub fn phone(text: &str) -> Result<String, LineProblem> {
    let plain: String = line(text, PHONE_CHARS_MAX)?.nfkc().map(hyphen).collect();
    let fits = plain.chars().all(|c| matches!(c, '0'..='9' | '-' | '+' | '(' | ')' | ' '));
    let rings = plain.is_empty() || plain.chars().any(|c| c.is_ascii_digit());
    if fits && rings { Ok(plain) } else { Err(LineProblem::NotPhone) }
}

fn hyphen(c: char) -> char {
    if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}') { '-' } else { c }
}

/// A day, or nothing where the field is empty.
pub fn day(text: &str) -> Result<Option<Date>, DayProblem> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    read_date(text).map(Some).ok_or(DayProblem::NotADay)
}
