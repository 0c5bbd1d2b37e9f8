//! Cards: choosing members, making cards, those on their way, cancelling.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use provisioning::cards::{
    self, Approval, Card, CardByMember, CardNumber, CardProblem, Made, Purpose, Shown, Wanted,
};
use provisioning::directory::{Directory, Entry};
use provisioning::facilities::{Facility, FacilityState};
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::{Act, Id, Read, StoreError};

use super::model::{CARDS_AT_ONCE_MAX, ChoiceProblem, IssueProblem, Paper, chosen, purpose};
use super::print;
use crate::kit::app::App;
use crate::kit::code::{card_failure, touroku_host};
use crate::kit::failure::{Failure, Said};
use crate::kit::form::{Fields, spend};
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::login::local_path;
use crate::office::counts::{Office, office};
use crate::office::lists::Asked;
use crate::office::rows::{
    MemberRow, Ticked, day, facility_href, facility_name, issuable, member_href, member_row,
    member_words,
};

const LIST: &str = "/office/cards";

/// More facilities than one look takes in are found by typing on.
const FACILITIES_SHOWN: usize = 30;

/// A card that ends in so few days is spoken of.
const SOON_DAYS: i64 = 3;

#[derive(Default, Deserialize)]
pub struct Place {
    #[serde(default)]
    facility: String,
}

#[derive(Serialize)]
struct CardsPage {
    office: Office,
    choose: Choose,
    cards: Vec<CardRow>,
    cards_more: Option<String>,
}

impl Page for CardsPage {
    const TEMPLATE: &'static str = "office/cards/cards.html";
}

#[derive(Serialize)]
struct Choose {
    q: String,
    found: Vec<Found>,
    facility: Option<Chosen>,
    members: Vec<MemberRow>,
}

#[derive(Serialize)]
struct Found {
    name: String,
    kana: String,
    code: String,
    href: String,
    without: usize,
}

#[derive(Serialize)]
struct Chosen {
    id: Id<Facility>,
    name: String,
    code: String,
    href: String,
}

#[derive(Serialize)]
struct CardRow {
    number: String,
    member: String,
    job: &'static str,
    member_href: String,
    facility: String,
    issued: String,
    expires: String,
    days: i64,
    soon: bool,
    cancel: String,
}

pub async fn show_cards(
    asked: OfficeMember,
    frame: Frame,
    State(app): State<App>,
    Query(list): Query<Asked>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, app.now());
    let facility = place.facility.parse().ok().and_then(|id| directory.facility(id));
    let (open, found, members) = app.store.read(|read| {
        let (found, members) = match facility {
            Some(facility) => (Vec::new(), members(read, &asked, &directory, facility.id, now)?),
            None => (found(read, &directory, &asked, list.q(), now)?, Vec::new()),
        };
        Ok::<_, StoreError>((cards::open(read, now)?, found, members))
    })?;
    let part = list.part(open, LIST, &[], |card| card.number.to_string());
    let choose = Choose {
        q: list.q().to_owned(),
        found,
        facility: facility.map(|facility| Chosen {
            id: facility.id,
            name: facility.details.name.clone(),
            code: facility.code.as_str().to_owned(),
            href: facility_href(facility.id),
        }),
        members,
    };
    let page = CardsPage {
        office: office(&app)?,
        choose,
        cards: part.rows.iter().map(|card| card_row(card, &directory, now)).collect(),
        cards_more: part.next,
    };
    frame.show(Nav::Office, "ユーザーカード", &page)
}

fn members(
    read: &Read<'_>,
    asked: &OfficeMember,
    directory: &Directory,
    facility: Id<Facility>,
    now: Timestamp,
) -> Result<Vec<MemberRow>, StoreError> {
    let members = directory.entries().filter(|entry| entry.member.facility == facility);
    let row = |entry: &Entry| member_row(read, asked.member(), entry, Ticked::WithoutCard, now);
    members.map(|entry| row(entry)).collect()
}

/// Facilities that were asked for; without a word, those whose members still lack a card.
fn found(
    read: &Read<'_>,
    directory: &Directory,
    asked: &OfficeMember,
    q: &str,
    now: Timestamp,
) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    for facility in directory.facilities_named(q) {
        if found.len() == FACILITIES_SHOWN {
            break;
        }
        let mut without = 0;
        for entry in directory.entries().filter(|entry| entry.member.facility == facility.id) {
            let may = issuable(asked.member(), &facility, &entry.member, now);
            if may && read.first_by::<CardByMember>(&entry.member.id)?.is_none() {
                without += 1;
            }
        }
        let shown = facility.state == FacilityState::Active && (without > 0 || !q.is_empty());
        if shown {
            found.push(Found {
                name: facility.details.name.clone(),
                kana: facility.details.kana.clone(),
                code: facility.code.as_str().to_owned(),
                href: format!("{LIST}?facility={}", facility.id),
                without,
            });
        }
    }
    Ok(found)
}

