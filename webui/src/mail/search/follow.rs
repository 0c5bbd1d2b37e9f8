//! Keeps the index up with the rows: follows the change log, and fills an index that is new.
//!
//! The log names keys: only a mail that came, one that left a folder for good, and one that was
//! taken back concern the index. A mark never does, nor a move between folders. How far it got is
//! noted in the index's own commit, so that both are always of one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Act, Actor, Change, ChangedRow, Cursor, Id, Order, Read, Record as _, StoreError};

use super::pieces::piece_of;
use crate::index::{IndexError, Piece, Reach, Room, Writer};
use crate::kit::app::App;
use crate::mail::model::{Entry, Mail, Owner, Receipt};

/// Acts looked at in one go.
const CHANGES_AT_ONCE: usize = 512;

/// Mails read in one go, with one row in the trail.
const MAILS_AT_ONCE: usize = 256;

/// While an index is filled: fewer commits make fewer parts to merge.
const COMMIT_EVERY_MAILS: usize = 20_000;

/// Whoever waits for an index to be filled sees it grow.
const COMMIT_EVERY: Duration = Duration::from_secs(15);

/// The log keeps a week. An index whose last commit is older may miss what was swept.
const LOG_TRUSTED: SignedDuration = SignedDuration::from_hours(6 * 24);

/// A position is noted again after this time, even if no mail came.
const NOTED_AT_LEAST_EVERY: SignedDuration = SignedDuration::from_hours(12);

#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("the index's folder cannot be used")]
    Folder(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the note of a commit cannot be written")]
    Note(#[from] serde_json::Error),
}

/// How far the index got, kept in its commit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Note {
    /// The last act of the trail that was looked at.
    followed: u64,
    /// That act's hash: another store's index is not ours.
    hash: String,
    at_micros: i64,
    filling: Option<Filling>,
}

/// An index that does not hold the older mails yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Filling {
    /// Where the newest mail lies that is still missing; empty before the first.
    after: String,
    since_micros: i64,
}

/// What is to be done about a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Touched {
    New,
    Again,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    Done,
    /// An index that was filled is complete: its writer needs less room from now on.
    Filled,
}

pub(super) struct Follower {
    writer: Writer,
    room: Room,
    note: Note,
    /// Changes of the index since its last commit.
    pending: usize,
    /// Of them, those that somebody may be waiting for.
    fresh: usize,
    committed: Instant,
}

/// Brings the index up to this moment: for tests and measurements.
pub fn catch_up(app: &App) -> Result<(), FollowError> {
    let mut follower = Follower::open(app)?;
    while follower.step(app)? != Step::Done {}
    follower.commit(app)?;
    follower.end()
}

impl Follower {
    /// Opens the index, or begins a new one where none lies that fits these rows.
    pub fn open(app: &App) -> Result<Self, FollowError> {
        let writer = match app.index.open(Room::Usual) {
            Ok(writer) => writer,
            Err(error) => {
                log::warn!(error:% = error; "the search index is made anew");
                app.index.discard()?;
                app.index.open(Room::Usual)?
            }
        };
        let noted = writer.note()?.and_then(|note| serde_json::from_str::<Note>(&note).ok());
        let note = match noted {
            Some(note) if app.store.read(|read| fits(read, &note, app.now()))? => note,
            Some(_) => {
                log::warn!("the search index is not of these rows and is made anew");
                return Self::anew(app, writer);
            }
            // A commit carries a note: there was none.
            None => Note { filling: Some(Filling::default()), ..Note::default() },
        };
        Self::of(app, writer, note)
    }

    fn anew(app: &App, writer: Writer) -> Result<Self, FollowError> {
        writer.end()?;
        app.index.discard()?;
        let writer = app.index.open(Room::Usual)?;
        Self::of(app, writer, Note { filling: Some(Filling::default()), ..Note::default() })
    }

    fn of(app: &App, mut writer: Writer, note: Note) -> Result<Self, FollowError> {
        let mut room = Room::Usual;
        if note.filling.is_some() {
            room = Room::Ample;
            writer.end()?;
            writer = app.index.open(room)?;
        }
        let committed = Instant::now();
        let follower = Self { writer, room, note, pending: 0, fresh: 0, committed };
        follower.tell(app);
        Ok(follower)
    }

