//! Sessions: who logged in at which device, until when.
//!
//! A row per session, by the blinded cookie, so that a stolen file opens none. The time of the
//! last touch lives in memory and is written once a minute.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use provisioning::devices::{Device, stand_in};
use provisioning::members::{Member, Standing};
use serde::{Deserialize, Serialize};
use store::{
    Housekeeping, Id, Index, Indexer, Newest, Order, Plain, Read, Record, StoreError, Write,
};

use super::app::App;

/// After so long without a touch the screen is locked; shared PCs stand in corridors.
pub const IDLE_LOCK: SignedDuration = SignedDuration::from_mins(15);

/// A shift and a little more.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);

/// How often the last touch reaches the store: what a restart may forget.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

const SESSIONS_OF_MEMBER_MAX: usize = 100;

/// A ward's PC through which everybody passes, between two sweeps.
const SESSIONS_OF_DEVICE_MAX: usize = 10_000;

pub const COOKIE: &str = "__Host-tokinet";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub token: [u8; 16],
    pub id: Id<Self>,
    pub member: Id<Member>,
    pub device: Id<Device>,
    #[serde(with = "store::micros")]
    pub since: Timestamp,
    #[serde(with = "store::micros")]
    pub touched: Timestamp,
    pub state: SessionState,
    /// The log-in before this one, to show.
    #[serde(with = "store::micros::maybe")]
    pub previous_login: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionState {
    Open,
    Locked,
    /// The password has to be changed first.
    PasswordFirst(PasswordFirst),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasswordFirst {
    FirstLogin,
    Expired,
    /// A device on which it was typed was lost.
    Demanded,
}

impl Record for Session {
    type Key = [u8; 16];
    const TABLE: &'static str = "sessions";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] = &[SessionByMember::TABLE, SessionByDevice::TABLE];

    fn key(&self) -> Self::Key {
        self.token
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<SessionByMember>(&(self.member, Newest(self.since)));
        indexer.add::<SessionByDevice>(&self.device);
    }
}

impl Plain for Session {}

impl Housekeeping for Session {}

pub struct SessionByMember;

impl Index for SessionByMember {
    type Record = Session;
    type Key = (Id<Member>, Newest);
    const TABLE: &'static str = "sessions_by_member";
}

pub struct SessionByDevice;

impl Index for SessionByDevice {
    type Record = Session;
    type Key = Id<Device>;
    const TABLE: &'static str = "sessions_by_device";
}

/// The cookie's 32 random bytes, as text.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    pub fn random(app: &App) -> Self {
        Self(data_encoding::HEXLOWER.encode(&app.store.clock().random::<32>()))
    }

    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let is_token = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        cookie(headers, COOKIE).filter(|text| is_token(text)).map(Self)
    }

    pub fn blinded(&self, app: &App) -> [u8; 16] {
        app.store.ring().blind(format!("session\0{}", self.0).as_bytes())
    }

    pub fn set_cookie(&self) -> HeaderValue {
        let text = format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", self.0);
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    pub fn clear_cookie() -> HeaderValue {
        HeaderValue::from_static(
            "__Host-tokinet=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0",
        )
    }
}

/// One cookie by its name.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

/// Last touches that the store does not know yet.
static TOUCHES: LazyLock<Mutex<HashMap<[u8; 16], Timestamp>>> = LazyLock::new(Mutex::default);

/// The session of a cookie on the device that it was made on, unless it is over. One that was
/// idle too long comes back locked.
pub fn find(app: &App, token: &Token, device: Id<Device>) -> Result<Option<Session>, StoreError> {
    let now = app.now();
    let blinded = token.blinded(app);
    let Some(mut session) = app.store.read(|read| read.get::<Session>(&blinded))? else {
        return Ok(None);
    };
    if session.device != device || now.duration_since(session.since) > SESSION_MAX {
        return Ok(None);
    }
    let idle = now.duration_since(last_touch(&session)) > IDLE_LOCK;
    if session.state == SessionState::Open && idle {
        session.state = SessionState::Locked;
    }
    Ok(Some(session))
}

