//! Renewals as rows, and the two acts of one.

use jiff::Timestamp;
use store::{Clock, Id, Plain, Read, Record, StoreError, Write};

use super::{Asked, Renewal, RenewalProblem, is_due, mark};
use crate::authority::{Authority, DeviceCertificate, DeviceRequest, PublicKey};
use crate::devices::{
    self, Certificate, CertificateState, Device, DeviceState, SuccessionProblem, Successor,
};
use crate::enrolment::Form;
use crate::facilities::{Facility, FacilityState};
use crate::members::{Member, Standing, today};

impl Record for Renewal {
    type Key = Id<Device>;
    const TABLE: &'static str = "renewals";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.device
    }
}

impl Plain for Renewal {}

pub fn of_device(read: &Read<'_>, device: Id<Device>) -> Result<Option<Renewal>, StoreError> {
    read.get(&device)
}

/// Takes the place of a renewal that was begun before; a certificate that was taken then stays
/// until the new one is.
pub fn begin(
    write: &mut Write<'_>,
    clock: &Clock,
    asked: Asked,
    form: Form,
) -> Result<Renewal, RenewalProblem> {
    let now = clock.now();
    check(write, asked, now)?;
    let renewal = Renewal {
        id: clock.id(),
        device: asked.device,
        member: asked.member,
        form,
        begun_at: now,
        taken: None,
        taken_at: None,
    };
    write.put(&renewal)?;
    Ok(renewal)
}

/// Signs for a device that exists: outside the act, because signing is slow there. Its number
/// begins with the minute, so that people can tell two certificates of one device apart.
pub fn prepare(
    authority: &Authority,
    facility: &Facility,
    device: Id<Device>,
    public_key: &PublicKey,
    now: Timestamp,
) -> Result<DeviceCertificate, RenewalProblem> {
    let number = format!("{}-{device}", mark(now));
    let request = DeviceRequest {
        public_key,
        facility_code: facility.code.as_str(),
        device_number: &number,
        device_id: device.bytes(),
    };
    Ok(authority.issue_device(&request, now)?)
}

/// The new certificate exists from here on, beside the one in use, exactly once. One that was
/// taken before and never used ends.
pub fn issue(
    write: &mut Write<'_>,
    id: Id<Renewal>,
    asked: Asked,
    certificate: &DeviceCertificate,
    now: Timestamp,
) -> Result<Device, RenewalProblem> {
    let device = check(write, asked, now)?;
    let renewal: Renewal = write.get(&asked.device)?.ok_or(RenewalProblem::OtherStep)?;
    if renewal.id != id || renewal.member != asked.member || !renewal.is_open(now) {
        return Err(RenewalProblem::OtherStep);
    }
    put_certificate(write, renewal, certificate, now)?;
    Ok(device)
}

pub(super) fn put_certificate(
    write: &mut Write<'_>,
    renewal: Renewal,
    certificate: &DeviceCertificate,
    now: Timestamp,
) -> Result<(), RenewalProblem> {
    let (spki, device) = (certificate.spki_sha256, renewal.device);
    if write.get::<Certificate>(&spki)?.is_some() {
        return Err(RenewalProblem::KeyKnown);
    }
    for other in devices::certificates_within(write, device)? {
        match devices::lapse(write, other.spki, now) {
            Ok(_) | Err(SuccessionProblem::NotWaiting) => {}
            Err(SuccessionProblem::Store(error)) => return Err(error.into()),
        }
    }
    write.put(&Certificate {
        spki,
        device,
        serial: certificate.serial.as_bytes().to_vec(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        state: CertificateState::Active,
    })?;
    write.put(&Successor { spki, device, issued_at: now, used_at: None })?;
    write.put(&Renewal { taken: Some(spki), taken_at: Some(now), ..renewal })?;
    Ok(())
}

/// The key in use proves the device, its member the right to it.
pub(super) fn check(
    write: &Write<'_>,
    asked: Asked,
    now: Timestamp,
) -> Result<Device, RenewalProblem> {
    let device: Device = write.get(&asked.device)?.ok_or(RenewalProblem::NotAllowed)?;
    let member: Member = write.get(&asked.member)?.ok_or(RenewalProblem::NotAllowed)?;
    let facility: Option<Facility> = write.get(&device.facility)?;
    let in_use: Certificate = write.get(&asked.spki)?.ok_or(RenewalProblem::NotAllowed)?;
    let may = device.state == DeviceState::Active
        && facility.is_some_and(|facility| facility.state == FacilityState::Active)
        && member.facility == device.facility
        && member.standing(today(now)) == Standing::Welcome
        && in_use.device == device.id
        && in_use.state == CertificateState::Active
        && now <= in_use.not_after
        && devices::certificates_within(write, device.id)?.len()
            < devices::CERTIFICATES_OF_DEVICE_MAX;
    if !may {
        return Err(RenewalProblem::NotAllowed);
    }
    if is_due(in_use.not_after, now) { Ok(device) } else { Err(RenewalProblem::TooEarly) }
}
