//! What a list would do to the register, and everything that is wrong in it.

use jiff::civil::Date;
use provisioning::facilities::{Facility, FacilityKind};
use provisioning::members::{Member, Role};
use provisioning::sheets::{self, Sheet, SheetProblem};
use serde::Serialize;
use store::{Id, Order, Read, StoreError, Write};

use super::facilities::check_facilities;
use super::japanese::names;
use super::members::check_members;
use super::model::{Changed, Column, Kind, Line, Mistake, Table};
use super::progress::Tell;
use super::say;
use crate::office::members::Wanted;

/// Who is there when a list is checked: as of one snapshot, or within the act.
#[derive(Default)]
pub struct Register {
    pub facilities: Vec<Facility>,
    pub members: Vec<Member>,
}

/// As many as the register itself takes.
const REGISTER_ROWS_MAX: usize = 50_000;

impl Register {
    pub fn read(read: &Read<'_>) -> Result<Self, StoreError> {
        let order = Order::Ascending;
        Ok(Self {
            facilities: read.page(&(), order, None, REGISTER_ROWS_MAX)?.rows,
            members: read.page(&(), order, None, REGISTER_ROWS_MAX)?.rows,
        })
    }

    pub fn within(write: &Write<'_>) -> Result<Self, StoreError> {
        let order = Order::Ascending;
        Ok(Self {
            facilities: write.page(&(), order, None, REGISTER_ROWS_MAX)?.rows,
            members: write.page(&(), order, None, REGISTER_ROWS_MAX)?.rows,
        })
    }
}

/// Who brings the list: a clerk within the own rights, or the operator.
#[derive(Clone, Debug)]
pub struct Asker {
    pub clerk: Option<Member>,
    pub today: Date,
}

impl Asker {
    pub fn may_make_offices(&self) -> bool {
        let role = Role::OfficeAdministrator;
        self.clerk.as_ref().is_none_or(|clerk| clerk.details.roles.has(role))
    }
}

/// One row's effect.
#[derive(Clone, Debug, Serialize)]
pub enum Step {
    Facility { before: Option<Id<Facility>>, wanted: crate::office::facilities::Wanted },
    Member { before: Option<Id<Member>>, facility: Id<Facility>, wanted: Wanted },
}

#[derive(Debug)]
pub struct Checked {
    pub kind: Kind,
    pub rows: usize,
    /// Names of what is new, by line.
    pub new: Vec<(u64, String)>,
    pub changed: Vec<Changed>,
    pub unchanged: usize,
    pub mistakes: Vec<Mistake>,
    /// What somebody should look at, and what does not stand in the way.
    pub doubts: Vec<Mistake>,
    pub ignored: Vec<String>,
    pub(super) steps: Vec<Step>,
}

impl Checked {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            rows: 0,
            new: Vec::new(),
            changed: Vec::new(),
            unchanged: 0,
            mistakes: Vec::new(),
            doubts: Vec::new(),
            ignored: Vec::new(),
            steps: Vec::new(),
        }
    }

    pub fn is_wrong(&self) -> bool {
        !self.mistakes.is_empty()
    }

    /// Lines that hold a mistake.
    pub fn wrong_lines(&self) -> usize {
        let mut lines: Vec<u64> = self.mistakes.iter().map(|mistake| mistake.line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.len()
    }

    /// What was shown, in one number: the same file on the same rows gives the same.
    pub fn state(&self) -> String {
        let told = (&self.steps, &self.changed, &self.new, self.unchanged, &self.mistakes);
        let bytes = serde_json::to_vec(&told).unwrap_or_default();
        blake3::hash(&bytes).to_hex().to_string()
    }

    pub(super) fn add(&mut self, line: u64, title: String, step: Step, changed: Option<Changed>) {
        match (changed, &step) {
            (None, Step::Facility { before: None, .. } | Step::Member { before: None, .. }) => {
                self.new.push((line, title))
            }
            (None, Step::Facility { .. } | Step::Member { .. }) => {
                self.unchanged += 1;
                return;
            }
            (Some(changed), _) => self.changed.push(changed),
        }
        self.steps.push(step);
    }
}

