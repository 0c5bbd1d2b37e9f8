//! Enrolments as rows, and the acts that move them on.

use jiff::{SignedDuration, Timestamp};
use store::{Clock, Id, Index, Indexer, Newest, Order, Plain, Read, Record, StoreError, Write};

use super::tickets::ScriptTicket;
use super::windows::window_for;
use super::{Enrolment, EnrolmentProblem, EnrolmentState, Form, Redemption, SessionToken};
use crate::authority::{Authority, DeviceCertificate, DeviceRequest, PublicKey};
use crate::cards::{Approval, Card, CardNumber, CardSecret, CardState, terms_within};
use crate::devices::{
    self, Certificate, CertificateState, Device, DeviceNews, DeviceState, NewsKind, RevokeProblem,
};
use crate::facilities::{Facility, FacilityKind, FacilityState};
use crate::members::{Member, Standing, today};

impl Record for Enrolment {
    type Key = Id<Self>;
    const TABLE: &'static str = "enrolments";
    const VERSION: u8 = 1;
    const INDEXES: &'static [&'static str] =
        &[EnrolmentByMember::TABLE, EnrolmentBySession::TABLE, EnrolmentByState::TABLE];

    fn key(&self) -> Self::Key {
        self.id
    }

    fn index(&self, indexer: &mut Indexer<'_>) {
        indexer.add::<EnrolmentByMember>(&self.member);
        indexer.add::<EnrolmentBySession>(&self.session);
        let state = EnrolmentByState::of(self.state);
        indexer.add::<EnrolmentByState>(&(state, Newest(self.redeemed_at)));
    }
}

impl Plain for Enrolment {}

pub struct EnrolmentByMember;

impl Index for EnrolmentByMember {
    type Record = Enrolment;
    type Key = Id<Member>;
    const TABLE: &'static str = "enrolments_by_member";
}

pub struct EnrolmentBySession;

impl Index for EnrolmentBySession {
    type Record = Enrolment;
    type Key = [u8; 16];
    const TABLE: &'static str = "enrolments_by_session";
}

/// Waiting ones first, newest in front.
pub struct EnrolmentByState;

impl Index for EnrolmentByState {
    type Record = Enrolment;
    type Key = (u8, Newest);
    const TABLE: &'static str = "enrolments_by_state";
}

impl EnrolmentByState {
    pub const fn of(state: EnrolmentState) -> u8 {
        match state {
            EnrolmentState::WaitingApproval => 0,
            EnrolmentState::Approved => 1,
            EnrolmentState::Issued => 2,
            EnrolmentState::FirstSeen => 3,
            EnrolmentState::Refused => 4,
        }
    }
}

/// More than a set-up day brings at once.
const LISTED_MAX: usize = 500;

/// The page that waits for the first contact asks every few seconds, a sleeping one when it wakes.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Redeems a card. A wrong secret is counted on the card, so the outcome is a value and not an
/// error: an act that fails would take the count back with it.
pub fn redeem(
    write: &mut Write<'_>,
    clock: &Clock,
    number: CardNumber,
    secret: &CardSecret,
    session: &SessionToken,
    asked: Redemption,
) -> Result<Result<Enrolment, EnrolmentProblem>, StoreError> {
    let now = clock.now();
    let typed = write.blind(&secret.word("card"));
    let Some(mut card) = write.get::<Card>(&number.bytes())? else {
        return Ok(Err(EnrolmentProblem::WrongCard));
    };
    if card.state == CardState::Locked {
        return Ok(Err(EnrolmentProblem::Locked));
    }
    if aws_lc_rs::constant_time::verify_slices_are_equal(&typed, &card.secret).is_err() {
        return count_wrong_try(write, card);
    }
    if !card.is_open(now) || !may_enrol(write, &card, now)? {
        return Ok(Err(EnrolmentProblem::WrongCard));
    }
    card.state = CardState::Used;
    write.put(&card)?;
    let mut enrolment = Enrolment {
        id: clock.id(),
        card: number,
        member: card.member,
        facility: card.facility,
        device_name: asked.device_name,
        platform: asked.platform,
        form: asked.form,
        digits: six_digits(clock),
        session: write.blind(&session.word("enrolment")),
        address: asked.address,
        state: EnrolmentState::WaitingApproval,
        redeemed_at: now,
        approved_at: None,
        approved_by: None,
        device: None,
        issued_at: None,
        first_seen_at: None,
    };
    if card.approval == Approval::Waived {
        enrolment.state = EnrolmentState::Approved;
        enrolment.approved_at = Some(now);
    } else if let Some(window) = window_for(write, card.facility, now)? {
        enrolment.state = EnrolmentState::Approved;
        enrolment.approved_at = Some(now);
        enrolment.approved_by = Some(window.opened_by);
    }
    write.put(&enrolment)?;
    Ok(Ok(enrolment))
}

