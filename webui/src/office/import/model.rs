//! What a list says: its columns, and what is wrong, new or changed in it.

use provisioning::sheets::{Row, Sheet};
use serde::{Deserialize, Serialize};

use super::japanese::column_of;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Facilities,
    Members,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Code,
    FacilityKind,
    FacilityName,
    FacilityKana,
    Short,
    Postal,
    Address,
    Phone,
    Fax,
    Login,
    Family,
    Given,
    FamilyKana,
    GivenKana,
    /// Both parts of a name in one cell.
    Name,
    Kana,
    Job,
    Roles,
    Starts,
    Retires,
    /// A facility's name beside its code: for eyes only.
    Place,
}

impl Kind {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Facilities => "facilities",
            Self::Members => "members",
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        [Self::Facilities, Self::Members].into_iter().find(|kind| kind.key() == key)
    }

    /// In the order in which our own files have them.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Facilities => &[
                Column::Code,
                Column::FacilityKind,
                Column::FacilityName,
                Column::FacilityKana,
                Column::Short,
                Column::Postal,
                Column::Address,
                Column::Phone,
                Column::Fax,
            ],
            Self::Members => &[
                Column::Code,
                Column::Place,
                Column::Login,
                Column::Family,
                Column::Given,
                Column::FamilyKana,
                Column::GivenKana,
                Column::Job,
                Column::Roles,
                Column::Starts,
                Column::Retires,
                Column::Name,
                Column::Kana,
            ],
        }
    }

    /// What our own files hold: a name in two cells, not in one as well.
    pub fn written(self) -> impl Iterator<Item = Column> {
        let both = |column: &Column| !matches!(column, Column::Name | Column::Kana);
        self.columns().iter().copied().filter(both)
    }
}

/// Something that stands in the way, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    pub line: u64,
    pub column: &'static str,
    /// What stands there, shortened.
    pub value: String,
    pub what: String,
}

impl Mistake {
    pub fn new(line: u64, column: &'static str, value: &str, what: impl Into<String>) -> Self {
        /// Enough to find the cell again.
        const SHOWN_CHARS: usize = 40;
        let shown = |c: char| if c.is_control() { '\u{2423}' } else { c };
        let value = value.chars().take(SHOWN_CHARS).map(shown).collect();
        Self { line, column, value, what: what.into() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: &'static str,
    pub before: String,
    pub after: String,
}

/// A row that changes something that is there already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    pub line: u64,
    pub title: String,
    pub fields: Vec<FieldChange>,
}

/// A list's kind, its columns and its rows.
pub struct Table<'a> {
    pub kind: Kind,
    pub head: Vec<Option<Column>>,
    pub head_line: u64,
    /// Columns that mean nothing to us, as they are called.
    pub ignored: Vec<String>,
    /// Columns that stand there twice.
    pub twice: Vec<Column>,
    rows: &'a [Row],
}

impl<'a> Table<'a> {
    /// `None` where the first row is no row of titles. A list with user ids is one of members.
    pub fn of(sheet: &'a Sheet) -> Option<Self> {
        let (head, rows) = sheet.rows.split_first()?;
        let has =
            |kind, wanted| head.cells.iter().any(|cell| column_of(kind, cell) == Some(wanted));
        let kind = if has(Kind::Members, Column::Login) { Kind::Members } else { Kind::Facilities };
        if !has(kind, Column::Code) {
            return None;
        }
        let columns: Vec<_> = head.cells.iter().map(|cell| column_of(kind, cell)).collect();
        let unknown = head.cells.iter().zip(&columns);
        let ignored = unknown.filter(|(cell, column)| column.is_none() && !cell.trim().is_empty());
        let ignored = ignored.map(|(cell, _)| cell.chars().take(20).collect()).collect();
        let count = |wanted| columns.iter().filter(|found| **found == Some(wanted)).count();
        let twice = kind.columns().iter().copied().filter(|one| count(*one) > 1).collect();
        Some(Self { kind, head: columns, head_line: head.line, ignored, twice, rows })
    }

    pub fn has(&self, column: Column) -> bool {
        self.head.contains(&Some(column))
    }

    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|row| Line { head: &self.head, row })
    }
}

#[derive(Clone, Copy)]
pub struct Line<'a> {
    head: &'a [Option<Column>],
    pub row: &'a Row,
}

impl<'a> Line<'a> {
    /// The cell, without blanks around it; `None` where the file has no such column.
    pub fn cell(&self, column: Column) -> Option<&'a str> {
        let place = self.head.iter().position(|found| *found == Some(column))?;
        Some(self.row.cells.get(place).map_or("", |cell| cell.trim()))
    }

    pub fn text(&self, column: Column) -> &'a str {
        self.cell(column).unwrap_or_default()
    }

    /// Cells that mean something, with their columns.
    pub fn cells(&self) -> impl Iterator<Item = (Column, &'a str)> {
        let cells = self.head.iter().zip(&self.row.cells);
        cells.filter_map(|(column, cell)| Some(((*column)?, cell.as_str())))
    }
}
