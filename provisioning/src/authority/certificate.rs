//! A certificate as it is read back, with nothing behind it.

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::{AuthorityError, Serial};

pub(super) struct CertificateView<'a> {
    x509: X509Certificate<'a>,
}

impl<'a> CertificateView<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, AuthorityError> {
        match X509Certificate::from_der(der) {
            Ok(([], x509)) => Ok(Self { x509 }),
            Ok(_) | Err(_) => Err(AuthorityError::KeptCertificate),
        }
    }

    /// The DER name.
    pub(super) fn subject(&self) -> &'a [u8] {
        self.x509.tbs_certificate.subject.as_raw()
    }

    pub(super) fn common_name(&self) -> Result<String, AuthorityError> {
        let name = self.x509.subject().iter_common_name().next();
        let name = name.and_then(|name| name.as_str().ok()).map(str::to_owned);
        name.ok_or(AuthorityError::KeptCertificate)
    }

    pub(super) fn spki(&self) -> &'a [u8] {
        self.x509.tbs_certificate.subject_pki.raw
    }

    /// The public key without its wrapping.
    pub(super) fn point(&self) -> &[u8] {
        &self.x509.tbs_certificate.subject_pki.subject_public_key.data
    }

    pub(super) fn serial(&self) -> Option<Serial> {
        Serial::from_der_integer(self.x509.raw_serial())
    }

    pub(super) fn not_before(&self) -> Result<Timestamp, AuthorityError> {
        timestamp(self.x509.validity().not_before.timestamp())
    }

    pub(super) fn not_after(&self) -> Result<Timestamp, AuthorityError> {
        timestamp(self.x509.validity().not_after.timestamp())
    }

    pub(super) fn is_signed_by(&self, issuer: &CertificateView<'_>) -> bool {
        self.x509.issuer().as_raw() == issuer.subject()
            && self.x509.verify_signature(Some(issuer.x509.public_key())).is_ok()
    }

    /// Says `true` for what cannot be read, too: nothing unclear passes as a leaf.
    pub(super) fn may_be_ca(&self) -> bool {
        match self.x509.basic_constraints() {
            Ok(Some(constraints)) => constraints.value.ca,
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// `None` when it is missing, given twice, or unreadable.
    pub(super) fn purposes(&self) -> Option<&ExtendedKeyUsage<'_>> {
        let usage = self.x509.extended_key_usage().ok().flatten()?;
        Some(usage.value)
    }

    /// The subject's only alternative name, if that is a URI.
    pub(super) fn only_uri(&self) -> Option<&'a str> {
        let names = self.x509.subject_alternative_name().ok().flatten()?;
        match names.value.general_names.as_slice() {
            [GeneralName::URI(uri)] => Some(uri),
            _ => None,
        }
    }

    /// The subject's only alternative name, if that is a host's.
    pub(super) fn only_host(&self) -> Option<&'a str> {
        let names = self.x509.subject_alternative_name().ok().flatten()?;
        match names.value.general_names.as_slice() {
            [GeneralName::DNSName(host)] => Some(host),
            _ => None,
        }
    }

    /// For eyes: organization and common name, as far as there are any.
    pub(super) fn issuer_name(&self) -> String {
        let issuer = self.x509.issuer();
        let parts = issuer.iter_organization().chain(issuer.iter_common_name());
        let parts: Vec<_> = parts.filter_map(|part| part.as_str().ok()).collect();
        parts.join(" ")
    }

    pub(super) fn raw_serial(&self) -> &'a [u8] {
        self.x509.raw_serial()
    }

    pub(super) fn issuer_key(&self) -> Option<&'a [u8]> {
        self.x509.iter_extensions().find_map(|extension| {
            let ParsedExtension::AuthorityKeyIdentifier(one) = extension.parsed_extension() else {
                return None;
            };
            one.key_identifier.as_ref().map(|id| id.0)
        })
    }
}

fn timestamp(second: i64) -> Result<Timestamp, AuthorityError> {
    Timestamp::from_second(second).map_err(|_| AuthorityError::KeptCertificate)
}
