//! A mail as the index takes it: what it says, and whose folders it lies in.

use std::collections::BTreeSet;

use provisioning::directory::Directory;
use provisioning::facilities::Facility;
use provisioning::members::Member;
use store::{Id, Newest, StoreError, View};

use crate::index::Piece;
use crate::mail::model::{Entry, EntryState, Folder, Mail, Owner, Person};

/// `None` where the mail lies in nobody's folder any more.
pub fn piece_of(
    view: &View<'_>,
    directory: &Directory,
    mail: &Mail,
) -> Result<Option<Piece>, StoreError> {
    let mut readers = Vec::new();
    for owner in owners_of(mail) {
        if may_read(view, owner, mail)? {
            readers.push(owner.bytes());
        }
    }
    if readers.is_empty() {
        return Ok(None);
    }
    let authors: Vec<_> = authors_of(mail).map(|author| author.owner.bytes()).collect();
    let mut texts = vec![mail.subject.clone(), mail.body.clone()];
    texts.extend(mail.files.iter().map(|file| file.name.clone()));
    for person in people_of(mail) {
        texts.extend(names_of(directory, person));
    }
    let facilities: BTreeSet<_> = people_of(mail).map(|person| person.facility).collect();
    let mut places: Vec<_> = people_of(mail).map(|person| person.facility_name.clone()).collect();
    places.extend(facilities.into_iter().flat_map(|id| words_of(directory, id)));
    places.sort_unstable();
    places.dedup();
    texts.extend(places.iter().cloned());
    Ok(Some(Piece {
        id: mail.id.bytes(),
        at: mail.sent_at,
        readers,
        senders: authors_of(mail).flat_map(|author| names_of(directory, author)).collect(),
        authors,
        texts,
        places,
        has_files: !mail.files.is_empty(),
    }))
}

/// Everybody into whose folders it came.
fn owners_of(mail: &Mail) -> BTreeSet<Id<Owner>> {
    people_of(mail).map(|person| person.owner).collect()
}

/// Whether it lies in a folder of this owner, with its words.
fn may_read(view: &View<'_>, owner: Id<Owner>, mail: &Mail) -> Result<bool, StoreError> {
    for folder in Folder::ALL {
        let key = (owner, folder.number(), Newest(mail.sent_at), mail.id);
        let entry = view.reveal::<Entry>(&key)?;
        if entry.is_some_and(|entry| entry.state != EntryState::Withdrawn) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn authors_of(mail: &Mail) -> impl Iterator<Item = &Person> {
    std::iter::once(&mail.sender).chain(&mail.via)
}

fn people_of(mail: &Mail) -> impl Iterator<Item = &Person> {
    authors_of(mail).chain(mail.recipients.iter().map(|one| &one.person))
}

/// As written in the letter, and as spoken today.
fn names_of(directory: &Directory, person: &Person) -> Vec<String> {
    let spoken = match person.member() {
        Some(id) => spoken_name(directory, id),
        None => directory
            .mailbox(Id::from_bytes(person.owner.bytes()))
            .map(|found| found.mailbox.kana.clone()),
    };
    std::iter::once(person.name.clone()).chain(spoken.filter(|word| !word.is_empty())).collect()
}

fn spoken_name(directory: &Directory, id: Id<Member>) -> Option<String> {
    directory.member(id).map(|found| found.member.details.name.kana())
}

fn words_of(directory: &Directory, id: Id<Facility>) -> Vec<String> {
    let Some(facility) = directory.facility(id) else { return Vec::new() };
    let details = &facility.details;
    let words = [details.kana.clone(), details.short.clone()];
    words.into_iter().filter(|word| !word.is_empty()).collect()
}