/// A card's secret opens one purpose only, and for nobody whose time is over.
fn may_enrol(write: &Write<'_>, card: &Card, now: Timestamp) -> Result<bool, StoreError> {
    let holder: Option<Member> = write.get(&card.member)?;
    let facility: Option<Facility> = write.get(&card.facility)?;
    let comes = holder.is_some_and(|holder| match holder.standing(today(now)) {
        Standing::Welcome | Standing::NotStarted => holder.facility == card.facility,
        Standing::Retired | Standing::Locked => false,
    });
    let open = facility.is_some_and(|facility| facility.state == FacilityState::Active);
    Ok(comes && open && terms_within(write, card.number)?.purpose.makes_device())
}

fn count_wrong_try(
    write: &mut Write<'_>,
    mut card: Card,
) -> Result<Result<Enrolment, EnrolmentProblem>, StoreError> {
    if card.state != CardState::Open {
        return Ok(Err(EnrolmentProblem::WrongCard));
    }
    card.wrong_tries = card.wrong_tries.saturating_add(1);
    if card.wrong_tries >= Card::WRONG_TRIES_MAX {
        card.state = CardState::Locked;
    }
    write.put(&card)?;
    let locked = card.state == CardState::Locked;
    Ok(Err(if locked { EnrolmentProblem::Locked } else { EnrolmentProblem::WrongCard }))
}

/// The digits are given back by whoever approves, so that a request that changed in between is
/// not approved by a late click.
pub fn approve(
    write: &mut Write<'_>,
    id: Id<Enrolment>,
    digits: &str,
    by: Id<Member>,
    now: Timestamp,
) -> Result<Enrolment, EnrolmentProblem> {
    let mut enrolment = waiting_one(write, id, now)?;
    if enrolment.digits != digits {
        return Err(EnrolmentProblem::OtherDigits);
    }
    enrolment.state = EnrolmentState::Approved;
    enrolment.approved_at = Some(now);
    enrolment.approved_by = Some(by);
    write.put(&enrolment)?;
    Ok(enrolment)
}

pub fn refuse(
    write: &mut Write<'_>,
    id: Id<Enrolment>,
    now: Timestamp,
) -> Result<Enrolment, EnrolmentProblem> {
    let mut enrolment = waiting_one(write, id, now)?;
    enrolment.state = EnrolmentState::Refused;
    write.put(&enrolment)?;
    Ok(enrolment)
}

fn waiting_one(
    write: &Write<'_>,
    id: Id<Enrolment>,
    now: Timestamp,
) -> Result<Enrolment, EnrolmentProblem> {
    let enrolment: Enrolment = write.get(&id)?.ok_or(EnrolmentProblem::Unknown)?;
    if enrolment.state != EnrolmentState::WaitingApproval {
        return Err(EnrolmentProblem::OtherStep);
    }
    if enrolment.is_expired(now) {
        return Err(EnrolmentProblem::Expired);
    }
    Ok(enrolment)
}

