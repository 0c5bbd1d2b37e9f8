//! The server's own certificate, for networks without a public domain.

use jiff::{SignedDuration, Timestamp};
use rcgen::{ExtendedKeyUsagePurpose, SanType};

use super::key::{Curve, Key};
use super::profile::{Validity, days, profile, subject};
use super::{Authority, AuthorityError, Pkcs8, Serial};

/// Browsers refuse server certificates of more than 398 days.
const SERVER_VALID: SignedDuration = days(397);

/// Two hosts are in use; more than this is a mistake.
pub(super) const SERVER_HOSTS_MAX: usize = 16;

#[derive(Debug)]
pub struct ServerCertificate {
    /// The leaf, then the Server CA; DER.
    pub chain: Vec<Vec<u8>>,
    pub key: Pkcs8,
    pub not_after: Timestamp,
}

impl Authority {
    /// With a key of its own each time. Hosts that share an address need separate certificates:
    /// browsers reuse a connection for every host that its certificate names.
    pub fn issue_server(
        &self,
        hosts: &[&str],
        now: Timestamp,
    ) -> Result<ServerCertificate, AuthorityError> {
        if !(1..=SERVER_HOSTS_MAX).contains(&hosts.len()) {
            return Err(AuthorityError::HostCount);
        }
        if let Some(host) = hosts.iter().find(|host| !self.names.covers(host)) {
            return Err(AuthorityError::HostOutside((*host).to_owned()));
        }
        let validity = Validity::below(self.server_ca.not_after, now, SERVER_VALID)?;
        let subject = subject(&self.names, None, "Tokinet Server")?;
        let mut params = profile(subject, validity, Serial::random()?)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = hosts
            .iter()
            .map(|host| Ok(SanType::DnsName((*host).try_into()?)))
            .collect::<Result<_, _>>()
            .map_err(AuthorityError::Write)?;
        let key = Key::generate(Curve::P256)?;
        let leaf = params.signed_by(&key, &self.server_ca.issuer).map_err(AuthorityError::Write)?;
        Ok(ServerCertificate {
            chain: vec![leaf.der().to_vec(), self.server_ca.certificate.clone()],
            key: key.pkcs8().clone(),
            not_after: validity.not_after,
        })
    }
}
