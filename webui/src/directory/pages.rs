//! The directory's page.

use axum::extract::{Query, State};
use axum::response::Response;
use provisioning::directory::{Directory, Entry, MailboxEntry};
use provisioning::facilities::{Facility, FacilityState};
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::mail::model::Owner;
use crate::mail::people::favourites;

/// What one look takes in; beyond it another word helps more than another page.
const MEMBERS_SHOWN: usize = 50;
const FACILITIES_SHOWN: usize = 12;
const BOXES_SHOWN: usize = 20;

/// More words than anybody types to find somebody.
const Q_CHARS_MAX: usize = 100;

#[derive(Default, Deserialize)]
pub struct Words {
    #[serde(default)]
    q: String,
}

#[derive(Serialize)]
struct DirectoryPage {
    search: Search,
}

impl Page for DirectoryPage {
    const TEMPLATE: &'static str = "directory/directory.html";
}

#[derive(Serialize)]
struct Search {
    q: String,
    /// This page, to come back to.
    here: String,
    /// Facilities' mailboxes that take mail.
    boxes: Vec<Found>,
    done: bool,
    members: Vec<Found>,
    more_members: bool,
    facilities: Vec<Place>,
    more_facilities: bool,
}

#[derive(Serialize)]
struct Found {
    id: Id<Owner>,
    name: String,
    kana: String,
    job: &'static str,
    facility: String,
    shared: bool,
    me: bool,
    starred: bool,
}

#[derive(Serialize)]
struct Place {
    name: String,
    kana: String,
    kind: &'static str,
    postal: String,
    address: String,
    phone: String,
    fax: String,
    mailbox: Option<Id<Member>>,
    href: String,
}

pub async fn show_directory(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
    Query(words): Query<Words>,
) -> Result<Response, Failure> {
    let q: String = words.q.trim().chars().take(Q_CHARS_MAX).collect();
    let directory = app.directory()?;
    let mut members = directory.search(&q, app.today(), MEMBERS_SHOWN + 1);
    let more_members = members.len() > MEMBERS_SHOWN;
    members.truncate(MEMBERS_SHOWN);
    let mut facilities = facilities(&directory, &q);
    let more_facilities = facilities.len() > FACILITIES_SHOWN;
    facilities.truncate(FACILITIES_SHOWN);
    let stars = app.store.read(|read| favourites(read, asked.id()))?;
    let boxes = directory.search_mailboxes(&q, BOXES_SHOWN);
    let mut query = form_urlencoded::Serializer::new(String::new());
    let search = Search {
        done: !q.is_empty(),
        here: format!("/directory?{}", query.append_pair("q", &q).finish()),
        q,
        boxes: boxes.iter().map(|entry| found_box(entry, &stars)).collect(),
        members: members.iter().map(|entry| found(entry, &asked, &stars)).collect(),
        more_members,
        facilities,
        more_facilities,
    };
    frame.show(Nav::Directory, "施設・職員をさがす", &DirectoryPage { search })
}

fn found_box(entry: &MailboxEntry, stars: &[Id<Owner>]) -> Found {
    let id = Owner::mailbox(entry.mailbox.id);
    Found {
        id,
        name: entry.mailbox.name.clone(),
        kana: entry.mailbox.kana.clone(),
        job: "",
        facility: entry.facility.details.name.clone(),
        shared: true,
        me: false,
        starred: stars.contains(&id),
    }
}

fn found(entry: &Entry, asked: &SignedIn, stars: &[Id<Owner>]) -> Found {
    let details = &entry.member.details;
    let id = Owner::member(entry.member.id);
    Found {
        starred: stars.contains(&id),
        id,
        name: details.name.full(),
        kana: details.name.kana(),
        job: japanese::job(details.job),
        facility: entry.facility.details.name.clone(),
        shared: false,
        me: entry.member.id == asked.id(),
    }
}

/// Facilities in use that hold every word; none without one.
fn facilities(directory: &Directory, q: &str) -> Vec<Place> {
    if q.is_empty() {
        return Vec::new();
    }
    let found = directory.facilities_named(q).into_iter();
    let in_use = found.filter(|facility| facility.state == FacilityState::Active);
    in_use.map(|facility| place(&facility)).collect()
}

fn place(facility: &Facility) -> Place {
    let details = facility.details.clone();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", &details.name);
    Place {
        href: format!("/directory?{}", query.finish()),
        name: details.name,
        kana: details.kana,
        kind: japanese::facility_kind(details.kind),
        postal: details.postal,
        address: details.address,
        phone: details.phone,
        fax: details.fax,
        mailbox: None,
    }
}
