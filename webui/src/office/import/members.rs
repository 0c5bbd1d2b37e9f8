//! Rows of members: each is read by the rules of the office's own form.

use std::collections::HashMap;

use provisioning::facilities::{Facility, FacilityCode};
use provisioning::japanese::fold;
use provisioning::members::{Login, Member, MemberDetails, Role};
use store::Id;

use super::check::{Asker, Checked, Register, Step, check_cells, title};
use super::japanese::{ROLE_MARK, ROLE_MARKS, job_of, role_of};
use super::model::{Changed, Column, FieldChange, Line, Mistake, Table};
use super::progress::{Stage, Tell};
use super::say;
use crate::kit::japanese;
use crate::office::members::{Problems, Refused, Typed, Wanted, judge, parse};
use crate::office::say::{day as say_day, line as say_line};

pub fn check_members(
    table: &Table<'_>,
    register: &Register,
    asker: &Asker,
    tell: &Tell,
    checked: &mut Checked,
) {
    let by_code: HashMap<_, _> = register.facilities.iter().map(|one| (&one.code, one)).collect();
    let by_login: HashMap<_, _> =
        register.members.iter().map(|one| ((one.facility, &one.login), one)).collect();
    let sound = |facility, name: &str| (facility, fold(name));
    let mut sounds: HashMap<_, (String, Option<Id<Member>>)> = HashMap::new();
    for one in &register.members {
        let name = &one.details.name;
        sounds.insert(sound(one.facility, &name.kana()), (name.full(), Some(one.id)));
    }
    let mut seen: HashMap<(Id<Facility>, Login), u64> = HashMap::new();
    for (done, line) in table.lines().enumerate() {
        tell.at(Stage::Checking, done, checked.rows);
        let number = line.row.line;
        if check_cells(line, &mut checked.mistakes) {
            continue;
        }
        let facility = match facility_of(line, &by_code) {
            Ok(facility) => facility,
            Err(mistake) => {
                checked.mistakes.push(mistake);
                // What else is wrong in the row is told in the same round.
                if let Err(problems) = parse(&typed(line, None)) {
                    checked.mistakes.extend(mistakes(line, problems));
                }
                continue;
            }
        };
        let login = Login::parse(line.text(Column::Login)).ok();
        let key = login.map(|login| (facility.id, login));
        let before =
            key.as_ref().and_then(|(facility, login)| by_login.get(&(*facility, login)).copied());
        if let Some(first) = key.and_then(|key| seen.insert(key, number)) {
            let cell = line.text(Column::Login);
            let what = say::again(first);
            checked.mistakes.push(Mistake::new(number, title(Column::Login), cell, what));
            continue;
        }
        // What was given out comes back as it is, also where today's form would ask for more.
        if before.is_some_and(|before| is_same(line, before)) {
            checked.unchanged += 1;
            continue;
        }
        let wanted = match read(line, before, asker) {
            Ok(wanted) => wanted,
            Err(found) => {
                checked.mistakes.extend(found);
                continue;
            }
        };
        let name = &wanted.details.name;
        let here = (name.full(), before.map(|before| before.id));
        let twin = sounds.insert(sound(facility.id, &name.kana()), here);
        checked.doubts.extend(doubt(number, &name.full(), before, twin));
        let changed = before.and_then(|before| changed(number, before, &wanted));
        let words = format!("{}　{}", name.full(), facility.details.name);
        let before = before.map(|before| before.id);
        checked.add(number, words, Step::Member { before, facility: facility.id, wanted }, changed);
    }
}

/// Two people of one facility who sound the same may be one person.
fn doubt(
    line: u64,
    name: &str,
    before: Option<&Member>,
    twin: Option<(String, Option<Id<Member>>)>,
) -> Option<Mistake> {
    let (twin, id) = twin?;
    let is_other = before.is_none_or(|before| Some(before.id) != id);
    is_other.then(|| Mistake::new(line, title(Column::Name), name, say::twin(&twin)))
}

fn facility_of<'a>(
    line: Line<'_>,
    by_code: &HashMap<&FacilityCode, &'a Facility>,
) -> Result<&'a Facility, Mistake> {
    let cell = line.text(Column::Code);
    let mistake = |what: String| Mistake::new(line.row.line, title(Column::Code), cell, what);
    let code = FacilityCode::parse(cell).map_err(|problem| {
        mistake(say::shifted(japanese::code_problem(problem), cell.chars().count()))
    })?;
    by_code.get(&code).copied().ok_or_else(|| mistake(say::NO_FACILITY.to_owned()))
}

fn read(line: Line<'_>, before: Option<&Member>, asker: &Asker) -> Result<Wanted, Vec<Mistake>> {
    let number = line.row.line;
    let mut found = Vec::new();
    for role in roles_of(line).filter(|word| role_of(word).is_none()) {
        found.push(Mistake::new(number, title(Column::Roles), role, say::NO_ROLE));
    }
    let wanted = parse(&typed(line, before));
    let wanted = match wanted {
        Ok(wanted) if found.is_empty() => wanted,
        Ok(_) => return Err(found),
        Err(problems) => {
            found.extend(mistakes(line, problems));
            return Err(found);
        }
    };
    let Some(clerk) = &asker.clerk else { return Ok(wanted) };
    judge(clerk, before, &wanted, asker.today).map(|()| wanted).map_err(|refused| {
        let (column, what) = match refused {
            Refused::OwnTerm => (Column::Retires, say::OWN),
            Refused::Roles(_) | Refused::Changed | Refused::Member(_) | Refused::Store(_) => {
                (Column::Roles, say::ROLES)
            }
        };
        vec![Mistake::new(number, title(column), line.text(column), what)]
    })
}

