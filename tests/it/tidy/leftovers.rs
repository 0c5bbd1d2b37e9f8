//! Nothing unfinished, silenced or swallowed without a word.

use super::tree::{File, Line, is_word};
use super::{check, offences};

/// Split, because this file must not hold what it looks for.
const MARKS: &[&str] = &[concat!("FIX", "ME"), concat!("TO", "DO"), concat!("X", "XX")];
const UNFINISHED: &[&str] = &["dbg!", "todo!", "unimplemented!", "#[ignore", "#[should_panic"];
const SILENCERS: &[&str] = &["#[allow(", "#![allow(", "#[expect(", "#![expect("];

/// Formats whose data may hold any word.
const NO_CODE: &[&str] = &[".json", ".lock", ".md", ".svg"];

#[test]
fn nothing_unfinished_is_left() {
    for mark in MARKS {
        assert_eq!(offences(unfinished, &[("a.js", &format!("// {mark}: later"))]).len(), 1);
        assert!(offences(unfinished, &[("a.sh", &format!("mktemp -d x.{mark}{mark}"))]).is_empty());
    }
    for word in UNFINISHED {
        assert_eq!(offences(unfinished, &[("a.rs", &format!("{word}(x)]"))]).len(), 1);
        assert!(offences(unfinished, &[("a.rs", &format!("// no {word}"))]).is_empty());
    }
    check(unfinished);
}

#[test]
fn every_silenced_lint_has_a_reason() {
    let bare = "#[expect(\n    a::b,\n    c\n)]\nfn a() {} // reason = ";
    assert_eq!(offences(silenced_without_reason, &[("a.rs", bare)]).len(), 1);
    let reasoned = "#![allow(\n    a::b,\n    reason = \"because\"\n)]";
    assert!(offences(silenced_without_reason, &[("a.rs", reasoned)]).is_empty());
    check(silenced_without_reason);
}

#[test]
fn every_dropped_result_has_a_comment() {
    assert_eq!(offences(dropped_results, &[("a.rs", "x();\nlet _ = b();")]).len(), 1);
    let why = "// The receiver may be gone.\nlet _ = b();\nlet _ = c(); // So may this.";
    assert!(offences(dropped_results, &[("a.rs", why)]).is_empty());
    check(dropped_results);
}

fn unfinished(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| !NO_CODE.iter().any(|end| file.path.ends_with(end))) {
        for (at, line) in file.text.lines().enumerate() {
            let found = MARKS.iter().filter(|mark| has_word(line, mark));
            offences.extend(found.map(|mark| file.offence(at + 1, &format!("a leftover {mark}"))));
        }
    }
    for file in files.iter().filter(|file| file.is_rust()) {
        for line in file.lines() {
            let found = UNFINISHED.iter().filter(|word| line.code.contains(**word));
            offences.extend(found.map(|word| file.offence(line.number, word)));
        }
    }
    offences
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn silenced_without_reason(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.lines();
        for (at, line) in lines.iter().enumerate() {
            let silences = SILENCERS.iter().any(|silencer| line.code.contains(silencer));
            if silences && !attribute(lines.iter().skip(at)).contains("reason =") {
                offences.push(file.offence(line.number, "a lint is silenced without a reason"));
            }
        }
    }
    offences
}

fn attribute<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    let mut code = String::new();
    for line in lines {
        code.push_str(&line.code);
        if code.contains(")]") {
            break;
        }
    }
    code.split(")]").next().unwrap_or_default().to_owned()
}

fn dropped_results(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let mut said_before = false;
        for line in file.lines() {
            let said = line.raw.contains("//");
            if line.code.contains("let _ =") && !said && !said_before {
                offences
                    .push(file.offence(line.number, "`let _ =` without a comment that says why"));
            }
            said_before = line.raw.trim_start().starts_with("//");
        }
    }
    offences
}
