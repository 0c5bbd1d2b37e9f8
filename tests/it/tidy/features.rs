//! One feature is one folder with the same few files, and its rules know nothing of the web.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{File, is_word};
use super::{check, offences};

/// Folders under this one that have pages are features.
const FEATURES: &str = "webui/src/";
const WEB_WORDS: &[&str] = &["axum", "minijinja", "tokio"];

#[test]
fn every_feature_has_its_files() {
    let bare = [("webui/src/mail/pages.rs", "")];
    assert_eq!(offences(incomplete_features, &bare).len(), 2, "mod.rs and tests.rs are missing");
    let records = [
        ("webui/src/mail/mod.rs", ""),
        ("webui/src/mail/pages.rs", "impl Record for Mail {}"),
        ("webui/src/mail/tests.rs", ""),
    ];
    assert_eq!(offences(incomplete_features, &records).len(), 2, "model.rs and tables.rs as well");
    let divided = [("webui/src/mail/mod.rs", ""), ("webui/src/mail/tests/mod.rs", "")];
    assert!(offences(incomplete_features, &[bare.as_slice(), &divided].concat()).is_empty());
    let kit = [("webui/src/kit/session.rs", "impl Record for Session {}")];
    assert!(offences(incomplete_features, &kit).is_empty());
    check(incomplete_features);
}

#[test]
fn rules_and_records_know_no_web() {
    let bad = [("webui/src/mail/model.rs", "//! No axum.\nuse tokio::sync;\nfn axum_free() {}")];
    assert_eq!(offences(web_words, &bad), ["webui/src/mail/model.rs:2: names tokio"]);
    assert!(offences(web_words, &[("webui/src/mail/pages.rs", "use axum::http;")]).is_empty());
    check(web_words);
}

#[test]
fn tables_have_different_names() {
    let table = |name: &str| format!("    const TABLE: &'static str = \"{name}\";");
    let (mails, memos) = (table("mails"), table("memos"));
    let same = [("a/tables.rs", mails.as_str()), ("b/tables.rs", mails.as_str())];
    assert_eq!(offences(repeated_tables, &same).len(), 1);
    let declared =
        "trait Record {\n    const TABLE: &'static str;\n    const TABLE: &'static str;\n}";
    assert!(offences(repeated_tables, &[("a/record.rs", declared)]).is_empty());
    let different = [("a/tables.rs", mails.as_str()), ("b/tables.rs", memos.as_str())];
    assert!(offences(repeated_tables, &different).is_empty());
    check(repeated_tables);
}

#[test]
fn every_table_has_a_word_for_an_auditor() {
    let table = "    const TABLE: &'static str = \"mails\";";
    let words = ("webui/src/trail/japanese.rs", "        \"mails\" => \"word\",");
    assert_eq!(offences(tables_without_words, &[("a/tables.rs", table)]).len(), 1);
    assert!(offences(tables_without_words, &[("a/tables.rs", table), words]).is_empty());
    let index = "    const TABLE: &'static str = \"mails_by_day\";";
    assert!(offences(tables_without_words, &[("a/tables.rs", index)]).is_empty());
    check(tables_without_words);
}

/// Indexes change with their rows, and no page names them.
fn tables_without_words(files: &[File]) -> Vec<String> {
    const WORDS: &str = "webui/src/trail/japanese.rs";
    let words: Vec<_> = files.iter().filter(|file| file.path == WORDS).collect();
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        for line in file.lines().iter().filter(|line| line.code.contains("const TABLE:")) {
            let Some(name) = line.raw.split('"').nth(1) else { continue };
            let quoted = format!("\"{name}\"");
            let is_said =
                words.iter().any(|file| file.lines().iter().any(|line| line.raw.contains(&quoted)));
            if !name.contains("_by_") && !is_said {
                offences
                    .push(file.offence(line.number, &format!("the trail has no word for {name}")));
            }
        }
    }
    offences
}

fn incomplete_features(files: &[File]) -> Vec<String> {
    let paths: BTreeSet<_> = files.iter().map(|file| file.path.as_str()).collect();
    let pages =
        files.iter().filter(|file| file.path.starts_with(FEATURES) && file.name() == "pages.rs");
    let mut offences = Vec::new();
    for page in pages {
        let folder = page.folder();
        let owns_records = files.iter().any(|file| {
            file.folder() == folder && file.is_rust() && !file.is_test() && has_record(file)
        });
        let mut wanted = vec!["mod.rs", "tests.rs"];
        if owns_records {
            wanted.extend(["model.rs", "tables.rs"]);
        }
        wanted.retain(|name| {
            let alone = format!("{folder}/{name}");
            let divided = format!("{folder}/{}", name.replace(".rs", "/mod.rs"));
            !paths.contains(alone.as_str()) && !paths.contains(divided.as_str())
        });
        offences.extend(wanted.iter().map(|name| format!("{folder}:1: has no {name}")));
    }
    offences
}

fn has_record(file: &File) -> bool {
    file.lines().iter().any(|line| line.code.contains("impl Record for "))
}

fn web_words(files: &[File]) -> Vec<String> {
    let pure = files.iter().filter(|file| ["model.rs", "tables.rs"].contains(&file.name()));
    let mut offences = Vec::new();
    for file in pure {
        for line in file.lines() {
            let words: Vec<_> = line.code.split(|letter| !is_word(letter)).collect();
            let found = WEB_WORDS.iter().filter(|word| words.contains(word));
            offences.extend(found.map(|word| file.offence(line.number, &format!("names {word}"))));
        }
    }
    offences
}

fn repeated_tables(files: &[File]) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        for line in file.lines().iter().filter(|line| line.code.contains("const TABLE:")) {
            // A trait's own line has no name in it.
            let Some(name) = line.raw.split('"').nth(1).map(str::to_owned) else { continue };
            if let Some(first) = seen.insert(name.clone(), file.path.clone()) {
                let message = format!("the table {name} belongs to {first} as well");
                offences.push(file.offence(line.number, &message));
            }
        }
    }
    offences
}
