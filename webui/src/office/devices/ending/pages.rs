//! The list by expiry, and the codes for those that were chosen.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use provisioning::cards::{self, Approval, CardProblem, Made, Purpose, Shown, Wanted};
use provisioning::devices::{Device, devices_ending, waiting_successor};
use provisioning::directory::{Directory, Entry};
use provisioning::facilities::Facility;
use provisioning::members::{Member, Role};
use provisioning::renewal::days_left;
use serde::{Deserialize, Serialize};
use store::{Id, Read, StoreError};

use crate::kit::app::App;
use crate::kit::code::{card_failure, touroku_host};
use crate::kit::failure::{Failure, Said};
use crate::kit::form::{Fields, spend};
use crate::kit::frame::{Frame, Nav};
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::office::cards::{CARDS_AT_ONCE_MAX, ChoiceProblem, Paper, chosen, show_print};
use crate::office::counts::{DEVICE_WARNED, Office, office};
use crate::office::lists::Asked;
use crate::office::rows::{Link, day, facility_name, issuable, member_words, seen};

const LIST: &str = "/office/devices/ending";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Within sixty days.
    Soon,
    /// Ended: a code is the only way back.
    Over,
}

impl Which {
    fn of_key(key: &str) -> Self {
        if key == "over" { Self::Over } else { Self::Soon }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Soon => "soon",
            Self::Over => "over",
        }
    }
}

#[derive(Default, Deserialize)]
pub struct Choice {
    #[serde(default)]
    which: String,
}

#[derive(Serialize)]
struct EndingPage {
    office: Office,
    ending: Ending,
}

impl Page for EndingPage {
    const TEMPLATE: &'static str = "office/devices/ending/ending.html";
}

#[derive(Serialize)]
struct Ending {
    which: &'static str,
    counts: [usize; 2],
    rows: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
    range: Option<String>,
}

#[derive(Serialize)]
struct Row {
    id: Id<Device>,
    name: String,
    platform: &'static str,
    facility: Link,
    phone: String,
    until: String,
    days: Option<i64>,
    seen: Option<String>,
    /// The new certificate was taken, and not used yet.
    taken: bool,
    /// To whom a code would go.
    to: Option<String>,
}

pub async fn show_ending(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(list): Query<Asked>,
    Query(choice): Query<Choice>,
) -> Result<Response, Failure> {
    let (directory, now, which) = (app.directory()?, app.now(), Which::of_key(&choice.which));
    let ending = app.store.read(|read| {
        let soon = devices_ending(read, now, now + DEVICE_WARNED)?;
        let over = devices_ending(read, Timestamp::MIN, now)?;
        let counts = [soon.len(), over.len()];
        let found = match which {
            Which::Soon => soon,
            Which::Over => over,
        };
        let kept = [("which", which.key())];
        let part = list.part(found, LIST, &kept, |(device, _)| device.id.to_string());
        let rows = part
            .rows
            .into_iter()
            .map(|(device, ends_at)| row(read, &directory, asked.member(), device, ends_at, now));
        Ok::<_, StoreError>(Ending {
            which: which.key(),
            counts,
            rows: rows.collect::<Result<_, _>>()?,
            first: part.first,
            next: part.next,
            range: part.range,
        })
    })?;
    let page = EndingPage { office: office(&app)?, ending };
    frame.show(Nav::Office, "証明書の期限", &page)
}

fn row(
    read: &Read<'_>,
    directory: &Directory,
    clerk: &Member,
    device: Device,
    ends_at: Timestamp,
    now: Timestamp,
) -> Result<Row, StoreError> {
    let facility = directory.facility(device.facility);
    let unknown = || Link {
        name: facility_name(directory, device.facility),
        href: "/office/devices".to_owned(),
    };
    let to = holder(directory, clerk, &device, now);
    Ok(Row {
        id: device.id,
        platform: device.platform.key(),
        facility: facility.map_or_else(unknown, |one| Link::facility(one)),
        phone: facility.map_or_else(String::new, |one| one.details.phone.clone()),
        until: day(ends_at),
        days: (ends_at > now).then(|| days_left(ends_at, now)),
        seen: seen(read, device.id, now)?,
        taken: waiting_successor(read, device.id, now)?.is_some(),
        to: to.map(|id| member_words(directory, id).0),
        name: device.name,
    })
}

