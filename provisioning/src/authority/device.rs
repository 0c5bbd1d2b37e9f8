//! The certificate of a device: which machine of which facility, and never a person.

use jiff::{SignedDuration, Timestamp};
use rcgen::{ExtendedKeyUsagePurpose, SanType};
use uuid::Uuid;

use super::key::random;
use super::names::DN_CHARS_MAX;
use super::profile::{Validity, days, profile, subject};
use super::{Authority, AuthorityError, PublicKey, Serial};

/// Two years: rarely enough for a clerk, often enough that a forgotten tablet runs out.
const DEVICE_VALID: SignedDuration = days(730);

/// Devices enrolled in one week would otherwise all expire in one week.
const DEVICE_VALID_JITTER: SignedDuration = days(30);

#[derive(Debug)]
pub struct DeviceRequest<'a> {
    pub public_key: &'a PublicKey,
    /// ASCII letters, digits and hyphens, as is the number: no personal name can be written so.
    pub facility_code: &'a str,
    pub device_number: &'a str,
    pub device_id: [u8; 16],
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCertificate {
    pub der: Vec<u8>,
    pub serial: Serial,
    pub spki_sha256: [u8; 32],
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl Authority {
    pub fn issue_device(
        &self,
        request: &DeviceRequest<'_>,
        now: Timestamp,
    ) -> Result<DeviceCertificate, AuthorityError> {
        let facility_code = code("the facility code", request.facility_code)?;
        let device_number = code("the device number", request.device_number)?;
        let validity = Validity::below(self.device_ca.not_after, now, jittered()?)?;
        let serial = Serial::random()?;

        let subject = subject(&self.names, Some(facility_code), device_number)?;
        let mut params = profile(subject, validity, serial)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let urn = Uuid::from_bytes(request.device_id).urn().to_string();
        params.subject_alt_names =
            vec![SanType::URI(urn.as_str().try_into().map_err(AuthorityError::Write)?)];
        let certificate = params
            .signed_by(request.public_key, &self.device_ca.issuer)
            .map_err(AuthorityError::Write)?;

        Ok(DeviceCertificate {
            der: certificate.der().to_vec(),
            serial,
            spki_sha256: request.public_key.sha256(),
            not_before: validity.not_before,
            not_after: validity.not_after,
        })
    }
}

fn code<'a>(what: &'static str, text: &'a str) -> Result<&'a str, AuthorityError> {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_plain || !(1..=DN_CHARS_MAX).contains(&text.len()) {
        return Err(AuthorityError::Code(what));
    }
    Ok(text)
}

fn jittered() -> Result<SignedDuration, AuthorityError> {
    let range = DEVICE_VALID_JITTER.as_secs().saturating_mul(2).saturating_add(1);
    let draw = i64::from(u32::from_be_bytes(random()?));
    let shift = SignedDuration::from_secs(draw.rem_euclid(range));
    Ok(DEVICE_VALID.saturating_sub(DEVICE_VALID_JITTER).saturating_add(shift))
}