    /// Looks at some acts, or fills in some older mails, and commits when it is time.
    pub fn step(&mut self, app: &App) -> Result<Step, FollowError> {
        let begun = self.note.filling.as_ref().is_none_or(|filling| !filling.after.is_empty());
        let followed = if begun { self.follow(app)? } else { Step::Done };
        if followed == Step::Done && self.note.filling.is_some() {
            self.fill(app)?;
        }
        let filled = self.note.filling.is_none();
        let waited = self.committed.elapsed() >= COMMIT_EVERY;
        let due = self.pending >= COMMIT_EVERY_MAILS
            || (self.pending > 0 && waited)
            || (self.fresh > 0 && followed == Step::Done)
            || self.is_old(app.now());
        if due || (filled && self.pending > 0 && followed == Step::Done) {
            self.commit(app)?;
        }
        match (filled, self.room) {
            (false, _) => Ok(Step::More),
            (true, Room::Usual) => Ok(followed),
            (true, Room::Ample) => {
                self.room = Room::Usual;
                Ok(Step::Filled)
            }
        }
    }

    fn is_old(&self, now: Timestamp) -> bool {
        let noted = Timestamp::from_microsecond(self.note.at_micros).unwrap_or(now);
        self.note.filling.is_none() && now.duration_since(noted) > NOTED_AT_LEAST_EVERY
    }

    /// Nothing came for a while: searches let go of parts that were merged.
    pub fn rest(&self, app: &App) -> Result<(), FollowError> {
        self.writer.show()?;
        app.index.rest();
        Ok(())
    }

    pub fn end(self) -> Result<(), FollowError> {
        Ok(self.writer.end()?)
    }

    pub fn commit(&mut self, app: &App) -> Result<(), FollowError> {
        let hash = app.store.read(|read| hash_of(read, self.note.followed))?;
        self.note.hash = hash.map(|hash| data_encoding::HEXLOWER.encode(&hash)).unwrap_or_default();
        self.note.at_micros = app.now().as_microsecond();
        self.writer.commit(&serde_json::to_string(&self.note)?)?;
        (self.pending, self.fresh, self.committed) = (0, 0, Instant::now());
        self.tell(app);
        Ok(())
    }

    fn tell(&self, app: &App) {
        let reach = match &self.note.filling {
            None => Reach::Everything,
            Some(filling) if filling.after.is_empty() => Reach::Nothing,
            Some(filling) => Timestamp::from_microsecond(filling.since_micros)
                .map_or(Reach::Nothing, Reach::Since),
        };
        app.index_gauge.set(reach, self.note.followed);
    }

    fn follow(&mut self, app: &App) -> Result<Step, FollowError> {
        let after = self.note.followed;
        let (changes, head, touched) = app.store.read(|read| {
            let changes = read.changes_after(after, CHANGES_AT_ONCE)?;
            let touched = touched(read, &changes)?;
            Ok::<_, StoreError>((changes, read.trail_head()?.number, touched))
        })?;
        self.take_up(app, &touched)?;
        let (number, step) = match changes.last() {
            Some(last) if changes.len() >= CHANGES_AT_ONCE => (last.number, Step::More),
            Some(_) | None => (head, Step::Done),
        };
        self.note.followed = number;
        if self.pending == 0 {
            self.tell(app);
        }
        Ok(step)
    }

    fn take_up(
        &mut self,
        app: &App,
        touched: &BTreeMap<Id<Mail>, Touched>,
    ) -> Result<(), FollowError> {
        let missing = |id: &Id<Mail>| {
            let hex = data_encoding::HEXLOWER.encode(&id.bytes());
            self.note.filling.as_ref().is_some_and(|filling| hex < filling.after)
        };
        // What is still to be filled in will be read then, as it is then.
        let touched: Vec<_> = touched.iter().filter(|(id, _)| !missing(id)).collect();
        for some in touched.chunks(MAILS_AT_ONCE) {
            let directory = app.directory()?;
            let pieces = app.store.glance(act(app), |view| {
                let mut pieces = Vec::with_capacity(some.len());
                for (id, touched) in some {
                    let mail = view.reveal::<Mail>(id)?;
                    let piece = match &mail {
                        Some(mail) => piece_of(view, &directory, mail)?,
                        None => None,
                    };
                    pieces.push((**id, **touched, piece));
                }
                Ok::<_, StoreError>(pieces)
            })?;
            for (id, touched, piece) in pieces {
                if touched == Touched::Again {
                    self.writer.remove(&id.bytes());
                }
                if let Some(piece) = piece {
                    self.writer.add(&piece)?;
                }
                self.pending += 1;
                self.fresh += 1;
            }
        }
        Ok(())
    }

