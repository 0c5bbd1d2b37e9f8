//! The revocation list, for outsiders: an auditor, or a proxy in front. The box itself asks its
//! store at every request.

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams};

use super::profile::{days, offset_date_time};
use super::{Authority, AuthorityError, Serial};

/// Written daily; a week lets a box be under repair without a list that has run out.
const CRL_VALID: SignedDuration = days(7);

/// About 5 MB, and ten times the devices that a box is meant for.
const CRL_ENTRIES_MAX: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    pub serial: Serial,
    pub at: Timestamp,
}

impl Authority {
    /// DER, signed by the Device CA in use. `number` must grow with every list.
    pub fn crl(
        &self,
        revoked: &[Revoked],
        number: u64,
        now: Timestamp,
    ) -> Result<Vec<u8>, AuthorityError> {
        if revoked.len() > CRL_ENTRIES_MAX {
            return Err(AuthorityError::CrlTooLong(revoked.len()));
        }
        let next = now.checked_add(CRL_VALID).map_err(|_| AuthorityError::Time(now))?;
        let entry = |revoked: &Revoked| {
            Ok(RevokedCertParams {
                serial_number: revoked.serial.to_rcgen(),
                revocation_time: offset_date_time(revoked.at)?,
                reason_code: None,
                invalidity_date: None,
            })
        };
        let params = CertificateRevocationListParams {
            this_update: offset_date_time(now)?,
            next_update: offset_date_time(next)?,
            crl_number: rcgen::SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect::<Result<_, AuthorityError>>()?,
            // Must be the method of `profile`: the list's issuer is found by its key identifier.
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let crl = params.signed_by(&self.device_ca.issuer).map_err(AuthorityError::Write)?;
        Ok(crl.der().to_vec())
    }
}
