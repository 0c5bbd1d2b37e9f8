//! Rows that several of the office's pages show: members to make cards for, devices, approvals.

use jiff::Timestamp;
use provisioning::cards::{self, Card, CardState, Shown};
use provisioning::devices::{self, Device, DeviceState, LastRoute};
use provisioning::directory::{Directory, Entry};
use provisioning::enrolment::Enrolment;
use provisioning::facilities::{Facility, FacilityState};
use provisioning::members::{Member, Standing};
use serde::Serialize;
use store::{Id, Read, StoreError};

use super::counts::DEVICE_WARNED;
use super::members::may_act_on;
use super::say;
use crate::kit::japanese;

#[derive(Serialize)]
pub struct MemberRow {
    id: Id<Member>,
    href: String,
    name: String,
    kana: String,
    job: &'static str,
    roles: Vec<&'static str>,
    standing: &'static str,
    card: Option<CardChip>,
    issuable: bool,
    chosen: bool,
}

#[derive(Serialize)]
pub struct CardChip {
    state: &'static str,
    note: Option<String>,
}

#[derive(Serialize)]
pub struct Link {
    pub name: String,
    pub href: String,
}

impl Link {
    pub fn facility(facility: &Facility) -> Self {
        Self { name: facility.details.name.clone(), href: facility_href(facility.id) }
    }
}

pub fn facility_href(id: Id<Facility>) -> String {
    format!("/office/facilities/{id}")
}

pub fn member_href(id: Id<Member>) -> String {
    format!("/office/members/{id}")
}

/// Whether a card may be made for somebody: also before the first day, because paper is sent.
pub fn issuable(clerk: &Member, facility: &Facility, member: &Member, now: Timestamp) -> bool {
    let comes = match member.standing(japanese::today(now)) {
        Standing::Welcome | Standing::NotStarted => true,
        Standing::Retired | Standing::Locked => false,
    };
    comes && facility.state == FacilityState::Active && may_act_on(clerk, member)
}

pub fn standing(member: &Member, now: Timestamp) -> &'static str {
    match member.standing(japanese::today(now)) {
        Standing::Welcome => "welcome",
        Standing::NotStarted => "not_started",
        Standing::Retired => "retired",
        Standing::Locked => "locked",
    }
}

pub fn facility_state(facility: &Facility) -> &'static str {
    match facility.state {
        FacilityState::Active => "active",
        FacilityState::Suspended => "suspended",
    }
}

pub fn card_state(card: &Card, now: Timestamp) -> &'static str {
    match card.state {
        CardState::Open if card.is_open(now) => "open",
        CardState::Open => "expired",
        CardState::Used => "used",
        CardState::Cancelled => "cancelled",
        CardState::Locked => "locked",
    }
}

/// The newest paper of a member, if there ever was one.
pub fn card_chip(
    read: &Read<'_>,
    member: Id<Member>,
    now: Timestamp,
) -> Result<Option<CardChip>, StoreError> {
    for card in cards::of_member(read, member)? {
        // Codes on a screen come and go.
        if cards::terms(read, card.number)?.shown == Shown::Paper {
            let note = card.is_open(now).then(|| card_until(&card, now));
            return Ok(Some(CardChip { state: card_state(&card, now), note }));
        }
    }
    Ok(None)
}

pub fn card_until(card: &Card, now: Timestamp) -> String {
    let day = japanese::local(card.expires_at).date();
    say::until(&japanese::short_day(day, japanese::today(now)))
}

/// Whom a table of members ticks when it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    WithoutCard,
    Nobody,
}

