//! What the office may type about a facility.

use provisioning::facilities::{CodeProblem, FacilityCode, FacilityKind};

use super::model::{Typed, is_doubtful, parse};
use crate::office::text::LineProblem;

fn typed() -> Typed {
    Typed {
        code: "１５１０００００１４".to_owned(),
        kind: "clinic".to_owned(),
        name: " みどり診療所 ".to_owned(),
        kana: "みどりしんりょうじょ".to_owned(),
        short: String::new(),
        postal: "0000000".to_owned(),
        address: "みどり市1-1".to_owned(),
        phone: "000ー0000ー0000".to_owned(),
        fax: String::new(),
    }
}

#[test]
fn a_facility_is_read_as_it_is_typed() {
    let wanted = parse(&typed()).unwrap();
    assert_eq!(wanted.code.as_str(), "1510000014");
    let details = wanted.details;
    assert_eq!(details.kind, FacilityKind::Clinic);
    assert_eq!(details.name, "みどり診療所");
    assert_eq!(details.kana, "ミドリシンリョウジョ");
    assert_eq!(details.postal, "000-0000");
    assert_eq!(details.phone, "000-0000-0000");
}

#[test]
fn what_was_typed_comes_back_from_what_is_kept() {
    let wanted = parse(&typed()).unwrap();
    assert_eq!(parse(&Typed::of(&wanted.code, &wanted.details)), Ok(wanted));
}

#[test]
fn every_field_has_its_own_problem() {
    let problems = parse(&Typed { fax: "なし".to_owned(), ..Typed::default() }).unwrap_err();
    assert_eq!(problems.code, Some(CodeProblem::Empty));
    assert!(problems.no_kind);
    assert_eq!(problems.name, Some(LineProblem::Empty));
    assert_eq!(problems.kana, Some(LineProblem::Empty));
    assert_eq!(problems.fax, Some(LineProblem::NotPhone));
    assert_eq!((problems.short, problems.address, problems.phone), (None, None, None));
    let problems = parse(&Typed { kana: "緑診療所".to_owned(), ..typed() }).unwrap_err();
    assert_eq!(problems.kana, Some(LineProblem::NotKana));
    let problems = parse(&Typed { short: "あ".repeat(21), ..typed() }).unwrap_err();
    assert_eq!(problems.short, Some(LineProblem::TooLong { chars_max: 20 }));
}

#[test]
fn a_code_is_doubted_when_it_is_typed_and_not_when_it_stays() {
    let fits = FacilityCode::with_check_digit([1, 5, 1, 0, 0, 0, 0, 0, 1]);
    let last = if fits.as_str().ends_with('0') { '1' } else { '0' };
    let differs = FacilityCode::parse(&format!("151000001{last}")).unwrap();
    assert!(!is_doubtful(&fits, None));
    assert!(is_doubtful(&differs, None));
    assert!(is_doubtful(&differs, Some(&fits)));
    assert!(!is_doubtful(&differs, Some(&differs)));
}
