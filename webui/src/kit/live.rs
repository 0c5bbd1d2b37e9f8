//! Arrival notices: what tells a member that something came, on open pages and in the badge.
//!
//! A notice is a row that the mail's own act puts and that opening it deletes, so it arrives
//! once and ends when read. Open pages hear of rows through the change log's broadcast.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use provisioning::devices::Alarm;
use provisioning::enrolment::Enrolment;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Change, ChangedRow, Counter, Id, Plain, Record};
use tokio::sync::broadcast;

use super::app::App;
use super::bell::{self, BellRow};
use super::member::SignedIn;
use super::{quiet, session};

/// Something came for a member. Holds no patient's data: it may be pushed outside one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub member: Id<Member>,
    /// The id of what came.
    pub about: [u8; 16],
    pub kind: NoticeKind,
    /// `None` where the box itself speaks.
    pub from: Option<Id<Member>>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

/// What a notice is about; the order is that of stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A mail came.
    Mail,
    /// The sender asks to have a look at a mail.
    Reminder,
    /// An urgent mail to somebody of one's facility lies unopened.
    Escalation,
    /// The certificate of a device comes to its end.
    Certificate,
    /// Something about devices wants the eyes of whoever is in charge of them.
    Device,
    /// One's own mail could not leave.
    Stopped,
}

impl Record for Notice {
    /// What came is first, so that the notices of one mail lie side by side: a send touches one
    /// page of the file instead of one for each recipient.
    type Key = ([u8; 16], Id<Member>);
    const TABLE: &'static str = "notices";
    const VERSION: u8 = 2;

    fn key(&self) -> Self::Key {
        (self.about, self.member)
    }
}

impl Plain for Notice {}

/// Unread mails in a member's inbox.
pub struct Unread;

impl Counter for Unread {
    type Key = Id<Member>;
    const TABLE: &'static str = "unread_counts";
}

/// Signals that an open page may fall behind; it asks anew then.
const SIGNALS_BUFFERED: usize = 32;

/// Proxies and tablets forget a silent stream; and a page that misses two beats says so, because
/// no browser notices that a line is dead.
pub const BEAT: Duration = Duration::from_secs(15);

/// An open page whose session is over, locked or barred hears nothing for longer than this.
const RIGHTS_EVERY: Duration = Duration::from_secs(5);

/// Streams are made anew now and then, so that every right is looked at again.
const STREAM_MAX: Duration = Duration::from_secs(30 * 60);

#[derive(Clone, Debug)]
enum Signal {
    Arrived {
        about: [u8; 16],
    },
    /// It was read, here or elsewhere.
    Ended {
        about: [u8; 16],
    },
    Counted,
    Enrolments,
    /// Nothing to tell, but somebody's rights may have ended.
    Rights,
}

#[derive(Default)]
pub struct Live {
    members: Mutex<HashMap<Id<Member>, broadcast::Sender<Signal>>>,
}

impl Live {
    /// Turns committed changes into signals, until the store is closed.
    pub async fn run(app: App) {
        let mut changes = app.store.watch();
        loop {
            match changes.recv().await {
                Ok(change) => app.live.signal(&change),
                // Open pages show the right count with their next signal.
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    log::warn!(missed; "live pages fell behind");
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    pub fn open_pages(&self) -> usize {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.values().map(broadcast::Sender::receiver_count).sum()
    }

    fn signal(&self, change: &Change) {
        for row in &change.rows {
            match row.table.as_str() {
                Notice::TABLE => self.signal_notice(row),
                BellRow::TABLE => self.signal_bell(row),
                Enrolment::TABLE | Alarm::TABLE => self.signal_all(&Signal::Enrolments),
                session::Session::TABLE if row.deleted => self.signal_all(&Signal::Rights),
                _ => {}
            }
        }
    }

    fn signal_notice(&self, row: &ChangedRow) {
        let Some((about, member)) = row.key.split_first_chunk::<16>() else { return };
        let Ok(member) = <[u8; 16]>::try_from(member) else { return };
        let about = *about;
        let signal = if row.deleted { Signal::Ended { about } } else { Signal::Arrived { about } };
        self.signal_one(Id::from_bytes(member), signal);
    }

    fn signal_bell(&self, row: &ChangedRow) {
        let Some((member, _)) = row.key.split_first_chunk::<16>() else { return };
        self.signal_one(Id::from_bytes(*member), Signal::Counted);
    }

    fn signal_one(&self, member: Id<Member>, signal: Signal) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pages) = members.get(&member) {
            // Nobody listening is no fault.
            drop(pages.send(signal));
        }
    }

    fn signal_all(&self, signal: &Signal) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        for pages in members.values() {
            drop(pages.send(signal.clone()));
        }
    }

