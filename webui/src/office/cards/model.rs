//! What is asked for when cards are made, and the code that a tablet's camera reads.

use provisioning::cards::{CardProblem, Printed};
use provisioning::members::Member;
use qrcode::{Color, EcLevel, QrCode};
use store::{Id, StoreError};

/// Ten sheets; more than a clerk folds before a break.
pub const CARDS_AT_ONCE_MAX: usize = 100;

/// What readers need around a code, in modules.
const QUIET_MODULES: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// Ten cards on a sheet, to hand out.
    Sheet,
    /// A letter each, to post.
    Letter,
}

impl Paper {
    pub fn of_key(key: &str) -> Self {
        if key == "letter" { Self::Letter } else { Self::Sheet }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceProblem {
    Nobody,
    TooMany,
    /// An id that is none: not a form of ours.
    Unreadable,
}

/// Each member once, in the order of the table.
pub fn chosen<'a>(ids: impl Iterator<Item = &'a str>) -> Result<Vec<Id<Member>>, ChoiceProblem> {
    let mut members: Vec<Id<Member>> = Vec::new();
    for id in ids {
        let id = id.parse().map_err(|_| ChoiceProblem::Unreadable)?;
        if !members.contains(&id) {
            members.push(id);
        }
        if members.len() > CARDS_AT_ONCE_MAX {
            return Err(ChoiceProblem::TooMany);
        }
    }
    if members.is_empty() { Err(ChoiceProblem::Nobody) } else { Ok(members) }
}

/// Why no card was made; none of them is, then.
#[derive(Debug, thiserror::Error)]
pub enum IssueProblem {
    #[error("the form was sent before")]
    SentBefore,
    #[error("no card may be made for member {0} now")]
    NotNow(Id<Member>),
    #[error(transparent)]
    Card(#[from] CardProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the camera reads. Behind the `#` no server and no log hears of it.
pub fn enrolment_address(host: &str, printed: &Printed) -> String {
    format!("https://{host}/e#{}.{}", printed.card.number.plain(), printed.secret.plain())
}

/// One `<svg>` of black runs, a module a unit, with its quiet zone.
pub fn qr_svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width() + 2 * QUIET_MODULES;
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(code.width()).enumerate() {
        for (x, length) in dark_runs(row) {
            let (x, y) = (x + QUIET_MODULES, y + QUIET_MODULES);
            path.push_str(&format!("M{x} {y}h{length}v1h-{length}z"));
        }
    }
    Some(format!(
        "<svg viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" role=\"img\" \
         aria-label=\"QR\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

fn dark_runs(row: &[Color]) -> Vec<(usize, usize)> {
    let mut at = 0;
    let mut runs = Vec::new();
    for run in row.chunk_by(PartialEq::eq) {
        if run.first() == Some(&Color::Dark) {
            runs.push((at, run.len()));
        }
        at += run.len();
    }
    runs
}

/// A hash for eyes: groups of four.
pub fn fingerprint(hash: &[u8; 32]) -> String {
    let groups = hash.chunks(2).map(|pair| data_encoding::HEXUPPER.encode(pair));
    groups.collect::<Vec<_>>().join(" ")
}