/// Checks a file; what cannot be read at all is a mistake as well.
pub fn check(
    sheet: &Result<Sheet, SheetProblem>,
    register: &Register,
    asker: &Asker,
    tell: &Tell,
) -> Checked {
    let mut checked = Checked::new(Kind::Facilities);
    let whole = |line, what: String| Mistake::new(line, say::WHOLE_FILE, "", what);
    let sheet = match sheet {
        Ok(sheet) => sheet,
        Err(problem) => {
            let line = match problem {
                SheetProblem::NotText { line } | SheetProblem::TooManyColumns { line } => *line,
                SheetProblem::Empty
                | SheetProblem::TooLarge
                | SheetProblem::TooManyRows
                | SheetProblem::Utf16
                | SheetProblem::NotAList
                | SheetProblem::Damaged => 1,
            };
            checked.mistakes.push(whole(line, say::sheet(problem)));
            return checked;
        }
    };
    let Some(table) = Table::of(sheet) else {
        checked.mistakes.push(whole(1, say::NO_HEAD.to_owned()));
        return checked;
    };
    checked.kind = table.kind;
    checked.ignored.clone_from(&table.ignored);
    let head = |column, what| Mistake::new(table.head_line, title(column), "", what);
    checked.mistakes.extend(table.twice.iter().map(|column| head(*column, say::TWICE)));
    checked.mistakes.extend(missing(&table).map(|column| head(column, say::MISSING)));
    checked.rows = table.lines().count();
    if checked.rows == 0 {
        checked.mistakes.push(whole(table.head_line, say::NO_ROWS.to_owned()));
    }
    if checked.is_wrong() {
        return checked;
    }
    match table.kind {
        Kind::Facilities => check_facilities(&table, register, asker, tell, &mut checked),
        Kind::Members => check_members(&table, register, asker, tell, &mut checked),
    }
    checked.mistakes.sort_by_key(|mistake| mistake.line);
    checked
}

fn missing<'a>(table: &'a Table<'_>) -> impl Iterator<Item = Column> + 'a {
    let needed: &[(Column, Option<Column>)] = match table.kind {
        Kind::Facilities => &[
            (Column::Code, None),
            (Column::FacilityKind, None),
            (Column::FacilityName, None),
            (Column::FacilityKana, None),
        ],
        Kind::Members => &[
            (Column::Code, None),
            (Column::Login, None),
            (Column::Family, Some(Column::Name)),
            (Column::Given, Some(Column::Name)),
            (Column::FamilyKana, Some(Column::Kana)),
            (Column::GivenKana, Some(Column::Kana)),
            (Column::Job, None),
        ],
    };
    let lacks = |(column, instead): &&(Column, Option<Column>)| {
        !table.has(*column) && !instead.is_some_and(|instead| table.has(instead))
    };
    needed.iter().filter(lacks).map(|(column, _)| *column)
}

pub fn title(column: Column) -> &'static str {
    names(column).first().copied().unwrap_or_default()
}

/// Cells that are wrong whatever they should mean; true where there was one.
pub(super) fn check_cells(line: Line<'_>, mistakes: &mut Vec<Mistake>) -> bool {
    let before = mistakes.len();
    for (column, cell) in line.cells() {
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
        };
        let what = if cell.trim().chars().any(hidden) {
            say::HOSTILE
        } else if cell.contains(['\u{3013}', '\u{fffd}']) {
            say::REPLACED
        } else if sheets::is_formula(cell.trim()) {
            say::FORMULA
        } else {
            continue;
        };
        mistakes.push(Mistake::new(line.row.line, title(column), cell, what));
    }
    mistakes.len() > before
}

pub(super) fn is_office(kind: FacilityKind) -> bool {
    kind == FacilityKind::Office
}