    fn listen(&self, member: Id<Member>) -> broadcast::Receiver<Signal> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|_, pages| pages.receiver_count() > 0);
        let fresh = || broadcast::channel(SIGNALS_BUFFERED).0;
        members.entry(member).or_insert_with(fresh).subscribe()
    }
}

/// `GET /live`: the count at once, then every arrival and every change of the count.
pub async fn show_live(
    State(app): State<App>,
    asked: SignedIn,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let page = OpenPage {
        signals: app.live.listen(asked.id()),
        member: asked.id(),
        session: asked.session().clone(),
        ends: tokio::time::Instant::now() + STREAM_MAX,
        next: Some(Signal::Counted),
        app,
    };
    let events = stream::unfold(page, |mut page| async move {
        let event = page.next_event().await?;
        Some((Ok(event), page))
    });
    // An event, since pages never see a comment.
    let beat = Event::default().event("beat").data("{}");
    Sse::new(events).keep_alive(KeepAlive::new().interval(BEAT).event(beat))
}

struct OpenPage {
    app: App,
    member: Id<Member>,
    session: session::Session,
    signals: broadcast::Receiver<Signal>,
    ends: tokio::time::Instant,
    next: Option<Signal>,
}

impl OpenPage {
    async fn next_event(&mut self) -> Option<Event> {
        loop {
            let signal = match self.next.take() {
                Some(signal) => signal,
                None => self.wait().await?,
            };
            if !self.is_signed_in() {
                return None;
            }
            if let Some(event) = self.event(signal) {
                return Some(event);
            }
        }
    }

    async fn wait(&mut self) -> Option<Signal> {
        tokio::select! {
            signal = self.signals.recv() => match signal {
                Ok(signal) => Some(signal),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(Signal::Counted),
                Err(broadcast::error::RecvError::Closed) => None,
            },
            () = tokio::time::sleep(RIGHTS_EVERY) => Some(Signal::Rights),
            () = tokio::time::sleep_until(self.ends) => None,
        }
    }

    fn is_signed_in(&self) -> bool {
        session::still_open(&self.app, &self.session).unwrap_or(false)
    }

    fn event(&mut self, signal: Signal) -> Option<Event> {
        match signal {
            Signal::Arrived { about } => {
                self.next = Some(Signal::Counted);
                self.arrival(about)
            }
            Signal::Ended { about } => {
                self.next = Some(Signal::Counted);
                let data = serde_json::json!({ "about": Id::<Notice>::from_bytes(about) });
                Event::default().event("ended").json_data(data).ok()
            }
            Signal::Counted => {
                let badge = self.app.badge(self.member).ok()?;
                let bell = self.app.store.read(|read| bell::count(read, self.member)).ok()?;
                let (inbox, all) = (badge.own, badge.all());
                let data = serde_json::json!({ "inbox": inbox, "all": all, "bell": bell });
                Event::default().event("unread").json_data(data).ok()
            }
            Signal::Enrolments => Some(Event::default().event("enrolments").data("{}")),
            Signal::Rights => None,
        }
    }

    fn arrival(&self, about: [u8; 16]) -> Option<Event> {
        let key = (about, self.member);
        let directory = self.app.directory().ok()?;
        let own = directory.member(self.member)?;
        let (notice, urgent, sound) = self
            .app
            .store
            .read(|read| {
                let notice = read.get::<Notice>(&key)?;
                let row = read.get::<BellRow>(&(self.member, about))?;
                let urgent = row.is_some_and(|row| row.urgent);
                let sound = quiet::may_sound(read, &own.member, urgent, self.app.now())?;
                Ok::<_, store::StoreError>((notice, urgent, sound))
            })
            .ok()?;
        let notice = notice?;
        let from = notice.from.and_then(|from| directory.member(from));
        let name = from.map_or(String::new(), |from| from.member.details.name.full());
        let facility = from.map_or("", |from| &from.facility.details.name);
        let data = serde_json::json!({
            "kind": notice.kind,
            "from": name,
            "facility": facility,
            "mail": Id::<Notice>::from_bytes(about),
            "at": notice.at.as_microsecond(),
            "urgent": urgent,
            "sound": sound,
        });
        Event::default().event("arrival").json_data(data).ok()
    }
}
