//! The restore drill: a backup of the running box becomes another box that people can work on.

use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

use hyper::StatusCode;
use tests::browser::{Browser, links};
use tests::load::{PASSWORD, Said, administrator, staff};
use tests::program::{Appliance, OFFICE_CODE, Program, success, text};

use crate::checks::check_everything;

const MAILS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_the_running_box_becomes_a_box_again() {
    let place = Appliance::init();
    let program = Program::run(&place);
    let said = Arc::new(Mutex::new(Said::default()));
    let workers = staff(&place, &program, 2, 7, &said).await;
    let (device, mut admin) = administrator(&place, &program).await;
    let to = workers[0].member.clone();
    for number in 0..MAILS {
        send(&mut admin, &to, number).await;
    }
    let working: Vec<_> = workers.into_iter().map(|one| tokio::spawn(one.work())).collect();
    let backup = place.folder.path().join("backup.age");
    let report = place.ask(&["backup", backup.to_str().unwrap()]);
    let state = place.ask(&["status"]);
    program.kill();
    for one in working {
        one.await.unwrap();
    }
    assert!(report["blobs"].as_u64().unwrap() >= u64::try_from(MAILS).unwrap(), "{report}");

    let other = empty_copy(&place);
    success(&restore(&other, &backup, &place.recovery_key));
    assert_ne!(key(&place), key(&other), "the new box has a key of its own");
    let verified = other.ask(&["verify"]);
    assert_eq!(verified["rows"], report["rows"]);
    assert_eq!(verified["acts"], report["trail_rows"]);
    assert_eq!(verified["attachments"], report["blobs"]);
    let program = Program::run(&other);
    let restored = other.ask(&["status"]);
    for field in ["network", "domain", "fingerprint", "facilities", "members", "devices"] {
        assert_eq!(restored[field], state[field], "{field}");
    }
    let mut admin = device.browser(program.address);
    admin.login(OFFICE_CODE, "admin", PASSWORD).await;
    read_everything(&mut admin).await;
    program.kill();
    forget_the_tests_own(&said);
    check_everything(&other, &said.lock().unwrap());
    let again = restore(&other, &backup, &place.recovery_key);
    assert!(!again.status.success(), "a restore replaces nothing");
}

/// The load's record goes on after the backup, so only what was tried may be compared.
fn forget_the_tests_own(said: &Arc<Mutex<Said>>) {
    let mut said = said.lock().unwrap();
    said.sent.clear();
    said.opened.clear();
    for number in 0..MAILS {
        said.tried.insert(subject(number));
        said.files.insert(subject(number), bytes(number));
    }
}

async fn send(browser: &mut Browser, to: &str, number: usize) {
    let draft = browser.start_draft(to).await.unwrap();
    browser.attach(&draft, "notes.txt", bytes(number)).await.unwrap();
    let subject = subject(number);
    browser.write_and_send(&draft, &subject, &format!("body of {subject}")).await.unwrap();
}

fn subject(number: usize) -> String {
    format!("drill {number}")
}

fn bytes(number: usize) -> Vec<u8> {
    format!("line {number}\n").repeat(10_000 + number).into_bytes()
}

async fn read_everything(browser: &mut Browser) {
    let sent = browser.get("/mail/sent").await.text();
    let is_mail = |path: &String| path.len() == "/mail/".len() + 32;
    let mails: Vec<_> = links(&sent, "/mail/").into_iter().filter(is_mail).collect();
    assert_eq!(mails.len(), MAILS);
    for (number, path) in (0..MAILS).rev().zip(mails) {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text().contains(&format!("body of {}", subject(number))), "{path}");
        let file = browser.get(&format!("{path}/files/0")).await;
        assert!(file.body == bytes(number), "the file of {}", subject(number));
    }
}

#[test]
fn a_backup_that_is_not_whole_or_not_ours_is_refused_in_words() {
    let place = Appliance::init();
    let backup = place.folder.path().join("backup.age");
    place.ask(&["backup", backup.to_str().unwrap()]);
    let whole = std::fs::read(&backup).unwrap();
    let mut bent = whole.clone();
    bent[whole.len() / 2] ^= 1;
    for (what, bytes, why) in [
        ("cut by a byte", &whole[..whole.len() - 1], "cannot be read to its end"),
        ("cut in the middle", &whole[..whole.len() / 2], "cannot be read to its end"),
        ("bent", &bent[..], "cannot be read to its end"),
        ("empty", &[][..], "does not open"),
    ] {
        std::fs::write(&backup, bytes).unwrap();
        assert_refused(&place, &backup, &place.recovery_key, what, why);
    }
    std::fs::write(&backup, whole).unwrap();
    let (other_key, _) = store::new_recovery_key();
    assert_refused(&place, &backup, &other_key, "another key", "does not open");
    assert_refused(&place, &backup, "no key", "no key", "not a recovery key");
    let other = empty_copy(&place);
    success(&restore(&other, &backup, &place.recovery_key));
}

fn assert_refused(place: &Appliance, backup: &Path, recovery: &str, what: &str, why: &str) {
    let other = empty_copy(place);
    let output = restore(&other, backup, recovery);
    let told = text(&output.stderr);
    assert!(!output.status.success(), "{what}");
    assert!(told.contains(why), "{what}: {told}");
    assert!(!other.config().data.exists(), "{what}: half a store is left");
}

/// The config of a box that has nothing else yet.
fn empty_copy(place: &Appliance) -> Appliance {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (place.folder.path().display(), folder.path().display());
    let config = std::fs::read_to_string(place.config_file()).unwrap();
    let config = config.replace(&old.to_string(), &new.to_string());
    std::fs::write(folder.path().join("tokinet.toml"), config).unwrap();
    Appliance {
        folder,
        fingerprint: place.fingerprint.clone(),
        recovery_key: place.recovery_key.clone(),
        office_card: place.office_card.clone(),
    }
}

fn restore(into: &Appliance, backup: &Path, recovery: &str) -> Output {
    let key = into.folder.path().join("recovery");
    std::fs::write(&key, recovery).unwrap();
    into.run(&["restore", backup.to_str().unwrap(), "--recovery-key", key.to_str().unwrap()])
}

fn key(of: &Appliance) -> String {
    std::fs::read_to_string(of.config().master_key.unwrap()).unwrap()
}
