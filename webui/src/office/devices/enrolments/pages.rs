//! The enrolments' page, and the office's answers.

use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use provisioning::directory::Directory;
use provisioning::enrolment::{self, Enrolment, EnrolmentState, Timing};
use serde::Serialize;
use store::{Id, StoreError};

use crate::kit::answers;
use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::form::Fields;
use crate::kit::frame::{Frame, Nav, redirect_saying};
use crate::kit::japanese;
use crate::kit::member::OfficeMember;
use crate::kit::page::Page;
use crate::kit::path::Path;
use crate::office::counts::{Office, office};
use crate::office::rows::{ApprovalRow, approval_row, facility_name, member_words};

const LIST: &str = "/office/enrolments";

/// A morning's work.
const RECENT_SHOWN: usize = 30;

#[derive(Serialize)]
struct EnrolmentsPage {
    office: Office,
    waiting: Vec<ApprovalRow>,
    recent: Vec<RecentRow>,
    timing: Option<TimingWords>,
}

/// How long it takes from the card to the first contact; the wait for approval apart.
#[derive(Serialize)]
struct TimingWords {
    devices: usize,
    median: String,
    slowest: String,
    waiting_median: String,
    waiting_slowest: String,
    /// What was promised: three minutes.
    good: bool,
}

/// From the card to a working device, in the hands of somebody who was never here before.
const PROMISED: SignedDuration = SignedDuration::from_mins(3);

fn timing_words(timing: &Timing) -> TimingWords {
    TimingWords {
        devices: timing.devices,
        median: japanese::duration(timing.working.median),
        slowest: japanese::duration(timing.working.slowest),
        waiting_median: japanese::duration(timing.waiting.median),
        waiting_slowest: japanese::duration(timing.waiting.slowest),
        good: timing.working.median <= PROMISED,
    }
}

impl Page for EnrolmentsPage {
    const TEMPLATE: &'static str = "office/devices/enrolments.html";
}

#[derive(Serialize)]
struct RecentRow {
    device: String,
    platform: &'static str,
    member: String,
    facility: String,
    state: &'static str,
    when: String,
    by: Option<String>,
    took: Option<String>,
}

pub async fn show_enrolments(
    _: OfficeMember,
    frame: Frame,
    State(app): State<App>,
) -> Result<Response, Failure> {
    let (directory, now) = (app.directory()?, app.now());
    let (mut waiting, recent, timing) = app.store.read(|read| {
        Ok::<_, StoreError>((
            enrolment::waiting(read, now)?,
            enrolment::recent(read, RECENT_SHOWN)?,
            enrolment::timing(read)?,
        ))
    })?;
    waiting.reverse();
    let recent = recent.into_iter().filter_map(|one| recent_row(one, &directory, now));
    let page = EnrolmentsPage {
        office: office(&app)?,
        recent: recent.collect(),
        timing: timing.as_ref().map(timing_words),
        waiting: waiting.into_iter().map(|one| approval_row(one, &directory, now)).collect(),
    };
    frame.show(Nav::Office, "端末の登録の承認", &page)
}

/// Those that still wait stand above.
fn recent_row(one: Enrolment, directory: &Directory, now: Timestamp) -> Option<RecentRow> {
    let expired = one.is_expired(now);
    let state = match one.state {
        EnrolmentState::WaitingApproval | EnrolmentState::Approved if expired => "expired",
        EnrolmentState::WaitingApproval => return None,
        EnrolmentState::Approved => "approved",
        EnrolmentState::Issued => "issued",
        EnrolmentState::FirstSeen => "seen",
        EnrolmentState::Refused => "refused",
    };
    Some(RecentRow {
        platform: one.platform.key(),
        member: member_words(directory, one.member).0,
        facility: facility_name(directory, one.facility),
        state,
        when: japanese::short(one.redeemed_at, now),
        by: one.approved_by.map(|by| member_words(directory, by).0),
        took: one.took().map(japanese::duration),
        device: one.device_name,
    })
}

pub async fn post_approve(
    Path(id): Path<Id<Enrolment>>,
    asked: OfficeMember,
    State(app): State<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let said = answers::approve(&app, &asked, id, None, fields.text("digits")).await?;
    Ok(redirect_saying(LIST, said))
}

pub async fn post_refuse(
    Path(id): Path<Id<Enrolment>>,
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    Ok(redirect_saying(LIST, answers::refuse(&app, &asked, id, None).await?))
}

/// One that stopped half-way is taken off the desk.
pub async fn post_cancel(
    Path(id): Path<Id<Enrolment>>,
    asked: OfficeMember,
    State(app): State<App>,
    _: Fields,
) -> Result<Response, Failure> {
    let act = asked.act("enrolment.cancel").on("enrolment", id);
    let cancelled = app.store.write(act, move |write| enrolment::cancel(write, id)).await;
    Ok(redirect_saying("/office", answers::say(cancelled, "途中の登録を取り消しました")?))
}
