//! Whether a whole store is in order, and holds what its members were told.

use std::collections::{BTreeMap, BTreeSet};

use provisioning::members;
use store::{Act, Actor, Id, Order, Record as _, Store, StoreError, View};
use tests::load::Said;
use tests::program::Appliance;
use webui::kit::live::{Notice, Unread};
use webui::mail::drafts::Draft;
use webui::mail::model::{Entry, EntryState, File, Folder, Mail, Owner, Receipt};
use webui::mail::tables;

/// More mails and drafts than any run makes.
const ROWS_MAX: usize = 1_000_000;

const PIECE_BYTES: usize = 1024 * 1024;

/// Opens the store of a box that was killed, and closes it.
pub fn check_everything(place: &Appliance, said: &Said) {
    let store = place.open();
    let act = Act::new(Actor::System, "test.look", store.clock().now());
    store
        .glance(act, |view| {
            let mails = view.reveal_page::<Mail>(&(), Order::Ascending, None, ROWS_MAX)?.rows;
            let drafts = view.reveal_page::<Draft>(&(), Order::Ascending, None, ROWS_MAX)?.rows;
            for mail in &mails {
                check_whole(view, mail)?;
            }
            check_counters(view)?;
            check_said(&store, view, &mails, &drafts, said)
        })
        .expect("the store reads");
    store.close();
}

/// A mail is in everybody's folders or nowhere.
fn check_whole(view: &View<'_>, mail: &Mail) -> Result<(), StoreError> {
    let mut count = 0;
    for recipient in &mail.recipients {
        let owner = recipient.person.owner;
        let member = recipient.person.member().expect("a member");
        let entry = entry(view, owner, Folder::Inbox, mail)?.expect("a recipient's entry");
        let receipt: Option<Receipt> = view.get(&(mail.id, owner))?;
        let opened = receipt.and_then(|receipt| receipt.opened);
        let notice: Option<Notice> = view.get(&(mail.id.bytes(), member))?;
        let is_open = entry.state == EntryState::Opened;
        assert_eq!(opened.is_some(), is_open, "the receipt of {}", mail.subject);
        assert_eq!(notice.is_none(), is_open, "the notice of {}", mail.subject);
        count += u16::from(is_open);
    }
    let sent = entry(view, mail.sender.owner, Folder::Sent, mail)?.expect("the sender's entry");
    let recipients = u16::try_from(mail.recipients.len()).unwrap();
    assert_eq!(sent.state, EntryState::Sent { opened: count, recipients }, "{}", mail.subject);
    Ok(())
}

fn entry(
    view: &View<'_>,
    owner: Id<Owner>,
    folder: Folder,
    mail: &Mail,
) -> Result<Option<Entry>, StoreError> {
    view.reveal(&(owner, folder.number(), store::Newest(mail.sent_at), mail.id))
}

fn check_counters(view: &View<'_>) -> Result<(), StoreError> {
    for member in members::list(view)? {
        let inbox =
            tables::entries(view, Owner::member(member.id), Folder::Inbox, None, ROWS_MAX)?.rows;
        let unopened = inbox.iter().filter(|entry| entry.state == EntryState::Unopened).count();
        let counted = view.counter::<Unread>(&member.id)?;
        assert_eq!(usize::try_from(counted), Ok(unopened), "{}", member.login.as_str());
    }
    Ok(())
}

fn check_said(
    store: &Store,
    view: &View<'_>,
    mails: &[Mail],
    drafts: &[Draft],
    said: &Said,
) -> Result<(), StoreError> {
    let mut by_subject: BTreeMap<&str, &Mail> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for mail in mails {
        assert!(ids.insert(mail.key()), "an id came twice");
        let subject = mail.subject.as_str();
        assert!(said.tried.contains(subject), "{subject} was never written");
        assert!(by_subject.insert(subject, mail).is_none(), "{subject} is there twice");
        assert_eq!(mail.body, format!("body of {subject}"));
        check_files(store, &mail.files, said.files.get(subject));
    }
    for subject in &said.sent {
        assert!(by_subject.contains_key(subject.as_str()), "{subject} was sent and is lost");
    }
    for draft in drafts {
        let sent = by_subject.contains_key(draft.subject.as_str());
        assert!(!sent, "{} is a draft and a mail at once", draft.subject);
    }
    for (mail, member) in &said.opened {
        let key = (mail.parse().unwrap(), member.parse().unwrap());
        let receipt: Option<Receipt> = view.get(&key)?;
        let opened = receipt.is_some_and(|receipt| receipt.opened.is_some());
        assert!(opened, "{member} opened {mail} and nobody knows");
    }
    Ok(())
}

fn check_files(store: &Store, files: &[File], expected: Option<&Vec<u8>>) {
    assert_eq!(files.len(), usize::from(expected.is_some()));
    for (file, expected) in files.iter().zip(expected) {
        assert!(read_whole(store, file) == *expected, "{} has other bytes", file.name);
    }
}

pub fn read_whole(store: &Store, file: &File) -> Vec<u8> {
    let mut reader = store.blobs().reader(&file.blob).expect("a blob");
    let mut bytes = Vec::new();
    loop {
        let at = u64::try_from(bytes.len()).unwrap();
        let piece = reader.read_at(at, PIECE_BYTES).expect("bytes");
        if piece.is_empty() {
            return bytes;
        }
        bytes.extend(piece);
    }
}
