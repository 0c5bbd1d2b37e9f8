//! CSV as Japanese offices have it: UTF-8 with or without its mark, or CP932.

use std::borrow::Cow;

use encoding_rs::SHIFT_JIS;

use super::{Form, Sheet, SheetProblem, WriteProblem, cut, guarded, unguarded};

const MARK: &[u8] = b"\xef\xbb\xbf";

pub fn read(bytes: &[u8]) -> Result<Sheet, SheetProblem> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut sheet = Sheet::default();
    let mut lines = Lines::of(&text);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| SheetProblem::NotAList)? {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        sheet.push(line, record.iter().map(|cell| cut(unguarded(cell))).collect())?;
    }
    Ok(sheet)
}

/// What is copied out of a spreadsheet is parted by tabs.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if first.contains('\t') && !first.contains(',') { b'\t' } else { b',' }
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetProblem> {
    if let Some(rest) = bytes.strip_prefix(MARK) {
        return std::str::from_utf8(rest)
            .map(Cow::Borrowed)
            .map_err(|fault| not_text(rest, fault.valid_up_to()));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| {
        let good = bytes.split_inclusive(|byte| *byte == b'\n').take_while(|line| {
            SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line).is_some()
        });
        not_text(bytes, good.map(<[u8]>::len).sum())
    })
}

fn not_text(bytes: &[u8], good: usize) -> SheetProblem {
    let ends = bytes.iter().take(good).filter(|byte| **byte == b'\n').count();
    SheetProblem::NotText { line: u64::try_from(ends).unwrap_or(u64::MAX).saturating_add(1) }
}

/// Line numbers of places that only move on: blank lines count, as in every editor.
struct Lines<'a> {
    text: &'a [u8],
    seen: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { text: text.as_bytes(), seen: 0, line: 1 }
    }

    fn at(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        // The reader's place may still lie before line ends that it skips.
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let to = start.saturating_add(blank);
        let passed = self.text.get(self.seen..to).unwrap_or_default();
        let ends = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u64::try_from(ends).unwrap_or_default());
        self.seen = to.max(self.seen);
        self.line
    }
}

pub fn write(rows: &[Vec<String>], form: Form) -> Result<Vec<u8>, WriteProblem> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let failed = |fault: &dyn std::fmt::Display| WriteProblem::Failed(fault.to_string());
    for row in rows {
        let cells = row.iter().map(|cell| guarded(cell));
        writer.write_record(cells).map_err(|fault| failed(&fault))?;
    }
    let bytes = writer.into_inner().map_err(|fault| failed(&fault))?;
    if form == Form::Utf8 {
        return Ok([MARK, &bytes].concat());
    }
    let text = String::from_utf8(bytes).map_err(|fault| failed(&fault))?;
    let (encoded, _, has_strangers) = SHIFT_JIS.encode(&text);
    if has_strangers {
        return Err(stranger(rows));
    }
    Ok(encoded.into_owned())
}

fn stranger(rows: &[Vec<String>]) -> WriteProblem {
    let has_place = |letter: &char| {
        let mut buffer = [0; 4];
        !SHIFT_JIS.encode(letter.encode_utf8(&mut buffer)).2
    };
    for (row, cells) in rows.iter().enumerate() {
        if let Some(letter) = cells.iter().flat_map(|cell| cell.chars()).find(|c| !has_place(c)) {
            return WriteProblem::NotInCp932 { row, letter };
        }
    }
    WriteProblem::Failed("CP932".to_owned())
}
