//! Files as offices send them, and as nobody should.

use proptest::prelude::*;

use super::*;

fn table(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
}

fn cells(sheet: &Sheet) -> Vec<Vec<String>> {
    sheet.rows.iter().map(|row| row.cells.clone()).collect()
}

#[test]
fn what_was_written_is_read_again_in_every_form() {
    let rows = table(&[
        &["医療機関コード", "施設名", "電話"],
        &["0110113719", "髙﨑医院 \"本院\", 別館", "+81-254-00-0000"],
        &["1510000014", "=HYPERLINK(\"http://x\")", "-"],
    ]);
    for form in [Form::Utf8, Form::Cp932, Form::Xlsx] {
        let bytes = write(&rows, form).unwrap();
        assert_eq!(cells(&read(&bytes).unwrap()), rows, "{form:?}");
        if form != Form::Xlsx {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!text.contains(",=") && !text.contains(",+"), "{text}");
        }
    }
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let sheet = read("a,b\r\n\r\n\r\nc,\"d\ne\"\r\nf,g\r\n,,\r\nh\r\n".as_bytes()).unwrap();
    let lines: Vec<_> = sheet.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [1, 4, 6, 8]);
    let bad = [b"a,b\nc,d\n".as_slice(), &[0x82, 0xff, b'\n']].concat();
    assert_eq!(read(&bad), Err(SheetProblem::NotText { line: 3 }));
}

#[test]
fn a_letter_that_the_form_lacks_is_named() {
    let rows = table(&[&["施設名"], &["𠮷田医院"]]);
    let problem = write(&rows, Form::Cp932).unwrap_err();
    assert!(matches!(problem, WriteProblem::NotInCp932 { row: 1, letter: '𠮷' }), "{problem}");
}

#[test]
fn files_that_are_no_lists_are_refused() {
    let check = |bytes: &[u8], problem| assert_eq!(read(bytes), Err(problem));
    check(b"", SheetProblem::Empty);
    check(b"\r\n,,,\r\n", SheetProblem::Empty);
    check(b"%PDF-1.7", SheetProblem::NotAList);
    check(&[0xff, 0xfe, b'a', 0], SheetProblem::Utf16);
    check(b"PK\x03\x04 and no more", SheetProblem::Damaged);
    check(&[b','; 100], SheetProblem::Empty);
    check("a,".repeat(100).as_bytes(), SheetProblem::TooManyColumns { line: 1 });
    check("a\n".repeat(ROWS_MAX + 1).as_bytes(), SheetProblem::TooManyRows);
    let large = usize::try_from(FILE_BYTES_MAX).unwrap() + 1;
    check(&vec![b'a'; large], SheetProblem::TooLarge);
}

#[test]
fn a_bomb_is_not_unpacked_further_than_the_limit() {
    use std::io::Write as _;
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    bomb.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    let zeros = vec![b' '; 1024 * 1024];
    for _ in 0..=(UNPACKED_BYTES_MAX / (1024 * 1024)) {
        bomb.write_all(&zeros).unwrap();
    }
    let bomb = bomb.finish().unwrap().into_inner();
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    assert_eq!(read(&bomb), Err(SheetProblem::TooLarge));
}

#[test]
fn formulas_are_told_from_numbers_with_a_sign() {
    for cell in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+A3"] {
        assert!(is_formula(cell), "{cell}");
    }
    for cell in ["", "+81-254-00-0000", "-", "ー", "a=b"] {
        assert!(!is_formula(cell), "{cell}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        drop(read(&bytes));
        drop(read(&[b"PK\x03\x04".as_slice(), &bytes].concat()));
    }

    #[test]
    fn a_damaged_book_is_an_answer(at in 0usize..6000, value in any::<u8>()) {
        let mut bytes = write(&table(&[&["a", "b"], &["c", "d"]]), Form::Xlsx).unwrap();
        let at = at % bytes.len();
        bytes[at] = value;
        drop(read(&bytes));
    }

    // A byte-order mark in front of the first cell is taken for the file's own.
    #[test]
    fn any_text_survives_csv(rows in proptest::collection::vec(
        proptest::collection::vec("[^\\x00\r\n\t\u{feff}]{1,20}[a-z]", 1..6), 1..10)) {
        let bytes = write(&rows, Form::Utf8).unwrap();
        let read = read(&bytes).unwrap();
        let guard = |cell: &String| !cell.starts_with('\'');
        if rows.iter().flatten().all(guard) {
            prop_assert_eq!(cells(&read), rows);
        }
    }
}
