//! The files of the repository, and Rust text without its comments and strings.

use std::path::{Path, PathBuf};

const SKIPPED_FOLDERS: &[&str] = &[".git", "node_modules", "target"];
const FOLDERS_DEEP_MAX: usize = 12;

/// One text file; its path is relative to the repository and written with `/`.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn is_shell(&self) -> bool {
        let first = self.text.lines().next().unwrap_or_default();
        self.path.ends_with(".sh") || (first.starts_with("#!") && first.ends_with("sh"))
    }

    /// Tests may say and do what the product may not.
    pub fn is_test(&self) -> bool {
        let name = self.name();
        name == "tests.rs"
            || name.ends_with("_test.rs")
            || self.folder().split('/').any(|folder| folder == "tests")
    }

    /// Lines counted from one, as written and with comments and literals blanked out.
    pub fn lines(&self) -> Vec<Line> {
        let code = code_only(&self.text);
        let pairs = self.text.lines().zip(code.lines()).enumerate();
        pairs
            .map(|(at, (raw, code))| Line {
                number: at + 1,
                raw: raw.to_owned(),
                code: code.to_owned(),
            })
            .collect()
    }

    pub fn offence(&self, line: usize, message: &str) -> String {
        format!("{}:{line}: {message}", self.path)
    }
}

pub struct Line {
    pub number: usize,
    pub raw: String,
    pub code: String,
}

/// Every text file that belongs to the repository, in the order of their paths.
pub fn repository() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    walk(&root, "", &mut files, FOLDERS_DEEP_MAX);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<File>, deeper: usize) {
    assert!(deeper > 0, "{prefix} lies deeper than {FOLDERS_DEEP_MAX} folders");
    let entries = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{prefix}: {why}"));
    for entry in entries {
        let entry = entry.unwrap_or_else(|why| panic!("{prefix}: {why}"));
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().unwrap_or_else(|why| panic!("{path}: {why}"));
        if kind.is_dir() {
            if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                walk(&entry.path(), &path, files, deeper - 1);
            }
        } else if kind.is_file() {
            files.extend(read(entry.path()).map(|text| File { path, text }));
        }
    }
}

/// Pictures and other bytes that aren't text are no business of these rules; a file that another
/// test removes meanwhile isn't either.
fn read(path: PathBuf) -> Option<String> {
    std::fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Replaces comments and literals by spaces; lines and columns stay where they are.
pub fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut inside_word = false;
    while let Some(first) = rest.chars().next() {
        let dead = dead_bytes(rest, inside_word);
        let (taken, left) = rest.split_at(dead.max(first.len_utf8()));
        if dead == 0 {
            code.push(first);
        } else {
            code.extend(taken.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        }
        inside_word = dead == 0 && is_word(first);
        rest = left;
    }
    code
}

pub fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// How many bytes the comment or literal at the start of `rest` takes; 0 where code begins.
fn dead_bytes(rest: &str, inside_word: bool) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_bytes(rest);
    }
    if rest.starts_with('"') {
        return quoted_bytes(rest, '"');
    }
    if rest.starts_with("'\\") {
        return quoted_bytes(rest, '\'');
    }
    let mut letters = rest.char_indices();
    if let (Some((_, '\'')), Some(_), Some((at, '\''))) =
        (letters.next(), letters.next(), letters.next())
    {
        return at + 1;
    }
    if inside_word { 0 } else { raw_string_bytes(rest) }
}

fn block_comment_bytes(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) {
        if left.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if left.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += left.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted_bytes(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + letter.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn raw_string_bytes(rest: &str) -> usize {
    let Some(after) = ["r", "br", "cr"]
        .iter()
        .find_map(|mark| rest.strip_prefix(mark).filter(|after| after.starts_with(['"', '#'])))
    else {
        return 0;
    };
    let body = after.trim_start_matches('#');
    let hashes = after.len() - body.len();
    if !body.starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let opened = rest.len() - body.len() + 1;
    let found = rest.get(opened..).and_then(|inside| inside.find(&end));
    found.map_or(rest.len(), |at| opened + at + end.len())
}

#[test]
fn the_repository_is_read() {
    let files = repository();
    for path in ["Cargo.toml", "appliance/store/src/lib.rs", "tests/it/main.rs", "scripts/test"] {
        assert!(files.iter().any(|file| file.path == path), "{path} wasn't read");
    }
    assert!(!files.iter().any(|file| file.path.starts_with("target/")));
}

#[test]
fn comments_and_literals_are_blanked_in_place() {
    for (text, code) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("x\"y", 'z', '\'') + 'a"#, r"f(      ,    ,     ) + 'a"),
        ("b(r#\"x\"y\"#, br\"z\")", "b(        ,      )"),
        ("<'a>(r#type, bar\"x\")", "<'a>(r#type, bar   )"),
    ] {
        assert_eq!(code_only(text), code);
    }
}
