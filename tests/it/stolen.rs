//! A copied data folder tells its thief nothing: no name, no subject, no word of a letter.

use std::path::Path;

use appliance::demo::DemoNetwork;
use appliance::migrations::MIGRATIONS;
use store::{Clock, MasterKey, Store};
use tests::load::{PASSWORD, administrator};
use tests::network::layout;
use tests::program::{Appliance, OFFICE_CODE, Program};
use tests::scan::{files, leaks};

use crate::found::brought_up;

const MAILS: &str = include_str!("../../appliance/src/demo/mails.toml");

/// Short words come up by chance in some megabytes of noise.
const CHARS_MIN: usize = 3;
const BYTES_MIN: usize = 6;

#[tokio::test]
async fn a_stolen_folder_gives_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    Program::try_out(folder.path()).kill();
    let words = secrets();
    assert!(words.len() > 200, "{} words are looked for", words.len());
    index(folder.path());
    let store = folder.path().join("store");
    let bytes: u64 = files(&store).iter().map(|file| file.metadata().unwrap().len()).sum();
    println!("{} words in {} files of {bytes} bytes", words.len(), files(&store).len());
    assert!(files(&store).len() > 10 && bytes > 1_000_000, "the demo has mails and pictures");
    assert_eq!(leaks(&store, &words), Vec::<String>::new());
    assert_eq!(leaks_of_log(folder.path(), &words), Vec::<String>::new(), "nor does the log");

    let layout = layout(folder.path());
    let thief = Store::open(&layout, &MasterKey::random(), Clock::system(), MIGRATIONS);
    assert!(thief.is_err(), "a folder without its master key stays closed");
    open(folder.path()).close();
}

/// Of the owner, who has the master key.
fn open(folder: &Path) -> Store {
    let text = std::fs::read_to_string(folder.join("master-key")).unwrap();
    let key = data_encoding::HEXLOWER.decode(text.trim().as_bytes()).unwrap();
    let key = MasterKey::new(key.try_into().unwrap());
    let opened = Store::open(&layout(folder), &key, Clock::system(), MIGRATIONS);
    opened.expect("a folder opens with its master key")
}

/// All letters are in the search index, which lies in the folder too.
fn index(folder: &Path) {
    let store = open(folder);
    let app = brought_up(&store);
    let index = files(&folder.join("store/mail-index"));
    assert!(app.index.pieces() > 20 && index.len() > 5, "{} files", index.len());
    drop(app);
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_folder_nor_log_keeps_what_a_card_says() {
    let place = Appliance::init();
    let program = Program::run(&place);
    let (_, mut admin) = administrator(&place, &program).await;
    admin.try_login(OFFICE_CODE, "admin", "a-password-mistyped").await;
    let cookie = admin.cookies[webui::kit::session::COOKIE].clone();
    program.kill();
    let card = &place.office_card;
    let mut words = vec![PASSWORD.to_owned(), "a-password-mistyped".to_owned(), cookie];
    for secret in [&card.secret, &card.initial_password, &place.recovery_key] {
        words.extend([secret.clone(), secret.replace('-', "")]);
    }
    let log = std::fs::read_to_string(place.folder.path().join("log")).unwrap();
    assert!(log.contains("DEBUG"), "the log tells what it can: {log}");
    assert_eq!(leaks(place.folder.path(), &words), Vec::<String>::new());
}

fn leaks_of_log(folder: &Path, words: &[String]) -> Vec<String> {
    let log = tempfile::tempdir().unwrap();
    std::fs::copy(folder.join("log"), log.path().join("log")).unwrap();
    leaks(log.path(), words)
}

#[test]
fn the_search_finds_what_lies_open() {
    let words = secrets();
    for encode in [utf8, utf16] {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("deep/down");
        std::fs::create_dir_all(&below).unwrap();
        let network = include_str!("../../appliance/src/demo/network.toml");
        let open = [vec![0xff; 1000], encode(network), encode(MAILS)].concat();
        std::fs::write(below.join("sample"), open).unwrap();
        assert_eq!(leaks(folder.path(), &words).len(), words.len());
    }
}

fn utf8(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Names, readings, log-ins, facilities, subjects and lines of the demo's letters.
fn secrets() -> Vec<String> {
    let data = DemoNetwork::read().unwrap();
    let mut words = Vec::new();
    for one in data.member {
        words.extend([one.family, one.given, one.family_kana, one.given_kana, one.login]);
    }
    for one in data.facility {
        // Codes are public, and keys of an index: they lie open.
        words.extend([one.name, one.kana, one.short, one.address]);
    }
    for line in MAILS.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(" = ") {
            Some(("subject", subject)) => words.push(subject.trim_matches('"').to_owned()),
            Some(_) => {}
            None => words.push(line.to_owned()),
        }
    }
    words.retain(|word| word.chars().count() >= CHARS_MIN && word.len() >= BYTES_MIN);
    words.retain(|word| !word.starts_with(['[', '"']) && !word.contains("\"\"\""));
    words.sort();
    words.dedup();
    words
}