fn card_row(card: &Card, directory: &Directory, now: Timestamp) -> CardRow {
    let (member, job) = member_words(directory, card.member);
    let days = card.expires_at.duration_since(now).as_hours() / 24;
    CardRow {
        number: card.number.to_string(),
        member,
        job,
        member_href: member_href(card.member),
        facility: facility_name(directory, card.facility),
        issued: day(card.issued_at),
        expires: day(card.expires_at),
        days,
        soon: days <= SOON_DAYS,
        cancel: format!("{LIST}/{}/cancel", card.number),
    }
}

/// Makes all cards in one act and answers with the paper: the only time that it is shown.
pub async fn post_cards(
    asked: OfficeMember,
    uri: Uri,
    headers: HeaderMap,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let members = chosen::<Member>(fields.all("member")).map_err(say_choice)?;
    let purpose = purpose(fields.text("purpose"));
    let once = fields.text("once").to_owned();
    let printed = match issue(&app, &asked, members, purpose, once).await {
        Ok(printed) => printed,
        Err(IssueProblem::SentBefore) => return Err(shown_before().into()),
        Err(IssueProblem::NotNow(member)) => {
            let (name, _) = member_words(&*app.directory()?, member);
            return Err(not_now(&name).into());
        }
        Err(IssueProblem::Card(problem)) => return Err(card_failure(problem)),
        Err(IssueProblem::Store(error)) => return Err(error.into()),
    };
    let host = touroku_host(&app, &uri, &headers);
    print::show_print(&app, host, Paper::of_key(fields.text("format")), &printed)
}

async fn issue(
    app: &App,
    asked: &OfficeMember,
    members: Vec<Id<Member>>,
    purpose: Purpose,
    once: String,
) -> Result<Vec<Made>, IssueProblem> {
    let act = about(asked.act("card.issue"), app, &members)?;
    let (parts, clerk, now) = (app.clone(), asked.member().clone(), app.now());
    app.store
        .write(act, move |write| {
            if once.is_empty() || !spend(write, &once, now)? {
                return Err(IssueProblem::SentBefore);
            }
            let mut printed = Vec::new();
            for id in members {
                let member: Member = write.get(&id)?.ok_or(CardProblem::NoMember)?;
                let facility: Option<Facility> = write.get(&member.facility)?;
                let may = |facility: Facility| issuable(&clerk, &facility, &member, now);
                if !facility.is_some_and(may) {
                    return Err(IssueProblem::NotNow(id));
                }
                let (clock, authority) = (parts.store.clock(), &parts.authority);
                let (shown, approval) = (Shown::Paper, Approval::Needed);
                let issued_by = Some(clerk.id);
                let wanted = Wanted { member: id, purpose, shown, approval, issued_by };
                printed.push(cards::make(write, clock, authority, wanted)?);
            }
            Ok(printed)
        })
        .await
}

/// The trail names the member, or the facility of all of them.
fn about(act: Act, app: &App, members: &[Id<Member>]) -> Result<Act, StoreError> {
    let directory = app.directory()?;
    let facility = |id: &Id<Member>| directory.member(*id).map(|entry| entry.member.facility);
    let first = members.first().and_then(facility);
    Ok(match (members, first) {
        ([only], _) => act.on("member", *only),
        (all, Some(first)) if all.iter().all(|id| facility(id) == Some(first)) => {
            act.on("facility", first)
        }
        (_, Some(_) | None) => act,
    })
}

pub async fn post_cancel(
    Path(number): Path<String>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let number = CardNumber::parse(&number).ok_or(Failure::NotFound)?;
    let card = app.store.read(|read| read.get::<Card>(&number.bytes()))?;
    let member = card.ok_or(Failure::NotFound)?.member;
    let act = asked.act("card.cancel").on("member", member);
    let cancelled = app.store.write(act, move |write| cards::cancel(write, number)).await;
    cancelled.map_err(card_failure)?;
    let back = local_path(fields.text("back"));
    let back = if back.starts_with("/office") { back } else { LIST };
    Ok(redirect_saying(back, "カードを取り消しました"))
}

fn say_choice(problem: ChoiceProblem) -> Failure {
    let (why, next) = match problem {
        ChoiceProblem::Nobody => {
            ("職員を選んでいません。".to_owned(), "前の画面に戻り、職員を選んでください。")
        }
        ChoiceProblem::TooMany => (
            format!("一度に発行できるのは{CARDS_AT_ONCE_MAX}人までです。"),
            "前の画面に戻り、何回かに分けて発行してください。",
        ),
        ChoiceProblem::Unreadable => return Failure::StaleForm,
    };
    not_issued(why, next).into()
}

fn not_now(name: &str) -> Said {
    let why = format!(
        "{name} さんのカードは、いま発行できません。利用を終えたか止めている職員・施設か、\
         事務室管理者だけが発行できる職員です。"
    );
    not_issued(why, "この職員を除いて、もう一度発行してください。ほかのカードも発行していません。")
}

fn shown_before() -> Said {
    not_issued(
        "この印刷画面は、一度だけ表示します。".to_owned(),
        "印刷できなかったときは、前の画面を開き直して、もう一度カードを発行してください。",
    )
}

fn not_issued(why: String, next: &'static str) -> Said {
    Said {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        what: "カードを発行できませんでした",
        why,
        next,
        link: Some((LIST.to_owned(), "カードの画面へ戻る")),
    }
}
