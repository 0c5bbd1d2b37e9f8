//! Short lines, short functions, short files.

use super::tree::{File, Line};
use super::{check, offences};

const LINE_COLUMNS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 500;

/// Files that may be longer, and how long; entries may only shrink and go.
const LONGER_FILES: &[(&str, usize)] = &[];

#[test]
fn lines_are_short() {
    let long = "x".repeat(LINE_COLUMNS_MAX + 1);
    assert_eq!(offences(long_lines, &[("a.rs", &long), ("b.html", &long)]).len(), 1);
    assert_eq!(offences(long_lines, &[("run", &format!("#!/bin/bash\n{long}"))]).len(), 1);
    let wide = "表".repeat(LINE_COLUMNS_MAX);
    assert!(offences(long_lines, &[("a.rs", &wide)]).is_empty());
    check(long_lines);
}

#[test]
fn functions_are_short() {
    let body = "    x();\n".repeat(FUNCTION_LINES_MAX - 1);
    let long = format!("async fn run(\n    a: A,\n) {{\n{body}}}\n");
    assert_eq!(offences(long_functions, &[("a.rs", &long)]).len(), 1);
    let short = format!("fn a();\nfn b() {{}}\nfn run() {{\n{}}}\n", "    x();\n".repeat(68));
    assert!(offences(long_functions, &[("a.rs", &short)]).is_empty());
    check(long_functions);
}

#[test]
fn files_are_short() {
    let long = "x\n".repeat(FILE_LINES_MAX + 1);
    assert_eq!(offences(|files| long_files(files, &[]), &[("a.rs", &long)]).len(), 1);
    let listed =
        |lines| offences(move |files| long_files(files, &[("a.rs", lines)]), &[("a.rs", &long)]);
    assert!(listed(501).is_empty());
    assert_eq!(listed(502).len(), 1, "an entry shrinks with its file");
    check(|files| long_files(files, LONGER_FILES));
}

fn long_lines(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() || file.is_shell()) {
        for (at, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > LINE_COLUMNS_MAX {
                offences.push(file.offence(at + 1, &format!("{columns} columns")));
            }
        }
    }
    offences
}

fn long_functions(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.lines();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| opens_function(&line.code)) {
            let length = function_lines(lines.iter().skip(at));
            if length > FUNCTION_LINES_MAX {
                offences.push(file.offence(line.number, &format!("a function of {length} lines")));
            }
        }
    }
    offences
}

fn opens_function(code: &str) -> bool {
    let code = code.trim_start();
    let words: Vec<_> = code.split_whitespace().take_while(|word| *word != "fn").collect();
    let before = |word: &&str| word.starts_with("pub") || QUALIFIERS.contains(word);
    words.len() < code.split_whitespace().count() && words.iter().all(before)
}

const QUALIFIERS: &[&str] = &["async", "const", "default", "extern", "unsafe"];

/// rustfmt closes a function at the indentation that it opened at.
fn function_lines<'a>(lines: impl Iterator<Item = &'a Line>) -> usize {
    let mut opening = 0;
    for (at, line) in lines.enumerate() {
        let code = line.code.trim_end();
        let indentation = code.len() - code.trim_start().len();
        if at == 0 {
            opening = indentation;
        }
        let ends = code.ends_with('}') || code.ends_with(';');
        if ends && indentation == opening {
            return at + 1;
        }
    }
    0
}

fn long_files(files: &[File], longer: &[(&str, usize)]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.text.lines().count();
        let listed = longer.iter().find(|(path, _)| *path == file.path).map(|(_, lines)| *lines);
        if lines > listed.unwrap_or(FILE_LINES_MAX) {
            offences.push(file.offence(1, &format!("{lines} lines")));
        }
        if listed.is_some_and(|listed| lines < listed) {
            offences.push(file.offence(1, "shrank: shrink or drop its entry in the list"));
        }
    }
    let gone = longer.iter().filter(|(path, _)| !files.iter().any(|file| file.path == *path));
    offences.extend(gone.map(|(path, _)| format!("{path}:1: is listed and doesn't exist")));
    offences
}
