//! The list of accounts to look at.

use axum::extract::{Query, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use provisioning::credentials::LastLogin;
use provisioning::directory::Entry;
use provisioning::members::{Member, Standing};
use serde::{Deserialize, Serialize};
use store::{Id, Read, StoreError};
use tokio::task::spawn_blocking;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::login::is_login;
use crate::office::counts::{Office, office};
use crate::office::lists::Asked;
use crate::office::members::may_act_on;
use crate::office::rows::{day, member_href, standing};

const LIST: &str = "/office/unused";

/// What the ministry's check list calls unused.
const UNUSED_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A month leaves time to ask the facility.
const ENDING_DAYS: i64 = 30;

/// How far the trail is asked for those who last came before the list was kept.
const TRAIL_ROWS: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Registered for more than ninety days, and never there.
    Never,
    /// Not there for ninety days.
    Long,
    /// The last day is near or over.
    Ending,
}

impl Which {
    fn of_key(key: &str) -> Self {
        match key {
            "long" => Self::Long,
            "ending" => Self::Ending,
            _ => Self::Never,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Long => "long",
            Self::Ending => "ending",
        }
    }
}

#[derive(Default, Deserialize)]
pub struct Choice {
    #[serde(default)]
    which: String,
}

#[derive(Serialize)]
struct UnusedPage {
    office: Office,
    unused: Unused,
}

impl Page for UnusedPage {
    const TEMPLATE: &'static str = "office/unused/unused.html";
}

#[derive(Serialize)]
struct Unused {
    which: &'static str,
    here: String,
    counts: [usize; 3],
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
    range: Option<String>,
}

#[derive(Serialize)]
struct Row {
    id: Id<Member>,
    href: String,
    name: String,
    job: &'static str,
    facility: String,
    phone: String,
    standing: &'static str,
    registered: String,
    last: Option<String>,
    retires: Option<String>,
    lockable: bool,
}

/// A member with the time of the last log-in.
struct Used {
    entry: std::sync::Arc<Entry>,
    last: Option<Timestamp>,
}

pub async fn show_unused(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(list): Query<Asked>,
    Query(choice): Query<Choice>,
) -> Result<Response, Failure> {
    let (directory, now, which) = (app.directory()?, app.now(), Which::of_key(&choice.which));
    let (parts, known) = (app.clone(), directory.clone());
    // Thousands of members, so on a thread of its own.
    let used = spawn_blocking(move || {
        parts.store.read(|read| {
            let all = known.entries().map(|entry| {
                Ok::<_, StoreError>(Used { entry: entry.clone(), last: last(read, entry)? })
            });
            all.collect::<Result<Vec<_>, _>>()
        })
    });
    let used = used.await??;
    let count = |which| used.iter().filter(|one| belongs(one, which, now)).count();
    let counts = [count(Which::Never), count(Which::Long), count(Which::Ending)];
    let mut chosen: Vec<Used> = used.into_iter().filter(|one| belongs(one, which, now)).collect();
    chosen.sort_by_key(|one| (one.entry.member.details.retires, one.last));
    let kept = [("which", which.key())];
    let part = list.part(chosen, LIST, &kept, |one| one.entry.member.id.to_string());
    let unused = Unused {
        which: which.key(),
        here: format!("{LIST}?which={}", which.key()),
        counts,
        rows: part.rows.iter().map(|one| row(one, asked.member(), now)).collect(),
        first: part.first,
        next: part.next,
        range: part.range,
    };
    frame.show(Nav::Office, "使われていない職員", &UnusedPage { office: office(&app)?, unused })
}

/// The trail remembers those who came before the list was kept.
fn last(read: &Read<'_>, entry: &Entry) -> Result<Option<Timestamp>, StoreError> {
    let member = entry.member.id;
    if let Some(last) = read.get::<LastLogin>(&member)? {
        return Ok(Some(last.at));
    }
    let rows = read.trail_of_member(member.bytes(), TRAIL_ROWS)?;
    Ok(rows.into_iter().find(|row| is_login(&row.action)).map(|row| row.at))
}

fn belongs(one: &Used, which: Which, now: Timestamp) -> bool {
    let member = &one.entry.member;
    let today = japanese::today(now);
    let in_use = match member.standing(today) {
        Standing::Welcome | Standing::NotStarted => true,
        Standing::Retired | Standing::Locked => false,
    };
    let long_ago = |at: Timestamp| now.duration_since(at) >= UNUSED_AFTER;
    match which {
        Which::Never => in_use && one.last.is_none() && long_ago(member.registered_at),
        Which::Long => in_use && one.last.is_some_and(long_ago),
        Which::Ending => member.details.retires.is_some_and(|last_day| {
            today.checked_add(ENDING_DAYS.days()).is_ok_and(|soon| last_day <= soon)
        }),
    }
}

fn row(one: &Used, clerk: &Member, now: Timestamp) -> Row {
    let (member, details) = (&one.entry.member, &one.entry.member.details);
    let facility = &one.entry.facility.details;
    let standing = standing(member, now);
    let others = member.id != clerk.id && may_act_on(clerk, member);
    Row {
        id: member.id,
        href: member_href(member.id),
        name: details.name.full(),
        job: japanese::job(details.job),
        facility: facility.name.clone(),
        phone: facility.phone.clone(),
        standing,
        registered: day(member.registered_at),
        last: one.last.map(day),
        retires: details.retires.map(japanese::era_date),
        lockable: others && !matches!(standing, "locked" | "retired"),
    }
}