/// Signs for a device that does not exist yet: outside the act, because signing is slow there.
pub fn prepare(
    authority: &Authority,
    clock: &Clock,
    facility: &Facility,
    public_key: &PublicKey,
) -> Result<(Id<Device>, DeviceCertificate), EnrolmentProblem> {
    let id: Id<Device> = clock.id();
    let number = id.to_string();
    let request = DeviceRequest {
        public_key,
        facility_code: facility.code.as_str(),
        device_number: &number,
        device_id: id.bytes(),
    };
    Ok((id, authority.issue_device(&request, clock.now())?))
}

/// Approved becomes issued: the device and its certificate exist from here on, exactly once.
pub fn complete(
    write: &mut Write<'_>,
    id: Id<Enrolment>,
    device: Id<Device>,
    certificate: &DeviceCertificate,
    now: Timestamp,
) -> Result<Device, EnrolmentProblem> {
    let enrolment: Enrolment = write.get(&id)?.ok_or(EnrolmentProblem::Unknown)?;
    let late = enrolment.state == EnrolmentState::Approved && enrolment.is_expired(now);
    // Whoever's script fails goes back to the file.
    if late && !write.get::<ScriptTicket>(&id)?.is_some_and(|ticket| ticket.is_open(now)) {
        return Err(EnrolmentProblem::Expired);
    }
    issue(write, enrolment, device, certificate, now)
}