/// Whether an open page may go on: its session is open, in time and touched, its member welcome.
pub fn still_open(app: &App, session: &Session) -> Result<bool, StoreError> {
    let now = app.now();
    let (kept, member, here) = app.store.read(|read| {
        let kept = read.get::<Session>(&session.token)?;
        let member = read.get::<Member>(&session.member)?;
        let here = match &member {
            Some(member) => may_be_at(read, member, session.device, now)?,
            None => false,
        };
        Ok::<_, StoreError>((kept, member, here))
    })?;
    let in_time = |kept: &Session| {
        kept.state == SessionState::Open
            && now.duration_since(kept.since) <= SESSION_MAX
            && now.duration_since(last_touch(kept)) <= IDLE_LOCK
    };
    let welcome = |member: Member| member.standing(app.today()) == Standing::Welcome;
    Ok(kept.as_ref().is_some_and(in_time) && member.is_some_and(welcome) && here)
}

/// The own facility's device, or a stand-in for a day.
pub fn may_be_at(
    read: &Read<'_>,
    member: &Member,
    device: Id<Device>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(place) = read.get::<Device>(&device)? else { return Ok(false) };
    Ok(place.facility == member.facility || stand_in(read, member.id, device, now)?.is_some())
}

/// Notes that somebody is there; answers the row to write when it is time to.
pub fn touch(session: &Session, now: Timestamp) -> Option<Session> {
    let mut touches = TOUCHES.lock().unwrap_or_else(PoisonError::into_inner);
    if now.duration_since(session.touched) <= TOUCH_EVERY {
        touches.insert(session.token, now);
        return None;
    }
    touches.remove(&session.token);
    // Whoever was idle that long is locked with or without an entry, so it need not be kept.
    touches.retain(|_, at| now.duration_since(*at) <= IDLE_LOCK);
    Some(Session { touched: now, ..session.clone() })
}

pub fn last_touch(session: &Session) -> Timestamp {
    let touches = TOUCHES.lock().unwrap_or_else(PoisonError::into_inner);
    touches.get(&session.token).copied().unwrap_or(session.touched).max(session.touched)
}

pub fn of_member(read: &Read<'_>, member: Id<Member>) -> Result<Vec<Session>, StoreError> {
    let page =
        read.page_by::<SessionByMember>(&member, Order::Ascending, None, SESSIONS_OF_MEMBER_MAX)?;
    Ok(page.rows)
}

/// Ends the sessions of a member, or one of them.
pub async fn end(app: &App, sessions: Vec<Session>) -> Result<(), StoreError> {
    app.store
        .keep_house(move |house| {
            sessions.iter().try_for_each(|session| house.delete::<Session>(&session.token))
        })
        .await
}

/// Ends every session of a member as a part of an act.
pub fn end_of_member(write: &mut Write<'_>, member: Id<Member>) -> Result<(), StoreError> {
    let order = Order::Ascending;
    let page = write.page_by::<SessionByMember>(&member, order, None, SESSIONS_OF_MEMBER_MAX)?;
    page.rows.iter().try_for_each(|session| write.delete::<Session>(&session.token))
}

/// Ends the sessions of one member at one device as a part of an act.
pub fn end_of_member_at(
    write: &mut Write<'_>,
    member: Id<Member>,
    device: Id<Device>,
) -> Result<(), StoreError> {
    let order = Order::Ascending;
    let page = write.page_by::<SessionByMember>(&member, order, None, SESSIONS_OF_MEMBER_MAX)?;
    let there = page.rows.iter().filter(|session| session.device == device);
    there.into_iter().try_for_each(|session| write.delete::<Session>(&session.token))
}

/// Ends every session at a device as a part of an act; answers whose they were.
pub fn end_at_device(
    write: &mut Write<'_>,
    device: Id<Device>,
) -> Result<Vec<Id<Member>>, StoreError> {
    let order = Order::Ascending;
    let page = write.page_by::<SessionByDevice>(&device, order, None, SESSIONS_OF_DEVICE_MAX)?;
    for session in &page.rows {
        write.delete::<Session>(&session.token)?;
    }
    Ok(page.rows.iter().map(|session| session.member).collect())
}
