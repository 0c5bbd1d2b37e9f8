//! Stores that earlier versions wrote still open: each kept file goes through the migrations
//! that came after it, and every kind of row is read.
//!
//! A folder `fixtures/schema-N` holds what `tokinet try --keep` wrote when there were N
//! migrations. It is kept for ever; a new one joins it with every migration.

use std::path::{Path, PathBuf};

use appliance::migrations::MIGRATIONS;
use provisioning::{cards, devices, enrolment, facilities, members, network};
use store::{Act, Actor, Clock, Layout, MasterKey, Store, StoreError};
use webui::mail::drafts::DraftState;
use webui::mail::model::{Folder, Owner};
use webui::mail::{drafts, tables};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let kept = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut kept: Vec<_> = kept.filter(|path| path.is_dir()).collect();
    kept.sort();
    kept
}

fn open(fixture: &Path, folder: &Path) -> Store {
    for name in ["store.redb", "keyring"] {
        std::fs::copy(fixture.join(name), folder.join(name)).unwrap();
    }
    let hex = std::fs::read_to_string(fixture.join("master-key")).unwrap();
    let digits: Vec<char> = hex.trim().chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    let key: Vec<u8> = digits.chunks(2).map(byte).collect();
    let master = MasterKey::new(key.try_into().unwrap());
    let layout = Layout { folder: folder.to_owned(), cache_bytes: 8 * 1024 * 1024 };
    Store::open(&layout, &master, Clock::system(), MIGRATIONS).unwrap()
}

#[test]
fn every_kept_store_opens_and_every_kind_of_row_is_read() {
    let kept = fixtures();
    assert!(!kept.is_empty(), "no kept store was found");
    for fixture in kept {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&fixture, folder.path());
        assert!(store.verify_rows().unwrap() > 1_000);
        assert!(store.read(|read| Ok::<_, StoreError>(read.verify_trail())).unwrap().unwrap() > 80);
        read_everything(&store);
    }
}

fn read_everything(store: &Store) {
    let people = store.read(members::list).unwrap();
    assert_eq!((store.read(facilities::list).unwrap().len(), people.len()), (12, 40));
    assert!(store.read(network::authority).unwrap().unwrap().is_ok());
    assert!(store.read(network::settings).unwrap().is_some());
    let enrolled = store.read(devices::list).unwrap();
    assert!(enrolled.len() >= 6);
    for device in &enrolled {
        assert_eq!(store.read(|read| devices::certificates_of(read, device.id)).unwrap().len(), 1);
    }
    assert_eq!(store.read(|read| enrolment::recent(read, 100)).unwrap().len(), enrolled.len());
    let (mut mails, mut written, mut printed) = (0, 0, 0);
    for member in &people {
        printed += store.read(|read| cards::of_member(read, member.id)).unwrap().len();
        let act = Act::new(Actor::System, "test", store.clock().now());
        let found = store.glance(act, |view| {
            let owner = Owner::member(member.id);
            let inbox = tables::entries(view, owner, Folder::Inbox, None, 500)?.rows;
            for entry in &inbox {
                let (mail, _) = tables::mail_of(view, &[owner], entry.mail)?.unwrap();
                let parts = tables::conversation(view, &[owner], mail.thread)?;
                assert!(parts.iter().any(|(part, _)| part.id == mail.id));
            }
            let writing = DraftState::Writing.number();
            Ok::<_, StoreError>((inbox.len(), drafts::of_owner(view, member.id, writing)?.len()))
        });
        let (inbox, drafts) = found.unwrap();
        mails += inbox;
        written += drafts;
    }
    assert!(mails > 150, "{mails}");
    assert_eq!((written, printed), (3, enrolled.len()));
}
