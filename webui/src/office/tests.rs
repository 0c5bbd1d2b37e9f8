//! Lists and lines that every page of the office shares.

use super::lists::{Asked, Part};
use super::text::{DayProblem, LineProblem, day, kana, phone, postal};

fn part(q: &str, after: &str, total: usize) -> Part<usize> {
    Asked::new(q, after).part((1..=total).collect(), "/x", &[("for", "y")], usize::to_string)
}

#[test]
fn a_list_goes_on_after_the_last_row_shown() {
    let first = part("あ い", "", 120);
    assert_eq!((first.rows.len(), first.total, first.first), (50, 120, None));
    let next = "/x?for=y&q=%E3%81%82+%E3%81%84&after=50";
    assert_eq!(first.next.as_deref(), Some(next), "words stay asked for");
    assert_eq!(first.range.as_deref(), Some("1〜50"));

    let last = part("", "100", 120);
    assert_eq!((last.rows.first(), last.rows.len(), last.next), (Some(&101), 20, None));
    assert_eq!(last.first.as_deref(), Some("/x?for=y"));
    assert_eq!(last.range.as_deref(), Some("101〜120"));
}

#[test]
fn a_short_list_has_one_page() {
    let only = part("", "gone", 50);
    assert_eq!((only.rows.len(), only.first, only.next, only.range), (50, None, None, None));
}

#[test]
fn words_are_cut_where_nobody_types_on() {
    assert_eq!(Asked::new(&"あ".repeat(500), "").q().chars().count(), 100);
}

#[test]
fn a_reading_is_taken_as_it_is_typed() {
    let check = |text, expected: Result<&str, LineProblem>| {
        assert_eq!(kana(text, 5), expected.map(str::to_owned), "{text}");
    };
    check(" さとう ", Ok("サトウ"));
    check("ｻﾄｳ", Ok("サトウ"));
    check("佐藤", Err(LineProblem::NotKana));
    check("", Err(LineProblem::Empty));
    check("さとうさとう", Err(LineProblem::TooLong { chars_max: 5 }));
}

#[test]
fn numbers_come_in_one_form() {
    let check = |text, expected: Option<&str>| {
        assert_eq!(postal(text).ok().as_deref(), expected, "{text}");
    };
    check("１２３ー４５６７", Some("123-4567"));
    check("〒1234567", Some("123-4567"));
    check("", Some(""));
    check("123-456", None);
    let check = |text, expected: Option<&str>| {
        assert_eq!(phone(text).ok().as_deref(), expected, "{text}");
    };
    check("０００ー００００ー００００", Some("000-0000-0000"));
    check("(000)000-0000", Some("(000)000-0000"));
    check("", Some(""));
    check("なし", None);
    check("-", None);
}

#[test]
fn an_empty_day_is_none() {
    assert_eq!(day(" "), Ok(None));
    assert_eq!(day("R8.4.1"), Ok(Some(jiff::civil::date(2026, 4, 1))));
    assert_eq!(day("来年"), Err(DayProblem::NotADay));
}
