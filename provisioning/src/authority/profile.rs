//! What every certificate of the network has in common, and the shape of the CAs.
//!
//! rcgen's defaults (no serial of its own, no authority key identifier, valid from 1975 to 4096)
//! are all traps, so `profile` is the one place where parameters come to life.

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose,
    NameConstraints,
};
use time::OffsetDateTime;

use super::certificate::CertificateView;
use super::key::Key;
use super::{AuthorityError, Names, Serial};

/// Clocks of old tablets run behind; browsers and rustls refuse what is not valid yet.
const CLOCK_SLIP: SignedDuration = SignedDuration::from_mins(5);

/// The root outlives three generations of the CAs below it; it lies in a safe.
pub(super) const ROOT_VALID: SignedDuration = days(20 * 365);

/// Five years of issuing plus the longest life of a device certificate (730 + 30 days), rounded.
pub(super) const INTERMEDIATE_VALID: SignedDuration = days(6 * 365);

pub(super) const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

impl Validity {
    pub(super) fn starting(now: Timestamp, valid: SignedDuration) -> Result<Self, AuthorityError> {
        let at = |offset| {
            let time = now.checked_add(offset).map_err(|_| AuthorityError::Time(now))?;
            // Certificates count in whole seconds, and what the store keeps must say the same.
            Timestamp::from_second(time.as_second()).map_err(|_| AuthorityError::Time(now))
        };
        Ok(Self { not_before: at(-CLOCK_SLIP)?, not_after: at(valid)? })
    }

    /// A certificate never outlives its issuer.
    pub(super) fn below(
        issuer_ends: Timestamp,
        now: Timestamp,
        valid: SignedDuration,
    ) -> Result<Self, AuthorityError> {
        if issuer_ends <= now {
            return Err(AuthorityError::IssuerEnded(issuer_ends));
        }
        let own = Self::starting(now, valid)?;
        Ok(Self { not_after: own.not_after.min(issuer_ends), ..own })
    }
}

/// A CA on the box: key, certificate, and what rcgen needs to sign with them.
#[derive(Debug)]
pub(super) struct Issuing {
    pub(super) certificate: Vec<u8>,
    pub(super) not_after: Timestamp,
    pub(super) issuer: Issuer<'static, Key>,
}

impl Issuing {
    pub(super) fn new(certificate: Vec<u8>, key: Key) -> Result<Self, AuthorityError> {
        let not_after = CertificateView::parse(&certificate)?.not_after()?;
        let issuer = Issuer::from_ca_cert_der(&certificate.as_slice().into(), key)
            .map_err(AuthorityError::Write)?;
        Ok(Self { certificate, not_after, issuer })
    }
}

/// A leaf without purpose; the caller adds names and usages.
pub(super) fn profile(
    subject: DistinguishedName,
    validity: Validity,
    serial: Serial,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.not_before = offset_date_time(validity.not_before)?;
    params.not_after = offset_date_time(validity.not_after)?;
    params.serial_number = Some(serial.to_rcgen());
    params.distinguished_name = subject;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.key_identifier_method = KeyIdMethod::Sha256;
    Ok(params)
}

pub(super) fn root_profile(
    names: &Names,
    now: Timestamp,
) -> Result<CertificateParams, AuthorityError> {
    let subject = subject(names, None, "Tokinet Root CA")?;
    let mut params = profile(subject, Validity::starting(now, ROOT_VALID)?, Serial::random()?)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// Issues to devices only; webpki and browsers hold a CA's purpose against its leaves.
pub(super) fn device_ca_profile(
    names: &Names,
    common_name: &str,
    validity: Validity,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = intermediate_profile(names, common_name, validity)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

/// Issues to servers of the network's domain only. Constrains DNS and IP names and no others:
/// Java refuses to read a constraint on e-mail names.
pub(super) fn server_ca_profile(
    names: &Names,
    common_name: &str,
    validity: Validity,
) -> Result<CertificateParams, AuthorityError> {
    let mut params = intermediate_profile(names, common_name, validity)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(names.domain().to_owned())],
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
        ],
    });
    Ok(params)
}

fn intermediate_profile(
    names: &Names,
    common_name: &str,
    validity: Validity,
) -> Result<CertificateParams, AuthorityError> {
    let subject = subject(names, None, common_name)?;
    let mut params = profile(subject, validity, Serial::random()?)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// C=JP, O=the network, OU=the unit if there is one, CN=the common name.
pub(super) fn subject(
    names: &Names,
    unit: Option<&str>,
    common_name: &str,
) -> Result<DistinguishedName, AuthorityError> {
    // RFC 5280 allows a country as PrintableString only.
    let country = "JP".try_into().map_err(AuthorityError::Write)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, DnValue::PrintableString(country));
    name.push(DnType::OrganizationName, names.network());
    if let Some(unit) = unit {
        name.push(DnType::OrganizationalUnitName, unit);
    }
    name.push(DnType::CommonName, common_name);
    Ok(name)
}

/// Fresh parameters, because those of `profile` cannot stand in a request.
pub(super) fn signing_request(key: &Key) -> Result<Vec<u8>, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(key).map_err(AuthorityError::Write)?;
    Ok(request.der().to_vec())
}

pub(super) fn offset_date_time(time: Timestamp) -> Result<OffsetDateTime, AuthorityError> {
    OffsetDateTime::from_unix_timestamp(time.as_second()).map_err(|_| AuthorityError::Time(time))
}