pub fn member_row(
    read: &Read<'_>,
    clerk: &Member,
    entry: &Entry,
    ticked: Ticked,
    now: Timestamp,
) -> Result<MemberRow, StoreError> {
    let (member, details) = (&entry.member, &entry.member.details);
    let card = card_chip(read, member.id, now)?;
    let issuable = issuable(clerk, &entry.facility, member, now);
    Ok(MemberRow {
        id: member.id,
        href: member_href(member.id),
        name: details.name.full(),
        kana: details.name.kana(),
        job: japanese::job(details.job),
        roles: say::roles_beyond_staff(&details.roles),
        standing: standing(member, now),
        chosen: issuable && card.is_none() && ticked == Ticked::WithoutCard,
        card,
        issuable,
    })
}

#[derive(Serialize)]
pub struct DeviceRow {
    id: Id<Device>,
    name: String,
    platform: &'static str,
    office: bool,
    state: &'static str,
    until: String,
    term: &'static str,
    seen: Option<String>,
    /// "vpn" | "tls": the way that it came last.
    route: Option<&'static str>,
    facility: Option<Link>,
    revoke: Option<String>,
}

pub fn device_row(
    read: &Read<'_>,
    device: Device,
    facility: Option<Link>,
    now: Timestamp,
) -> Result<DeviceRow, StoreError> {
    let ends_at = devices::ends_at(read, device.id)?;
    let (state, active) = match device.state {
        DeviceState::Active => ("active", true),
        DeviceState::Revoked { .. } => ("revoked", false),
        DeviceState::Retired { .. } => ("retired", false),
    };
    Ok(DeviceRow {
        id: device.id,
        name: device.name,
        platform: device.platform.key(),
        office: device.office,
        state,
        until: ends_at.map_or_else(String::new, day),
        term: ends_at.map_or("over", |ends_at| term(ends_at, now)),
        seen: seen(read, device.id, now)?,
        route: devices::last_route(read, device.id)?.map(route_key),
        facility,
        revoke: active.then(|| format!("/office/devices/{}/revoke", device.id)),
    })
}

const fn route_key(route: LastRoute) -> &'static str {
    match route {
        LastRoute::Outside => "tls",
        LastRoute::Tunnel => "vpn",
    }
}

/// A device's last contact, as people read it.
pub fn seen(
    read: &Read<'_>,
    device: Id<Device>,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    Ok(devices::last_seen(read, device)?.map(|at| japanese::short(at, now)))
}

pub fn day(at: Timestamp) -> String {
    japanese::era_date(japanese::local(at).date())
}

pub fn term(ends_at: Timestamp, now: Timestamp) -> &'static str {
    if ends_at <= now {
        "over"
    } else if ends_at <= now + DEVICE_WARNED {
        "soon"
    } else {
        "ok"
    }
}

#[derive(Serialize)]
pub struct ApprovalRow {
    id: Id<Enrolment>,
    digits: String,
    facility: String,
    member: String,
    job: &'static str,
    device: String,
    platform: &'static str,
    address: String,
    when: String,
    left: i64,
}

pub fn approval_row(one: Enrolment, directory: &Directory, now: Timestamp) -> ApprovalRow {
    let (member, job) = member_words(directory, one.member);
    let waited = now.duration_since(one.redeemed_at);
    ApprovalRow {
        id: one.id,
        digits: one.digits,
        facility: facility_name(directory, one.facility),
        member,
        job,
        device: one.device_name,
        platform: one.platform.key(),
        address: one.address,
        when: japanese::clock(&japanese::local(one.redeemed_at)),
        left: Enrolment::SESSION_VALID.saturating_sub(waited).as_mins().max(1),
    }
}

/// A member's name and job.
pub fn member_words(directory: &Directory, id: Id<Member>) -> (String, &'static str) {
    match directory.member(id) {
        Some(entry) => (entry.member.details.name.full(), japanese::job(entry.member.details.job)),
        None => (say::NOBODY.to_owned(), ""),
    }
}

pub fn facility_name(directory: &Directory, id: Id<Facility>) -> String {
    let facility = directory.facility(id);
    facility.map_or_else(|| say::NOWHERE.to_owned(), |facility| facility.details.name.clone())
}
