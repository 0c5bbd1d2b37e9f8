//! The trail's page.

use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use provisioning::devices::Device;
use provisioning::directory::Directory;
use provisioning::facilities::Facility;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Actor, Id, Read, StoreError, Subject, TrailHead, TrailRow};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::model::{Chain, Narrowed, page, verify};
use super::say;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::number;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::Auditor;
use crate::kit::page::Page;

/// Following the chain reads every row: one at a time.
static VERIFYING: Semaphore = Semaphore::const_new(1);

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    before: String,
    #[serde(default)]
    member: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    verify: String,
}

#[derive(Serialize)]
struct TrailPage {
    trail: Trail,
}

impl Page for TrailPage {
    const TEMPLATE: &'static str = "trail/trail.html";
}

#[derive(Serialize)]
struct Trail {
    rows: Vec<Row>,
    filters: Vec<Filter>,
    head: Head,
    check: Check,
    first: Option<String>,
    next: Option<String>,
    range: Option<String>,
}

#[derive(Serialize)]
struct Row {
    number: u64,
    when: String,
    iso: String,
    who: String,
    who_href: Option<String>,
    facility: Option<String>,
    device: Option<String>,
    act: String,
    subject: Option<Filter>,
    tables: Vec<String>,
}

#[derive(Serialize)]
struct Filter {
    text: String,
    href: String,
}

#[derive(Serialize)]
struct Head {
    number: u64,
    hash: String,
}

#[derive(Serialize)]
struct Check {
    state: &'static str,
    when: Option<String>,
    upto: Option<u64>,
    at: Option<u64>,
}

impl Asked {
    fn narrowed(&self) -> Narrowed {
        let id = |text: &str| text.parse().ok().map(Id::<()>::bytes);
        Narrowed { member: id(&self.member), subject: id(&self.subject) }
    }
}

fn href(narrowed: Narrowed, before: Option<u64>) -> String {
    let id = |bytes| Id::<()>::from_bytes(bytes).to_string();
    let fields = [
        ("before", before.map(|number| number.to_string())),
        ("member", narrowed.member.map(id)),
        ("subject", narrowed.subject.map(id)),
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        query.extend_pairs(value.map(|value| (name, value)));
    }
    let query = query.finish();
    if query.is_empty() { "/trail".to_owned() } else { format!("/trail?{query}") }
}

pub async fn show_trail(
    asked: Auditor,
    frame: Frame,
    State(app): State<App>,
    Query(query): Query<Asked>,
) -> Result<Response, Failure> {
    let (narrowed, before) = (query.narrowed(), number::<u64>(&query.before));
    let (directory, now) = (app.directory()?, app.now());
    let check = match &*query.verify {
        "1" => check(&app, &asked).await?,
        _ => Check { state: "unchecked", when: None, upto: None, at: None },
    };
    let act = match (narrowed.member, narrowed.subject) {
        (Some(member), _) => asked.act("trail.read").on("member", Id::<Member>::from_bytes(member)),
        (None, Some(subject)) => asked.act("trail.read").on("trail", Id::<()>::from_bytes(subject)),
        (None, None) => asked.act("trail.read"),
    };
    let (rows, filters, next, head) = app.store.glance(act, |view| {
        let (rows, next) = page(view, narrowed, before)?;
        let filters = filters(view, &directory, narrowed, &rows)?;
        let rows = rows.into_iter().map(|one| row(view, &directory, one, narrowed, now));
        Ok::<_, StoreError>((
            rows.collect::<Result<Vec<_>, _>>()?,
            filters,
            next,
            view.trail_head()?,
        ))
    })?;
    let ends = rows.first().zip(rows.last());
    let trail = Trail {
        range: ends.map(|(first, last)| format!("{}〜{}", first.number, last.number)),
        rows,
        filters,
        head: shown(&head),
        check,
        first: before.map(|_| href(narrowed, None)),
        next: next.map(|number| href(narrowed, Some(number))),
    };
    frame.show(Nav::Trail, "操作記録", &TrailPage { trail })
}

fn shown(head: &TrailHead) -> Head {
    Head { number: head.number, hash: data_encoding::HEXLOWER.encode(&head.hash) }
}

async fn check(app: &App, asked: &Auditor) -> Result<Check, Failure> {
    let Ok(_turn) = VERIFYING.try_acquire() else { return Err(Failure::Busy) };
    let act = asked.act("trail.verify");
    app.store.write(act, |_| Ok::<_, StoreError>(())).await?;
    let parts = app.clone();
    let chain = spawn_blocking(move || parts.store.read(verify)).await??;
    let when = Some(japanese::short(app.now(), app.now()));
    Ok(match chain {
        Chain::Good { upto } => Check { state: "good", when, upto: Some(upto), at: None },
        Chain::Broken { at } => Check { state: "broken", when, upto: None, at: Some(at) },
    })
}

