//! Looking for words in every byte of a folder.

use std::path::{Path, PathBuf};

/// A word in the encodings in which a program may have written it.
pub fn spellings(word: &str) -> Vec<Vec<u8>> {
    let little = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big = word.encode_utf16().flat_map(u16::to_be_bytes).collect();
    vec![word.as_bytes().to_vec(), little, big]
}

/// Every word that stands somewhere in these bytes.
pub fn found_in<'a>(bytes: &[u8], words: &'a [String]) -> Vec<&'a str> {
    let is_there = |word: &&String| spellings(word).iter().any(|one| contains(bytes, one));
    words.iter().filter(is_there).map(String::as_str).collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(wanted) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    found
}

/// Each file of a folder with the words that it gives away.
pub fn leaks(folder: &Path, words: &[String]) -> Vec<String> {
    let mut leaks = Vec::new();
    for path in files(folder) {
        let bytes = std::fs::read(&path).expect("a file");
        let found = found_in(&bytes, words);
        leaks.extend(found.iter().map(|word| format!("{}: {word}", path.display())));
    }
    leaks
}
