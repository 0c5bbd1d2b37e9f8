//! What the office types about a facility, and what may come of it.

use provisioning::facilities::{CodeProblem, FacilityCode, FacilityDetails, FacilityKind};
use serde::Serialize;

use crate::office::text::{LineProblem, kana, line, needed_line, phone, postal};

/// Two lines on a letter.
const NAME_CHARS_MAX: usize = 60;
const KANA_CHARS_MAX: usize = 120;

/// A column of a list.
const SHORT_CHARS_MAX: usize = 20;

const ADDRESS_CHARS_MAX: usize = 120;

/// The form as it was typed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Typed {
    pub code: String,
    pub kind: String,
    pub name: String,
    pub kana: String,
    pub short: String,
    pub postal: String,
    pub address: String,
    pub phone: String,
    pub fax: String,
}

impl Typed {
    pub fn of(code: &FacilityCode, details: &FacilityDetails) -> Self {
        Self {
            code: code.as_str().to_owned(),
            kind: details.kind.key().to_owned(),
            name: details.name.clone(),
            kana: details.kana.clone(),
            short: details.short.clone(),
            postal: details.postal.clone(),
            address: details.address.clone(),
            phone: details.phone.clone(),
            fax: details.fax.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wanted {
    pub code: FacilityCode,
    pub details: FacilityDetails,
}

/// What is wrong with each field.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems {
    pub code: Option<CodeProblem>,
    pub no_kind: bool,
    pub name: Option<LineProblem>,
    pub kana: Option<LineProblem>,
    pub short: Option<LineProblem>,
    pub postal: Option<LineProblem>,
    pub address: Option<LineProblem>,
    pub phone: Option<LineProblem>,
    pub fax: Option<LineProblem>,
}

pub fn parse(typed: &Typed) -> Result<Wanted, Problems> {
    let code = FacilityCode::parse(&typed.code);
    let kind = FacilityKind::of_key(&typed.kind);
    let name = needed_line(&typed.name, NAME_CHARS_MAX);
    let reading = kana(&typed.kana, KANA_CHARS_MAX);
    let short = line(&typed.short, SHORT_CHARS_MAX);
    let postal = postal(&typed.postal);
    let address = line(&typed.address, ADDRESS_CHARS_MAX);
    let (phone, fax) = (phone(&typed.phone), phone(&typed.fax));
    match (code, kind, name, reading, short, postal, address, phone, fax) {
        (
            Ok(code),
            Some(kind),
            Ok(name),
            Ok(kana),
            Ok(short),
            Ok(postal),
            Ok(address),
            Ok(phone),
            Ok(fax),
        ) => {
            let details = FacilityDetails { kind, name, kana, short, postal, address, phone, fax };
            Ok(Wanted { code, details })
        }
        (code, kind, name, kana, short, postal, address, phone, fax) => Err(Problems {
            code: code.err(),
            no_kind: kind.is_none(),
            name: name.err(),
            kana: kana.err(),
            short: short.err(),
            postal: postal.err(),
            address: address.err(),
            phone: phone.err(),
            fax: fax.err(),
        }),
    }
}

/// Whether somebody should look at the paper again: the check digit differs, and it is not the
/// code that the facility has already.
pub fn is_doubtful(code: &FacilityCode, before: Option<&FacilityCode>) -> bool {
    before != Some(code) && !code.check_digit_fits()
}
