//! Lists given out: the register as a file that can be taken in again, and empty ones to fill.

use provisioning::facilities::Facility;
use provisioning::sheets::{self, Form, WriteProblem};

use super::check::{Register, title};
use super::facilities;
use super::japanese::example;
use super::members;
use super::model::Kind;

type Rows = Vec<Vec<String>>;

fn head(kind: Kind) -> Vec<String> {
    kind.written().map(|column| title(column).to_owned()).collect()
}

/// Everything that a list can hold, in the order of the codes.
pub fn export(kind: Kind, register: &Register, form: Form) -> Result<Vec<u8>, WriteProblem> {
    let mut rows = match kind {
        Kind::Facilities => register.facilities.iter().map(facility).collect(),
        Kind::Members => of_members(register),
    };
    rows.sort();
    rows.insert(0, head(kind));
    sheets::write(&rows, form)
}

fn facility(facility: &Facility) -> Vec<String> {
    let mut row = vec![facility.code.as_str().to_owned()];
    row.extend(facilities::values(&facility.details));
    row
}

fn of_members(register: &Register) -> Rows {
    let places: std::collections::HashMap<_, _> =
        register.facilities.iter().map(|one| (one.id, one)).collect();
    let row = |member: &provisioning::members::Member| {
        let place = places.get(&member.facility)?;
        let mut row = vec![
            place.code.as_str().to_owned(),
            place.details.name.clone(),
            member.login.as_str().to_owned(),
        ];
        row.extend(members::values(&member.details));
        Some(row)
    };
    register.members.iter().filter_map(row).collect()
}

/// Titles and one row that shows how the cells are written.
pub fn template(kind: Kind, form: Form) -> Result<Vec<u8>, WriteProblem> {
    let example = example(kind).iter().map(|cell| (*cell).to_owned()).collect();
    sheets::write(&[head(kind), example], form)
}
