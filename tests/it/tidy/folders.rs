//! Every file and folder of Rust says what it is.

use std::collections::BTreeSet;

use super::tree::File;
use super::{check, offences};

const FACES: &[&str] = &["lib.rs", "main.rs", "mod.rs"];

/// Folders whose files are crates of their own, and so have no face.
const FOLDERS_OF_CRATES: &[&str] = &["benches", "bin", "examples", "fuzz_targets", "tests"];

#[test]
fn every_file_says_what_it_is() {
    assert_eq!(offences(undescribed_files, &[("a.rs", "use b;\n//! A.")]).len(), 1);
    assert!(offences(undescribed_files, &[("a.rs", "//! A.\nuse b;"), ("a.js", "")]).is_empty());
    check(undescribed_files);
}

#[test]
fn every_folder_has_a_face() {
    assert_eq!(offences(faceless_folders, &[("a/src/b/c.rs", "//! C.")]).len(), 1);
    let with_face = [("a/src/lib.rs", ""), ("a/src/b/mod.rs", ""), ("a/src/b/c.rs", "")];
    assert!(offences(faceless_folders, &with_face).is_empty());
    assert!(offences(faceless_folders, &[("a/tests/c.rs", ""), ("a/build.rs", "")]).is_empty());
    check(faceless_folders);
}

fn undescribed_files(files: &[File]) -> Vec<String> {
    let bare = files.iter().filter(|file| file.is_rust() && !file.text.starts_with("//! "));
    bare.map(|file| file.offence(1, "doesn't open with `//! ` and what it is")).collect()
}

fn faceless_folders(files: &[File]) -> Vec<String> {
    let rust = files.iter().filter(|file| file.is_rust() && file.name() != "build.rs");
    let folders: BTreeSet<_> = rust.map(File::folder).collect();
    let faceless = folders.into_iter().filter(|folder| {
        let last = folder.rsplit('/').next().unwrap_or_default();
        let face = |file: &File| file.folder() == *folder && FACES.contains(&file.name());
        !FOLDERS_OF_CRATES.contains(&last) && !files.iter().any(face)
    });
    faceless.map(|folder| format!("{folder}:1: has none of {}", FACES.join(", "))).collect()
}
