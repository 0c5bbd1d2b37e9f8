//! Lists as files: rows of text out of CSV and XLSX, and back. What the words mean is known
//! elsewhere.

mod csv_file;
#[cfg(test)]
mod tests;
mod xlsx_file;

/// Twenty thousand members in one file would be a whole prefecture; lists of a network are a
/// quarter of it.
pub const ROWS_MAX: usize = 20_000;

/// Own columns beside ours are common; more is not a list of people.
pub const COLUMNS_MAX: usize = 64;

/// Five thousand members are one megabyte.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What an XLSX file may unpack to: eight times the largest CSV, against bombs.
pub const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The longest thing that anybody types into a list, and far more than any field takes.
pub const CELL_CHARS_MAX: usize = 1_000;

/// Rows that hold something, with the numbers that the office's own program shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    pub cells: Vec<String>,
}

/// Why a file cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetProblem {
    #[error("nothing in it")]
    Empty,
    #[error("more than {FILE_BYTES_MAX} bytes, or more than {UNPACKED_BYTES_MAX} unpacked")]
    TooLarge,
    #[error("more than {ROWS_MAX} rows")]
    TooManyRows,
    #[error("line {line} has more than {COLUMNS_MAX} columns")]
    TooManyColumns { line: u64 },
    #[error("line {line} is neither UTF-8 nor CP932")]
    NotText { line: u64 },
    #[error("UTF-16, which no list is kept in")]
    Utf16,
    #[error("neither CSV nor XLSX")]
    NotAList,
    #[error("the XLSX file is damaged")]
    Damaged,
}

/// The forms in which lists are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// UTF-8 with the mark by which Excel knows it.
    Utf8,
    Cp932,
    Xlsx,
}

#[derive(Debug, thiserror::Error)]
pub enum WriteProblem {
    #[error("row {row} holds {letter:?}, which CP932 has no place for")]
    NotInCp932 { row: usize, letter: char },
    #[error("the file cannot be made: {0}")]
    Failed(String),
}

/// Reads a file of a form that it shows by itself. Never panics, whatever it holds; takes time
/// and memory, so not on a thread that answers requests.
pub fn read(bytes: &[u8]) -> Result<Sheet, SheetProblem> {
    if u64::try_from(bytes.len()).map_or(true, |bytes| bytes > FILE_BYTES_MAX) {
        return Err(SheetProblem::TooLarge);
    }
    let sheet = match bytes {
        [b'P', b'K', 3, 4, ..] => xlsx_file::read(bytes)?,
        // The format of before 2007, and what else is certainly no text.
        [0xd0, 0xcf, 0x11, 0xe0, ..] | [b'%', b'P', b'D', b'F', ..] => {
            return Err(SheetProblem::NotAList);
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(SheetProblem::Utf16),
        _ => csv_file::read(bytes)?,
    };
    if sheet.rows.is_empty() { Err(SheetProblem::Empty) } else { Ok(sheet) }
}

pub fn write(rows: &[Vec<String>], form: Form) -> Result<Vec<u8>, WriteProblem> {
    match form {
        Form::Utf8 | Form::Cp932 => csv_file::write(rows, form),
        Form::Xlsx => xlsx_file::write(rows),
    }
}

/// Whether a spreadsheet program would calculate a cell instead of showing it. Numbers with a
/// sign, as in telephone numbers abroad, are none.
pub fn is_formula(cell: &str) -> bool {
    let Some(first) = cell.chars().next() else { return false };
    let signed_number = |c: char| matches!(c, '0'..='9' | '-' | ' ' | '(' | ')');
    match first {
        '=' | '@' | '\t' | '\r' => true,
        '+' | '-' => !cell.chars().skip(1).all(signed_number),
        _ => false,
    }
}

/// What opens a cell that a spreadsheet program might calculate.
const GUARD: char = '\'';

fn needs_guard(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn guarded(cell: &str) -> String {
    if needs_guard(cell) { format!("{GUARD}{cell}") } else { cell.to_owned() }
}

fn unguarded(cell: &str) -> &str {
    cell.strip_prefix(GUARD).filter(|rest| needs_guard(rest)).unwrap_or(cell)
}

impl Sheet {
    /// Adds a row unless it is blank, within the limits.
    fn push(&mut self, line: u64, mut cells: Vec<String>) -> Result<(), SheetProblem> {
        while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        if cells.is_empty() {
            return Ok(());
        }
        if cells.len() > COLUMNS_MAX {
            return Err(SheetProblem::TooManyColumns { line });
        }
        if self.rows.len() >= ROWS_MAX {
            return Err(SheetProblem::TooManyRows);
        }
        self.rows.push(Row { line, cells });
        Ok(())
    }
}

/// A cell's text, cut where it is longer than anything that could be right: one letter more than
/// allowed stays, so that it is still too long.
fn cut(text: &str) -> String {
    text.chars().take(CELL_CHARS_MAX + 1).collect()
}