/// What narrows the list, each with the address that takes it away.
fn filters(
    read: &Read<'_>,
    directory: &Directory,
    narrowed: Narrowed,
    rows: &[TrailRow],
) -> Result<Vec<Filter>, StoreError> {
    let mut filters = Vec::new();
    if let Some(id) = narrowed.member {
        let text = match directory.member(Id::from_bytes(id)) {
            Some(entry) => {
                let name = entry.member.details.name.full();
                format!("{name}（{}）", entry.facility.details.name)
            }
            None => nameless("member", id),
        };
        filters.push(Filter { text, href: href(Narrowed { member: None, ..narrowed }, None) });
    }
    if let Some(id) = narrowed.subject {
        let subject = rows.first().and_then(|row| row.subject.clone());
        let subject = subject.unwrap_or(Subject { kind: "trail".to_owned(), id });
        let text = subject_text(read, directory, &subject)?;
        filters.push(Filter { text, href: href(Narrowed { subject: None, ..narrowed }, None) });
    }
    Ok(filters)
}

fn row(
    read: &Read<'_>,
    directory: &Directory,
    row: TrailRow,
    narrowed: Narrowed,
    now: Timestamp,
) -> Result<Row, StoreError> {
    let (member, device) = match row.actor {
        Actor::Member { member, device } => (Some(member), Some(device)),
        Actor::Stranger { device } => (None, device),
        Actor::Operator | Actor::System => (None, None),
    };
    let entry = member.and_then(|id| directory.member(Id::from_bytes(id)));
    let who = match (row.actor, entry) {
        (Actor::Member { .. }, Some(entry)) => entry.member.details.name.full(),
        (Actor::Member { member, .. }, None) => nameless("member", member),
        (Actor::Stranger { .. }, _) => "未ログイン".to_owned(),
        (Actor::Operator, _) => "保守の担当者".to_owned(),
        (Actor::System, _) => "システム".to_owned(),
    };
    let subject = match &row.subject {
        Some(subject) => Some(Filter {
            text: subject_text(read, directory, subject)?,
            href: href(Narrowed { subject: Some(subject.id), ..narrowed }, None),
        }),
        None => None,
    };
    Ok(Row {
        number: row.number,
        when: japanese::exact(row.at, now),
        iso: japanese::iso(row.at),
        who,
        who_href: member.map(|id| href(Narrowed { member: Some(id), ..narrowed }, None)),
        facility: entry.map(|entry| entry.facility.details.name.clone()),
        device: device.map(|id| device_text(read, id)).transpose()?,
        act: say::action(&row.action).to_owned(),
        subject,
        tables: changed(&row.tables),
    })
}

/// In a reader's words, each once.
fn changed(tables: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    for word in tables.iter().filter(|table| !is_index(table)).map(|table| say::table(table)) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// Indexes change with their rows, and say nothing of their own.
fn is_index(table: &str) -> bool {
    table.contains("_by_")
}

/// A member's, facility's or device's name; anything else by the end of its number.
fn subject_text(
    read: &Read<'_>,
    directory: &Directory,
    subject: &Subject,
) -> Result<String, StoreError> {
    let id = subject.id;
    let name = match &*subject.kind {
        "member" => {
            let entry = directory.member(Id::<Member>::from_bytes(id));
            entry.map(|entry| entry.member.details.name.full())
        }
        "facility" => {
            let facility = directory.facility(Id::<Facility>::from_bytes(id));
            facility.map(|facility| facility.details.name.clone())
        }
        "device" => read.get::<Device>(&Id::from_bytes(id))?.map(|device| device.name),
        _ => None,
    };
    Ok(name.unwrap_or_else(|| nameless(&subject.kind, id)))
}

fn device_text(read: &Read<'_>, id: [u8; 16]) -> Result<String, StoreError> {
    let device: Option<Device> = read.get(&Id::from_bytes(id))?;
    Ok(device.map_or_else(|| nameless("device", id), |device| device.name))
}

/// Ids begin with the time, so that their ends differ.
fn nameless(kind: &str, id: [u8; 16]) -> String {
    const DIGITS: usize = 8;
    let id = Id::<()>::from_bytes(id).to_string();
    let end = id.len().saturating_sub(DIGITS);
    format!("{} {}", say::kind(kind), id.get(end..).unwrap_or_default())
}
