//! What reads the bytes of strangers, one function each: for the fuzzer, and for the test that
//! replays what the fuzzer once found. They answer nothing; they must not panic.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::header;
use jiff::civil::Date;
use provisioning::sheets::{self, Form};
use provisioning::tunnel::QuickConfig;

use crate::kit::form::Fields;
use crate::kit::japanese;
use crate::office::import::{Asker, Register, Tell, check};
use crate::pictures::{HEAD_BYTES, Kind, ReadAt, apply, clean_photo, find_places};

type Target = (&'static str, fn(&[u8]));

/// The names are those of `tests/fuzz/fuzz_targets` and of the folders of the corpus.
pub const TARGETS: &[Target] = &[
    ("film", film),
    ("photo", photo),
    ("kind", kind),
    ("form", form),
    ("multipart", multipart),
    ("date", date),
    ("list", list),
    ("tunnel", tunnel),
];

struct Bytes<'a>(&'a [u8]);

impl ReadAt for Bytes<'_> {
    type Error = Infallible;

    fn read_at(&mut self, at: u64, bytes: usize) -> Result<Vec<u8>, Infallible> {
        let rest = usize::try_from(at).ok().and_then(|at| self.0.get(at..)).unwrap_or_default();
        Ok(rest.get(..bytes).unwrap_or(rest).to_vec())
    }
}

/// What is hidden stays hidden: a film that was cleaned has nothing left to clean.
pub fn film(bytes: &[u8]) {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let Ok(places) = find_places(&mut Bytes(bytes), length) else { return };
    let mut clean = bytes.to_vec();
    apply(&places, 0, &mut clean);
    let pieces = clean.len() / 2;
    let (first, second) = bytes.split_at(pieces);
    let (mut first, mut second) = (first.to_vec(), second.to_vec());
    apply(&places, 0, &mut first);
    apply(&places, u64::try_from(pieces).unwrap_or(u64::MAX), &mut second);
    assert!([first, second].concat() == clean, "pieces are cleaned as the whole is");
}

pub fn photo(bytes: &[u8]) {
    let mut answer = Vec::new();
    if let Ok(Ok(())) = clean_photo(bytes, &mut answer) {
        assert!(answer.starts_with(b"F"), "facts come first");
    }
}

/// The name up to the first line end, the file behind it.
pub fn kind(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (name, head) = bytes.split_at(end);
    let head = head.get(..HEAD_BYTES).unwrap_or(head);
    let name = String::from_utf8_lossy(name);
    if Kind::recognise(&name, head).is_ok() {
        assert!(Kind::of_name(&name).is_ok(), "what is taken has a name that is taken");
    }
    let shortened = crate::mail::drafts::clean_name(&name);
    assert!(shortened.chars().count() <= crate::mail::model::FILE_NAME_CHARS_MAX);
}

pub fn form(bytes: &[u8]) {
    let fields: Fields = form_urlencoded::parse(bytes).into_owned().collect();
    for name in ["token", "version", "subject", "body"] {
        let (text, long) = (fields.text(name), fields.long(name));
        assert!(fields.has(name) || (text.is_empty() && long.is_empty()));
    }
}

/// As a form with files comes, its boundary given.
pub fn multipart(bytes: &[u8]) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    let request = Request::builder()
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(Body::from(bytes.to_vec()));
    let Ok(request) = request else { return };
    runtime.block_on(async {
        let Ok(mut form) = Multipart::from_request(request, &()).await else { return };
        while let Ok(Some(mut part)) = form.next_field().await {
            let _name = (part.name().map(str::len), part.file_name().map(str::len));
            while let Ok(Some(_)) = part.chunk().await {}
        }
    });
}

/// What is read as a day is written and read as the same day.
pub fn date(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(day) = japanese::read_date(&text) else { return };
    let written = japanese::era_date(day);
    if let Some(again) = japanese::read_date(&written) {
        assert_eq!(again, day, "{written}");
    }
}

/// A file that somebody takes in as a list: what is read is given out and read as the same, and
/// what is wrong in it has a line of the file.
pub fn list(bytes: &[u8]) {
    let sheet = sheets::read(bytes);
    let asker = Asker { clerk: None, today: Date::constant(2026, 4, 1) };
    let checked = check(&sheet, &Register::default(), &asker, &Tell::nobody());
    let Ok(sheet) = sheet else {
        assert!(checked.is_wrong(), "what cannot be read is a mistake");
        return;
    };
    let last = sheet.rows.iter().map(|row| row.line).max().unwrap_or(1);
    assert!(checked.mistakes.iter().all(|one| (1..=last).contains(&one.line)));
    let rows: Vec<_> = sheet.rows.into_iter().map(|row| row.cells).collect();
    let Ok(written) = sheets::write(&rows, Form::Utf8) else { return };
    let Ok(again) = sheets::read(&written) else { return };
    let again: Vec<_> = again.rows.into_iter().map(|row| row.cells).collect();
    assert_eq!(again, rows, "given out and taken in again");
}

/// A tunnel's file: what is read is written and read as the same, and leads nothing but the box
/// into the tunnel.
pub fn tunnel(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(read) = text.parse::<QuickConfig>() else { return };
    let written = read.text();
    assert_eq!(written.parse::<QuickConfig>().as_ref(), Ok(&read), "written and read again");
    assert_eq!(written.matches("AllowedIPs").count(), 1);
    assert!(!written.contains("/0"), "the whole network is nobody's tunnel");
}