/// Once only: what was issued is not approved any more.
pub(super) fn issue(
    write: &mut Write<'_>,
    mut enrolment: Enrolment,
    device: Id<Device>,
    certificate: &DeviceCertificate,
    now: Timestamp,
) -> Result<Device, EnrolmentProblem> {
    if enrolment.state != EnrolmentState::Approved {
        return Err(EnrolmentProblem::OtherStep);
    }
    if write.get::<Certificate>(&certificate.spki_sha256)?.is_some() {
        return Err(EnrolmentProblem::KeyKnown);
    }
    let facility: Facility = write.get(&enrolment.facility)?.ok_or(EnrolmentProblem::Unknown)?;
    let made = Device {
        id: device,
        facility: enrolment.facility,
        name: enrolment.device_name.clone(),
        platform: enrolment.platform,
        office: facility.details.kind == FacilityKind::Office,
        state: DeviceState::Active,
        enrolled_by: enrolment.member,
        enrolled_at: now,
        first_seen_at: None,
    };
    write.put(&made)?;
    write.put(&Certificate {
        spki: certificate.spki_sha256,
        device,
        serial: certificate.serial.as_bytes().to_vec(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        state: CertificateState::Active,
    })?;
    enrolment.state = EnrolmentState::Issued;
    enrolment.device = Some(device);
    enrolment.issued_at = Some(now);
    write.put(&enrolment)?;
    let (member, kind) = (enrolment.member, NewsKind::Enrolled);
    write.put(&DeviceNews { member, device, kind, at: now })?;
    Ok(made)
}

/// The first good connection of a device ends its enrolment, and the device that it replaces.
/// Answers the latter: its sessions and connections are the caller's to end.
pub fn first_seen(
    write: &mut Write<'_>,
    device: Id<Device>,
    now: Timestamp,
) -> Result<Option<Id<Device>>, StoreError> {
    let Some(mut seen) = write.get::<Device>(&device)? else { return Ok(None) };
    if seen.first_seen_at.is_some() {
        return Ok(None);
    }
    seen.first_seen_at = Some(now);
    write.put(&seen)?;
    let issued = EnrolmentByState::of(EnrolmentState::Issued);
    let issued = write.page_by::<EnrolmentByState>(&issued, Order::Ascending, None, LISTED_MAX)?;
    let mut replaced = None;
    for mut enrolment in issued.rows {
        if enrolment.device == Some(device) {
            enrolment.state = EnrolmentState::FirstSeen;
            enrolment.first_seen_at = Some(now);
            write.put(&enrolment)?;
            replaced = retire_old(write, &enrolment, device, now)?;
        }
    }
    Ok(replaced)
}

/// Both work until here, so that nobody is without a device while the new one is set up.
fn retire_old(
    write: &mut Write<'_>,
    enrolment: &Enrolment,
    device: Id<Device>,
    now: Timestamp,
) -> Result<Option<Id<Device>>, StoreError> {
    let Some(old) = terms_within(write, enrolment.card)?.purpose.replaces() else {
        return Ok(None);
    };
    let is_active = write.get::<Device>(&old)?.is_some_and(|old| old.state == DeviceState::Active);
    if !is_active {
        return Ok(None);
    }
    match devices::retire(write, old, now) {
        Ok(_) => {}
        Err(RevokeProblem::Unknown) => return Ok(None),
        Err(RevokeProblem::Store(error)) => return Err(error),
    }
    let (member, kind) = (enrolment.member, NewsKind::Replaced(old));
    write.put(&DeviceNews { member, device, kind, at: now })?;
    Ok(Some(old))
}

pub fn by_session(
    read: &Read<'_>,
    session: &SessionToken,
) -> Result<Option<Enrolment>, StoreError> {
    read.first_by::<EnrolmentBySession>(&read.blind(&session.word("enrolment")))
}

/// Those that wait for somebody's eyes, newest first.
pub fn waiting(read: &Read<'_>, now: Timestamp) -> Result<Vec<Enrolment>, StoreError> {
    let waiting = EnrolmentByState::of(EnrolmentState::WaitingApproval);
    let page = read.page_by::<EnrolmentByState>(&waiting, Order::Ascending, None, LISTED_MAX)?;
    Ok(page.rows.into_iter().filter(|enrolment| !enrolment.is_expired(now)).collect())
}

/// What came of one member's cards, newest first.
pub fn of_member(read: &Read<'_>, member: Id<Member>) -> Result<Vec<Enrolment>, StoreError> {
    let order = Order::Descending;
    Ok(read.page_by::<EnrolmentByMember>(&member, order, None, LISTED_MAX)?.rows)
}

/// Whether somebody is between card and certificate.
pub fn any_unfinished(read: &Read<'_>, now: Timestamp) -> Result<bool, StoreError> {
    for state in [EnrolmentState::WaitingApproval, EnrolmentState::Approved] {
        let newest = read.first_by::<EnrolmentByState>(&EnrolmentByState::of(state))?;
        if newest.is_some_and(|enrolment| !enrolment.is_expired(now)) {
            return Ok(true);
        }
    }
    if super::tickets::any_open(read, now)? {
        return Ok(true);
    }
    // Whoever has just taken the file still reads how to install it.
    let issued = EnrolmentByState::of(EnrolmentState::Issued);
    let newest = read.first_by::<EnrolmentByState>(&issued)?;
    let reads_on = |at| now.duration_since(at) < Enrolment::SESSION_VALID;
    if newest.and_then(|enrolment| enrolment.issued_at).is_some_and(reads_on) {
        return Ok(true);
    }
    // And whoever is done is told so, by a page that asks from time to time.
    let seen = EnrolmentByState::of(EnrolmentState::FirstSeen);
    let newest = read.first_by::<EnrolmentByState>(&seen)?;
    let is_told = |at| now.duration_since(at) < TOLD_WITHIN;
    Ok(newest.and_then(|enrolment| enrolment.first_seen_at).is_some_and(is_told))
}

/// All states, newest first: what came of the cards.
pub fn recent(read: &Read<'_>, rows_max: usize) -> Result<Vec<Enrolment>, StoreError> {
    Ok(read.page(&(), Order::Descending, None, rows_max)?.rows)
}

fn six_digits(clock: &Clock) -> String {
    let drawn = u32::from_be_bytes(clock.random()) % 1_000_000;
    format!("{drawn:06}")
}

impl SessionToken {
    /// The password of the `.p12` that this session takes: derived, so it is kept nowhere.
    pub fn p12_password(&self, read: &Read<'_>) -> String {
        let bytes = read.blind(&self.word("p12"));
        crate::symbols::grouped(&crate::symbols::of_bytes(bytes))
    }
}

impl Form {
    pub const fn is_pkcs12(self) -> bool {
        match self {
            Self::Pkcs12 | Self::Pkcs12Old => true,
            Self::Request => false,
        }
    }
}
