//! The desk's page.

use axum::extract::State;
use axum::response::Response;
use provisioning::cards;
use provisioning::devices::{self, DeviceState};
use provisioning::directory::{Directory, Entry};
use provisioning::enrolment::{self, Ends, Step, Unfinished};
use provisioning::facilities::FacilityState;
use provisioning::members::{Member, Standing};
use provisioning::passkeys::notices_for_office;
use serde::Serialize;
use store::{Id, StoreError};

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::frame::{Frame, Nav};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::office::alarms::{AlarmRow, alarm_rows};
use crate::office::counts::{Office, office};
use crate::office::rows::{ApprovalRow, approval_row, member_href, member_words};
use crate::office::say;
use crate::office::stand_ins::{StandInRow, stand_in_rows};

/// What one look takes in; the rest comes when these are dealt with.
const UNFINISHED_SHOWN: usize = 50;

#[derive(Serialize)]
struct DeskPage {
    office: Office,
    desk: Desk,
    waiting: Vec<ApprovalRow>,
    alarms: Vec<AlarmRow>,
    key_notices: usize,
    stand_ins: Vec<StandInRow>,
    unfinished: Vec<UnfinishedRow>,
    /// Notices go outside, so that their state can be looked at.
    outside: bool,
}

impl Page for DeskPage {
    const TEMPLATE: &'static str = "office/desk/desk.html";
}

#[derive(Serialize)]
struct Desk {
    today: String,
    facilities: usize,
    members: usize,
    cards: usize,
    devices: usize,
}

#[derive(Serialize)]
struct UnfinishedRow {
    step: &'static str,
    /// Where the button that ends it leads, and the number of what it ends.
    ends: Option<&'static str>,
    of: String,
    id: Id<Member>,
    phone: String,
    device: Option<String>,
    member: String,
    job: &'static str,
    facility: String,
    href: String,
    since: String,
    note: Option<String>,
}

pub async fn show_desk(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let now = app.now();
    let directory = app.directory()?;
    let (alarms, stand_ins, key_notices) = app.store.read(|read| {
        let alarms = alarm_rows(read, &directory, now)?;
        let stand_ins = stand_in_rows(read, &directory, None, now)?;
        Ok::<_, StoreError>((alarms, stand_ins, notices_for_office(read)?.len()))
    })?;
    let (mut waiting, unfinished, cards, devices) = app.store.read(|read| {
        let devices = devices::list(read)?;
        Ok::<_, StoreError>((
            enrolment::waiting(read, now)?,
            enrolment::unfinished(read, now)?,
            cards::open(read, now)?.len(),
            devices.iter().filter(|device| device.state == DeviceState::Active).count(),
        ))
    })?;
    waiting.reverse();
    let may_log_in = |entry: &&std::sync::Arc<Entry>| {
        entry.member.standing(app.today()) == Standing::Welcome
            && entry.facility.state == FacilityState::Active
    };
    let in_use = directory.facilities().filter(|one| one.state == FacilityState::Active);
    let desk = Desk {
        today: japanese::long_day(app.today()),
        facilities: in_use.count(),
        members: directory.entries().filter(may_log_in).count(),
        cards,
        devices,
    };
    let unfinished = unfinished.into_iter().take(UNFINISHED_SHOWN);
    let page = DeskPage {
        office: office(&app)?,
        desk,
        waiting: waiting.into_iter().map(|one| approval_row(one, &directory, now)).collect(),
        alarms,
        key_notices,
        stand_ins,
        unfinished: unfinished.map(|one| unfinished_row(one, &directory, &app)).collect(),
        outside: app.outside.is_open(),
    };
    frame.show(Nav::Office, "事務室", &page)
}

fn unfinished_row(one: Unfinished, directory: &Directory, app: &App) -> UnfinishedRow {
    let (member, job) = member_words(directory, one.member);
    let entry = directory.member(one.member);
    let day = |at| japanese::local(at).date();
    UnfinishedRow {
        step: match one.step {
            Step::Unused => "card",
            Step::NotApproved => "waiting",
            Step::NotTaken => "approved",
            Step::NotSeen => "issued",
        },
        ends: one.ends.map(|ends| match ends {
            Ends::Card(_) => "card",
            Ends::Enrolment(_) => "enrolment",
            Ends::Device(_) => "device",
        }),
        of: one.ends.map_or_else(String::new, |ends| match ends {
            Ends::Card(number) => number.to_string(),
            Ends::Enrolment(id) => id.to_string(),
            Ends::Device(id) => id.to_string(),
        }),
        id: one.member,
        phone: entry.map_or_else(String::new, |entry| entry.facility.details.phone.clone()),
        device: one.device_name,
        member,
        job,
        facility: entry.map_or_else(String::new, |entry| entry.facility.details.name.clone()),
        href: member_href(one.member),
        since: japanese::week_day(day(one.since)),
        note: one.ends_at.map(|at| say::until(&japanese::short_day(day(at), app.today()))),
    }
}