    /// The newest mails that are missing. The first time, the log is followed from the same
    /// moment on.
    fn fill(&mut self, app: &App) -> Result<(), FollowError> {
        let Some(filling) = self.note.filling.clone() else { return Ok(()) };
        let directory = app.directory()?;
        let cursor: Option<Cursor> = filling.after.parse().ok();
        let cursor = cursor.filter(|_| !filling.after.is_empty());
        let (pieces, next, since, head) = app.store.glance(act(app), |view| {
            let (after, order) = (cursor.as_ref(), Order::Descending);
            let page = view.reveal_page::<Mail>(&(), order, after, MAILS_AT_ONCE)?;
            let mut pieces: Vec<Piece> = Vec::with_capacity(page.rows.len());
            for mail in &page.rows {
                pieces.extend(piece_of(view, &directory, mail)?);
            }
            let since = page.rows.last().map(|mail| mail.sent_at);
            Ok::<_, StoreError>((pieces, page.next, since, view.trail_head()?.number))
        })?;
        for piece in &pieces {
            self.writer.add(piece)?;
        }
        self.pending += pieces.len().max(1);
        if filling.after.is_empty() {
            self.note.followed = head;
        }
        self.note.filling = next.map(|next| Filling {
            after: next.to_string(),
            since_micros: since.map_or(filling.since_micros, Timestamp::as_microsecond),
        });
        Ok(())
    }
}

fn act(app: &App) -> Act {
    Act::new(Actor::System, "mail.index", app.now())
}

/// The rows of one change, those that went in front: a move then ends with the row that came.
fn gone_first(change: &Change) -> impl Iterator<Item = &ChangedRow> {
    let gone = change.rows.iter().filter(|row| row.deleted);
    gone.chain(change.rows.iter().filter(|row| !row.deleted))
}

/// Which mails these changes concern.
fn touched(read: &Read<'_>, changes: &[Change]) -> Result<BTreeMap<Id<Mail>, Touched>, StoreError> {
    let mut touched = BTreeMap::new();
    let mut left = BTreeSet::new();
    for row in changes.iter().flat_map(gone_first) {
        match (row.table.as_str(), row.deleted) {
            (Mail::TABLE, deleted) => {
                let Some(mail) = id_at::<Mail>(&row.key, 0) else { continue };
                let found = touched.entry(mail).or_insert(Touched::New);
                if deleted {
                    *found = Touched::Again;
                }
            }
            (Entry::TABLE, deleted) => {
                let Some(place) = entry_place(&row.key) else { continue };
                // A move is a row that goes and one that comes.
                if deleted {
                    left.insert(place)
                } else {
                    left.remove(&place)
                };
            }
            (Receipt::TABLE, false) => {
                let ids = (id_at::<Mail>(&row.key, 0), id_at::<Owner>(&row.key, ID_BYTES));
                let (Some(mail), Some(owner)) = ids else { continue };
                let receipt: Option<Receipt> = read.get(&(mail, owner))?;
                if receipt.is_some_and(|receipt| receipt.withdrawn_at.is_some()) {
                    touched.insert(mail, Touched::Again);
                }
            }
            _ => {}
        }
    }
    for (_, mail) in left {
        touched.insert(mail, Touched::Again);
    }
    Ok(touched)
}

const ID_BYTES: usize = 16;

fn id_at<T>(key: &[u8], from: usize) -> Option<Id<T>> {
    let bytes = key.get(from..from + ID_BYTES)?;
    Some(Id::from_bytes(bytes.try_into().ok()?))
}

/// Owner and mail, from the two ends of an entry's key.
fn entry_place(key: &[u8]) -> Option<(Id<Owner>, Id<Mail>)> {
    Some((id_at(key, 0)?, id_at(key, key.len().checked_sub(ID_BYTES)?)?))
}

/// Whether an index with this note can go on from the log: it is of this store's history, and
/// the log reaches back far enough.
fn fits(read: &Read<'_>, note: &Note, now: Timestamp) -> Result<bool, StoreError> {
    let hash = hash_of(read, note.followed)?;
    if hash.is_none_or(|hash| data_encoding::HEXLOWER.encode(&hash) != note.hash) {
        return Ok(false);
    }
    let oldest = read.changes_after(0, 1)?.first().map(|change| change.number);
    let noted = Timestamp::from_microsecond(note.at_micros).unwrap_or(Timestamp::MIN);
    let young = now.duration_since(noted) < LOG_TRUSTED;
    Ok(young || oldest.is_some_and(|oldest| oldest <= note.followed + 1))
}

/// The hash of an act's row in the trail, which stands in the row after it.
fn hash_of(read: &Read<'_>, number: u64) -> Result<Option<[u8; 32]>, StoreError> {
    let head = read.trail_head()?;
    if head.number == number {
        return Ok(Some(head.hash));
    }
    let after = read.trail(number.checked_add(2), 1)?.pop();
    Ok(after.filter(|row| row.number == number + 1).map(|row| row.previous))
}
