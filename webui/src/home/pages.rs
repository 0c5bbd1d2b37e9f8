//! The home page.

use axum::extract::State;
use axum::response::Response;
use provisioning::credentials::Credential;
use serde::Serialize;
use store::StoreError;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav, days_to_tell};
use crate::kit::japanese;
use crate::kit::live::Unread;
use crate::kit::member::SignedIn;
use crate::kit::page::Page;
use crate::kit::waiting;
use crate::mail::chase;
use crate::mail::drafts::{self, DraftState, draft_row};
use crate::mail::model::{Entry, EntryState, Folder, Owner};
use crate::mail::tables::entries;
use crate::mail::{EntryView, entry_view};
use crate::office::counts::{Counts, counts};

/// What one look takes in.
const NEW_SHOWN: usize = 5;
const DRAFTS_SHOWN: usize = 3;
const SENT_SHOWN: usize = 5;

/// How far back the page looks for what is unread or not opened yet.
const ROWS_LOOKED_AT: usize = 100;

#[derive(Serialize)]
struct HomePage {
    home: Home,
    /// Where a second contact reads of an urgent mail that lies unopened.
    urgent: Option<String>,
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "home/home.html";
}

#[derive(Serialize)]
struct Home {
    today: String,
    unread: i64,
    waiting: usize,
    drafts: usize,
    mails: Vec<EntryView>,
    sent: Vec<SentView>,
    writing: Vec<WritingView>,
    password: Option<Days>,
    office: Option<Counts>,
    /// Mailboxes in which something waits for somebody to take charge.
    boxes: Vec<BoxWaiting>,
}

#[derive(Serialize)]
struct BoxWaiting {
    href: String,
    name: String,
    waiting: i64,
}

#[derive(Serialize)]
struct SentView {
    href: String,
    subject: String,
    to: String,
    when: String,
    unopened: u16,
}

#[derive(Serialize)]
struct WritingView {
    href: String,
    subject: String,
    to: String,
    when: String,
}

#[derive(Serialize)]
struct Days {
    days: i64,
}

pub async fn show_home(
    asked: SignedIn,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (owner, now) = (Owner::member(asked.id()), asked.now());
    let (inbox, sent, writing, unread, credential) =
        app.store.glance(asked.act("mail.list"), |view| {
            Ok::<_, StoreError>((
                entries(view, owner, Folder::Inbox, None, ROWS_LOOKED_AT)?.rows,
                entries(view, owner, Folder::Sent, None, ROWS_LOOKED_AT)?.rows,
                drafts::of_owner(view, asked.id(), DraftState::Writing.number())?,
                view.counter::<Unread>(&asked.id())?,
                view.get::<Credential>(&asked.id())?,
            ))
        })?;
    let directory = app.directory()?;
    let new = inbox.iter().filter(|entry| entry.state == EntryState::Unopened).take(NEW_SHOWN);
    let waiting: Vec<_> = sent.iter().filter_map(|entry| sent_view(entry, now)).collect();
    let rows = writing.iter().map(|draft| draft_row(draft, &directory, &asked));
    let home = Home {
        today: japanese::long_day(app.today()),
        unread,
        waiting: waiting.len(),
        drafts: writing.len(),
        mails: new.map(|entry| entry_view(entry, now, None)).collect(),
        sent: waiting.into_iter().take(SENT_SHOWN).collect(),
        writing: rows.take(DRAFTS_SHOWN).map(writing_view).collect(),
        password: days_to_tell(&app, credential).map(|days| Days { days }),
        boxes: boxes_waiting(&app, &asked)?,
        office: if asked.at_the_desk() { Some(counts(&app)?) } else { None },
    };
    let urgent = app.store.read(|read| chase::open_of(read, asked.id()))?;
    let urgent = urgent.first().map(|one| format!("/mail/{}/urgent", one.mail));
    frame.show(Nav::Home, "ホーム", &HomePage { home, urgent })
}

fn boxes_waiting(app: &App, asked: &SignedIn) -> Result<Vec<BoxWaiting>, StoreError> {
    let boxes = app.directory()?.mailboxes_of(asked.id());
    let mut found = Vec::new();
    for entry in boxes {
        let id = entry.mailbox.id;
        let waiting = app.store.read(|read| waiting::count(read, id))?;
        let (href, name) = (format!("/mail/inbox?box={id}"), entry.mailbox.name.clone());
        if waiting > 0 {
            found.push(BoxWaiting { href, name, waiting });
        }
    }
    Ok(found)
}

fn sent_view(entry: &Entry, now: jiff::Timestamp) -> Option<SentView> {
    let EntryState::Sent { opened, recipients } = entry.state else { return None };
    let unopened = recipients.saturating_sub(opened);
    let job = entry.who.job.map_or("", japanese::job);
    let to = match entry.more {
        0 => format!("{} {job}", entry.who.name),
        more => format!("{} {job} ほか{more}人", entry.who.name),
    };
    (unopened > 0).then(|| SentView {
        href: format!("/mail/{}", entry.mail),
        subject: entry.subject.clone(),
        to,
        when: japanese::short(entry.at, now),
        unopened,
    })
}

fn writing_view(row: EntryView) -> WritingView {
    let to = format!("{} {}", row.name, row.job);
    WritingView { href: row.href, subject: row.subject, to, when: row.when }
}
