//! Rows of facilities: each is read by the rules of the office's own form.

use std::collections::HashMap;

use provisioning::facilities::{Facility, FacilityCode, FacilityDetails};

use super::check::{Asker, Checked, Register, Step, check_cells, is_office, title};
use super::japanese::kind_of;
use super::model::{Changed, Column, FieldChange, Line, Mistake, Table};
use super::progress::{Stage, Tell};
use super::say;
use crate::kit::japanese;
use crate::office::facilities::{Problems, Typed, Wanted, is_doubtful, parse};
use crate::office::say::line as say_line;

pub fn check_facilities(
    table: &Table<'_>,
    register: &Register,
    asker: &Asker,
    tell: &Tell,
    checked: &mut Checked,
) {
    let known: HashMap<_, _> = register.facilities.iter().map(|one| (&one.code, one)).collect();
    let mut seen: HashMap<FacilityCode, u64> = HashMap::new();
    for (done, line) in table.lines().enumerate() {
        tell.at(Stage::Checking, done, checked.rows);
        let number = line.row.line;
        if check_cells(line, &mut checked.mistakes) {
            continue;
        }
        let code = FacilityCode::parse(line.text(Column::Code)).ok();
        let before = code.as_ref().and_then(|code| known.get(code)).copied();
        let wanted = parse(&typed(line, before));
        if let Some(code) = code
            && let Some(first) = seen.insert(code, number)
        {
            let cell = line.text(Column::Code);
            let what = say::again(first);
            checked.mistakes.push(Mistake::new(number, title(Column::Code), cell, what));
            continue;
        }
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(problems) => {
                checked.mistakes.extend(mistakes(line, problems));
                continue;
            }
        };
        let was_office = before.is_some_and(|before| is_office(before.details.kind));
        if is_office(wanted.details.kind) && !was_office && !asker.may_make_offices() {
            let column = title(Column::FacilityKind);
            let cell = line.text(Column::FacilityKind);
            checked.mistakes.push(Mistake::new(number, column, cell, say::OFFICE));
            continue;
        }
        if is_doubtful(&wanted.code, before.map(|before| &before.code)) {
            let code = wanted.code.as_str();
            checked.doubts.push(Mistake::new(number, title(Column::Code), code, say::DOUBT));
        }
        let changed = before.and_then(|before| changed(number, before, &wanted));
        let name = wanted.details.name.clone();
        let step = Step::Facility { before: before.map(|before| before.id), wanted };
        checked.add(number, name, step, changed);
    }
}

/// What the form would hold; a column that the file lacks stays as it is.
fn typed(line: Line<'_>, before: Option<&Facility>) -> Typed {
    let kept = before.map(|one| Typed::of(&one.code, &one.details)).unwrap_or_default();
    let or = |column, kept: String| line.cell(column).map_or(kept, str::to_owned);
    let kind = line.text(Column::FacilityKind);
    Typed {
        code: line.text(Column::Code).to_owned(),
        kind: kind_of(kind).map_or(String::new(), |kind| kind.key().to_owned()),
        name: line.text(Column::FacilityName).to_owned(),
        kana: line.text(Column::FacilityKana).to_owned(),
        short: or(Column::Short, kept.short),
        postal: or(Column::Postal, kept.postal),
        address: or(Column::Address, kept.address),
        phone: or(Column::Phone, kept.phone),
        fax: or(Column::Fax, kept.fax),
    }
}

fn mistakes(line: Line<'_>, problems: Problems) -> Vec<Mistake> {
    let code = line.text(Column::Code);
    let said = |column, problem: Option<_>| problem.map(|problem| say_line(title(column), problem));
    let told = [
        (
            Column::Code,
            problems
                .code
                .map(|problem| say::shifted(japanese::code_problem(problem), code.chars().count())),
        ),
        (Column::FacilityKind, problems.no_kind.then(|| say::NO_KIND.to_owned())),
        (Column::FacilityName, said(Column::FacilityName, problems.name)),
        (Column::FacilityKana, said(Column::FacilityKana, problems.kana)),
        (Column::Short, said(Column::Short, problems.short)),
        (Column::Postal, said(Column::Postal, problems.postal)),
        (Column::Address, said(Column::Address, problems.address)),
        (Column::Phone, said(Column::Phone, problems.phone)),
        (Column::Fax, said(Column::Fax, problems.fax)),
    ];
    let number = line.row.line;
    let one = |(column, what): (Column, Option<String>)| {
        Some(Mistake::new(number, title(column), line.text(column), what?))
    };
    told.into_iter().filter_map(one).collect()
}

fn changed(line: u64, before: &Facility, wanted: &Wanted) -> Option<Changed> {
    let columns = [
        Column::FacilityKind,
        Column::FacilityName,
        Column::FacilityKana,
        Column::Short,
        Column::Postal,
        Column::Address,
        Column::Phone,
        Column::Fax,
    ];
    let pairs = values(&before.details).into_iter().zip(values(&wanted.details));
    let fields: Vec<_> = columns
        .into_iter()
        .zip(pairs)
        .filter(|(_, (before, after))| before != after)
        .map(|(column, (before, after))| FieldChange { field: title(column), before, after })
        .collect();
    let title = wanted.details.name.clone();
    (!fields.is_empty()).then_some(Changed { line, title, fields })
}

/// In the order of the columns behind the code.
pub fn values(details: &FacilityDetails) -> [String; 8] {
    [
        japanese::facility_kind(details.kind).to_owned(),
        details.name.clone(),
        details.kana.clone(),
        details.short.clone(),
        details.postal.clone(),
        details.address.clone(),
        details.phone.clone(),
        details.fax.clone(),
    ]
}
