//! The first sheet of an XLSX file, read cell by cell: a far-away cell costs no memory.

use std::io::{Cursor, Read as _};
use std::panic::catch_unwind;

use calamine::{DataRef, Reader as _, Xlsx};
use rust_xlsxwriter::{Format, Workbook};

use super::{COLUMNS_MAX, ROWS_MAX, Sheet, SheetProblem, UNPACKED_BYTES_MAX, WriteProblem, cut};

pub fn read(bytes: &[u8]) -> Result<Sheet, SheetProblem> {
    // The library is not ours, and the file is a stranger's.
    catch_unwind(|| read_first_sheet(bytes)).unwrap_or(Err(SheetProblem::Damaged))
}

fn read_first_sheet(bytes: &[u8]) -> Result<Sheet, SheetProblem> {
    check_unpacked(bytes)?;
    let damaged = |_| SheetProblem::Damaged;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let name = book.sheet_names().first().cloned().ok_or(SheetProblem::Empty)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut sheet = Sheet::default();
    let mut row: (u32, Vec<String>) = (0, Vec::new());
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (at, column) = cell.get_position();
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX {
            return Err(SheetProblem::TooManyColumns { line: u64::from(at) + 1 });
        }
        if at < row.0 {
            return Err(SheetProblem::Damaged);
        }
        if at != row.0 {
            let (number, full) = std::mem::replace(&mut row, (at, Vec::new()));
            sheet.push(u64::from(number) + 1, full)?;
        }
        if row.1.len() <= column {
            row.1.resize(column + 1, String::new());
        }
        if let Some(place) = row.1.get_mut(column) {
            *place = text;
        }
    }
    sheet.push(u64::from(row.0) + 1, row.1)?;
    Ok(sheet)
}

/// Unpacks everything into nothing first: what a file says about its size may be a lie.
fn check_unpacked(bytes: &[u8]) -> Result<(), SheetProblem> {
    /// A workbook of one sheet has a dozen.
    const PARTS_MAX: usize = 500;
    let damaged = |_| SheetProblem::Damaged;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > PARTS_MAX {
        return Err(SheetProblem::TooLarge);
    }
    let mut left = UNPACKED_BYTES_MAX;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(|_| SheetProblem::Damaged)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink());
        let read = read.map_err(|_| SheetProblem::Damaged)?;
        left = left.checked_sub(read).ok_or(SheetProblem::TooLarge)?;
    }
    Ok(())
}

fn text_of(value: &DataRef<'_>) -> String {
    /// Beyond it a number is no longer exact, so no code or telephone number can be meant.
    const EXACT: f64 = 9e15;
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            cut(text)
        }
        DataRef::SharedString(text) => cut(text),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            format!("{number:.0}")
        }
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(fault) => fault.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// Every cell as text, so that codes keep their zeros and nothing is ever calculated.
pub fn write(rows: &[Vec<String>]) -> Result<Vec<u8>, WriteProblem> {
    /// Wide enough for a facility's name.
    const COLUMN_CHARS: f64 = 20.0;
    let failed = |fault: rust_xlsxwriter::XlsxError| WriteProblem::Failed(fault.to_string());
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let text = Format::new().set_num_format("@");
    let head = Format::new().set_num_format("@").set_bold();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    for column in 0..u16::try_from(columns).unwrap_or(u16::MAX) {
        sheet.set_column_width(column, COLUMN_CHARS).map_err(failed)?;
        sheet.set_column_format(column, &text).map_err(failed)?;
    }
    sheet.set_freeze_panes(1, 0).map_err(failed)?;
    for (at, row) in (0u32..).zip(rows) {
        if usize::try_from(at).is_ok_and(|at| at > ROWS_MAX * 3) {
            return Err(WriteProblem::Failed("too many rows".to_owned()));
        }
        let format = if at == 0 { &head } else { &text };
        for (column, cell) in (0u16..).zip(row) {
            sheet.write_string_with_format(at, column, cell, format).map_err(failed)?;
        }
    }
    book.save_to_buffer().map_err(failed)
}