/// Whose name stands on the paper: who enrolled the device, else a manager of its facility, else
/// anybody there. Nobody, where a clerk may make cards for none of them.
fn holder(
    directory: &Directory,
    clerk: &Member,
    device: &Device,
    now: Timestamp,
) -> Option<Id<Member>> {
    let here = directory.of_facility(device.facility);
    let may = |entry: &&std::sync::Arc<Entry>| issuable(clerk, &entry.facility, &entry.member, now);
    let manages = |entry: &Entry| entry.member.details.roles.has(Role::FacilityManager);
    let rank =
        |entry: &&std::sync::Arc<Entry>| (entry.member.id != device.enrolled_by, !manages(entry));
    here.iter().filter(may).min_by_key(rank).map(|entry| entry.member.id)
}

/// Why no code was made; none of them is, then.
#[derive(Debug, thiserror::Error)]
enum IssueProblem {
    #[error("the form was sent before")]
    SentBefore,
    #[error("no code may be made for device {0} now")]
    NotNow(Id<Device>),
    #[error(transparent)]
    Card(#[from] CardProblem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes all codes in one act and answers with the paper: the only time that it is shown.
pub async fn post_codes(
    asked: OfficeMember,
    uri: Uri,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let devices = chosen::<Device>(fields.all("device")).map_err(say_choice)?;
    let once = fields.text("once").to_owned();
    let printed = match issue(&app, &asked, devices, once).await {
        Ok(printed) => printed,
        Err(IssueProblem::SentBefore) => return Err(shown_before().into()),
        Err(IssueProblem::NotNow(id)) => {
            let device = app.store.read(|read| read.get::<Device>(&id))?;
            let device = device.ok_or(Failure::NotFound)?;
            return Err(not_now(&device.name).into());
        }
        Err(IssueProblem::Card(problem)) => return Err(card_failure(problem)),
        Err(IssueProblem::Store(error)) => return Err(error.into()),
    };
    let host = touroku_host(&app, &uri, &headers);
    show_print(&app, host, Paper::of_key(fields.text("format")), &printed)
}

async fn issue(
    app: &App,
    asked: &OfficeMember,
    devices: Vec<Id<Device>>,
    once: String,
) -> Result<Vec<Made>, IssueProblem> {
    let act = asked.act("card.issue");
    let act = match devices.as_slice() {
        [only] => act.on("device", *only),
        _ => act,
    };
    let (directory, now) = (app.directory()?, app.now());
    let mut wanted = Vec::new();
    for id in devices {
        let device = app.store.read(|read| read.get::<Device>(&id))?;
        let device = device.ok_or(CardProblem::NoDevice)?;
        let member = holder(&directory, asked.member(), &device, now);
        wanted.push((id, member.ok_or(IssueProblem::NotNow(id))?));
    }
    let (parts, clerk) = (app.clone(), asked.member().clone());
    let made = app.store.write(act, move |write| {
        if once.is_empty() || !spend(write, &once, now)? {
            return Err(IssueProblem::SentBefore);
        }
        let mut printed = Vec::new();
        for (device, id) in wanted {
            let member: Member = write.get(&id)?.ok_or(CardProblem::NoMember)?;
            let facility: Option<Facility> = write.get(&member.facility)?;
            if !facility.is_some_and(|facility| issuable(&clerk, &facility, &member, now)) {
                return Err(IssueProblem::NotNow(device));
            }
            let wanted = Wanted {
                member: id,
                purpose: Purpose::Replace(device),
                shown: Shown::Paper,
                approval: Approval::Needed,
                issued_by: Some(clerk.id),
            };
            printed.push(cards::make(write, parts.store.clock(), &parts.authority, wanted)?);
        }
        Ok(printed)
    });
    made.await
}

fn say_choice(problem: ChoiceProblem) -> Failure {
    let (why, next) = match problem {
        ChoiceProblem::Nobody => {
            ("端末を選んでいません。".to_owned(), "前の画面に戻り、端末を選んでください。")
        }
        ChoiceProblem::TooMany => (
            format!("一度に発行できるのは{CARDS_AT_ONCE_MAX}台までです。"),
            "前の画面に戻り、何回かに分けて発行してください。",
        ),
        ChoiceProblem::Unreadable => return Failure::StaleForm,
    };
    not_issued(why, next).into()
}

fn not_now(name: &str) -> Said {
    not_issued(
        format!("「{name}」のコードを渡せる職員が、その施設にいません。"),
        "施設に職員を登録するか、この端末を除いて、もう一度発行してください。",
    )
}

fn shown_before() -> Said {
    not_issued(
        "この印刷画面は、一度だけ表示します。".to_owned(),
        "印刷できなかったときは、前の画面を開き直して、もう一度発行してください。",
    )
}

fn not_issued(why: String, next: &'static str) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "コードを発行できませんでした",
        why,
        next,
        link: Some((LIST.to_owned(), "期限の一覧へ戻る")),
    }
}
