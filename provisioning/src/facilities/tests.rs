//! Codes and the register of facilities.

use super::*;

#[test]
fn check_digits_follow_the_published_examples() {
    for code in ["0110113719", "1171201369", "1111200349"] {
        assert!(FacilityCode::parse(code).unwrap().check_digit_fits(), "{code}");
    }
    assert!(!FacilityCode::parse("0300000100").unwrap().check_digit_fits());
}

#[test]
fn a_code_is_read_as_people_type_it() {
    let read = |text| FacilityCode::parse(text).map(|code| code.as_str().to_owned());
    assert_eq!(read("０１１０１１３７１９").as_deref(), Ok("0110113719"));
    assert_eq!(read(" 01-1011-3719 ").as_deref(), Ok("0110113719"));
    assert_eq!(read("15A1234567").as_deref(), Ok("15A1234567"));
    assert_eq!(read(""), Err(CodeProblem::Empty));
    assert_eq!(read("123"), Err(CodeProblem::WrongLength));
    assert_eq!(read("01101137XX"), Err(CodeProblem::NotDigits));
}

#[test]
fn a_given_out_code_has_its_check_digit() {
    let code = FacilityCode::with_check_digit([9, 9, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(code.as_str(), "9900000010");
    assert!(code.check_digit_fits());
}