fn roles_of<'a>(line: Line<'a>) -> impl Iterator<Item = &'a str> {
    let words = line.text(Column::Roles).split(ROLE_MARKS);
    words.map(str::trim).filter(|word| !word.is_empty())
}

/// What the form would hold; a column that the file lacks stays as it is.
fn typed(line: Line<'_>, before: Option<&Member>) -> Typed {
    let kept = match before {
        Some(before) => Typed::of(&before.login, &before.details),
        None => Typed::fresh(),
    };
    let (family, given) = parts(line, Column::Family, Column::Given, Column::Name);
    let (family_kana, given_kana) =
        parts(line, Column::FamilyKana, Column::GivenKana, Column::Kana);
    let roles: Vec<_> =
        roles_of(line).filter_map(role_of).map(|role: Role| role.key().to_owned()).collect();
    let or = |column, kept: String| line.cell(column).map_or(kept, str::to_owned);
    Typed {
        user_id: line.text(Column::Login).to_owned(),
        family,
        given,
        family_kana,
        given_kana,
        job: job_of(line.text(Column::Job)).map_or(String::new(), |job| job.key().to_owned()),
        roles: if roles.is_empty() { kept.roles } else { roles },
        starts: or(Column::Starts, kept.starts),
        retires: or(Column::Retires, kept.retires),
    }
}

/// The two parts of a name, from two cells or from one with a blank in it.
fn parts(line: Line<'_>, first: Column, second: Column, both: Column) -> (String, String) {
    if let (Some(first), Some(second)) = (line.cell(first), line.cell(second)) {
        return (first.to_owned(), second.to_owned());
    }
    let whole = line.text(both);
    match whole.split_once(char::is_whitespace) {
        Some((first, second)) => (first.to_owned(), second.trim().to_owned()),
        None => (whole.to_owned(), String::new()),
    }
}

fn mistakes(line: Line<'_>, problems: Problems) -> Vec<Mistake> {
    let part = |column, both, problem: Option<_>| {
        let place = if line.cell(column).is_some() { column } else { both };
        let what = problem.map(|problem| match line.cell(column) {
            None if !line.text(both).is_empty() => say::ONE_WORD.to_owned(),
            None | Some(_) => say_line(title(column), problem),
        });
        (place, what)
    };
    let told = [
        (
            Column::Login,
            problems.user_id.map(|problem| japanese::login_problem(problem).to_owned()),
        ),
        part(Column::Family, Column::Name, problems.family),
        part(Column::Given, Column::Name, problems.given),
        part(Column::FamilyKana, Column::Kana, problems.family_kana),
        part(Column::GivenKana, Column::Kana, problems.given_kana),
        (Column::Job, problems.no_job.then(|| say::NO_JOB.to_owned())),
        (Column::Roles, problems.roles.map(|_| say::NO_ROLE.to_owned())),
        (Column::Starts, problems.starts.map(say_day)),
        (Column::Retires, problems.retires.map(say_day)),
    ];
    let one = |(column, what): (Column, Option<String>)| {
        Some(Mistake::new(line.row.line, title(column), line.text(column), what?))
    };
    let mut found: Vec<_> = told.into_iter().filter_map(one).collect();
    found.dedup();
    found
}

/// The columns behind the user id, in the order of `values`.
const COLUMNS: [Column; 8] = [
    Column::Family,
    Column::Given,
    Column::FamilyKana,
    Column::GivenKana,
    Column::Job,
    Column::Roles,
    Column::Starts,
    Column::Retires,
];

fn is_same(line: Line<'_>, before: &Member) -> bool {
    let in_one_cell = [Column::Name, Column::Kana].into_iter().any(|one| line.cell(one).is_some());
    let mut pairs = COLUMNS.into_iter().zip(values(&before.details));
    !in_one_cell && pairs.all(|(column, value)| line.cell(column).is_none_or(|cell| cell == value))
}

fn changed(line: u64, before: &Member, wanted: &Wanted) -> Option<Changed> {
    let pairs = values(&before.details).into_iter().zip(values(&wanted.details));
    let fields: Vec<_> = COLUMNS
        .into_iter()
        .zip(pairs)
        .filter(|(_, (before, after))| before != after)
        .map(|(column, (before, after))| FieldChange { field: title(column), before, after })
        .collect();
    let title = wanted.details.name.full();
    (!fields.is_empty()).then_some(Changed { line, title, fields })
}

/// In the order of the columns behind the user id.
pub fn values(details: &MemberDetails) -> [String; 8] {
    let name = &details.name;
    let date = |date: Option<_>| date.map(japanese::era_date).unwrap_or_default();
    let roles: Vec<_> = details.roles.iter().map(japanese::role).collect();
    [
        name.family.clone(),
        name.given.clone(),
        name.family_kana.clone(),
        name.given_kana.clone(),
        japanese::job(details.job).to_owned(),
        roles.join(ROLE_MARK),
        date(details.starts),
        date(details.retires),
    ]
}
