//! The visitor's words live in templates and pages; code is written in English.

use super::tree::File;
use super::{check, offences};

const ENDINGS: &[&str] = &[".css", ".html", ".js", ".md", ".ps1", ".svg", ".toml"];
const NAMES: &[&str] = &["japanese.rs", "pages.rs", "say.rs"];
const FOLDERS: &[&str] = &["appliance/src/demo/", "webui/src/kit/"];

#[test]
fn japanese_stays_where_visitors_read_it() {
    let stray = [("webui/src/mail/model.rs", "//! Mail.\n// 受信箱")];
    assert_eq!(offences(strays, &stray), ["webui/src/mail/model.rs:2: Japanese letters"]);
    let allowed = [
        ("webui/src/mail/pages.rs", "受信箱"),
        ("webui/src/mail/tests.rs", "メール"),
        ("tests/it/main.rs", "めーる"),
        ("appliance/src/demo/mails.rs", "ﾒｰﾙ"),
        ("webui/src/mail/mail.html", "宛先"),
    ];
    assert!(offences(strays, &allowed).is_empty());
    check(strays);
}

fn strays(files: &[File]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| !may_speak(file)) {
        for (at, line) in file.text.lines().enumerate() {
            if line.chars().any(is_japanese) {
                offences.push(file.offence(at + 1, "Japanese letters"));
            }
        }
    }
    offences
}

fn may_speak(file: &File) -> bool {
    file.is_test()
        || NAMES.contains(&file.name())
        || ENDINGS.iter().any(|ending| file.path.ends_with(ending))
        || FOLDERS.iter().any(|folder| file.path.starts_with(folder))
}

fn is_japanese(letter: char) -> bool {
    matches!(
        letter,
        '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{3ffff}'
    )
}
