//! What a public authority needs from us, and what is believed of its answer: the key and the
//! request for one host, the certificate that answers a TLS-ALPN-01 challenge, and a received
//! chain, checked before anything is served with it.

use jiff::Timestamp;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, SanType};

use super::certificate::CertificateView;
use super::key::{Curve, Key};
use super::profile::{Validity, days, profile};
use super::{AuthorityError, Pkcs8, Serial, ServerCertificate};

/// Public chains have three certificates; more than this is a mistake or an attack.
const CHAIN_MAX: usize = 8;

/// What one value of the store holds, less the key and the names beside it.
const CHAIN_BYTES_MAX: usize = 48 * 1024;

/// Longer names of issuers are cut: they are shown, never compared.
const ISSUER_CHARS_MAX: usize = 100;

/// A new key, and the request for a certificate of one host.
#[derive(Debug)]
pub struct ServerRequest {
    pub key: Pkcs8,
    /// DER.
    pub request: Vec<u8>,
}

impl ServerRequest {
    pub fn make(host: &str) -> Result<Self, AuthorityError> {
        let key = Key::generate(Curve::P256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![dns(host)?];
        let request = params.serialize_request(&key).map_err(AuthorityError::Write)?;
        Ok(Self { key: key.pkcs8().clone(), request: request.der().to_vec() })
    }
}

/// The self-signed certificate of RFC 8737: it proves to whoever validates a name, and to nobody
/// else, that this server knows the answer.
pub fn challenge_certificate(
    host: &str,
    answer: &[u8; 32],
    now: Timestamp,
) -> Result<ServerCertificate, AuthorityError> {
    let key = Key::generate(Curve::P256)?;
    let validity = Validity::starting(now, days(1))?;
    let mut params = profile(DistinguishedName::new(), validity, Serial::random()?)?;
    params.subject_alt_names = vec![dns(host)?];
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(answer)];
    let leaf = params.self_signed(&key).map_err(AuthorityError::Write)?;
    Ok(ServerCertificate {
        chain: vec![leaf.der().to_vec()],
        key: key.pkcs8().clone(),
        not_after: validity.not_after,
    })
}

fn dns(host: &str) -> Result<SanType, AuthorityError> {
    Ok(SanType::DnsName(host.try_into().map_err(AuthorityError::Write)?))
}

/// What the leaf of a received chain says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicLeaf {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub issuer: String,
    pub serial: Vec<u8>,
    /// The issuer's key, as the leaf names it; renewal information is asked for by both.
    pub issuer_key: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainProblem {
    #[error("the chain is empty, too long or too large")]
    Size,
    #[error("the chain cannot be read")]
    Unreadable,
    #[error("the certificate is for another key")]
    OtherKey,
    #[error("the certificate is not for this host, or for others as well")]
    OtherHost,
    #[error("a certificate of the chain is not signed by the one after it")]
    Broken,
    #[error("the certificate is not valid now")]
    NotNow,
}

impl PublicLeaf {
    /// Refuses whatever is not a chain for exactly this host and key, valid at this time. A
    /// certificate for two hosts would let a browser carry requests from one to the other.
    pub fn check(
        chain: &[Vec<u8>],
        host: &str,
        key: &Pkcs8,
        now: Timestamp,
    ) -> Result<Self, ChainProblem> {
        let bytes: usize = chain.iter().map(Vec::len).sum();
        if !(1..=CHAIN_MAX).contains(&chain.len()) || bytes > CHAIN_BYTES_MAX {
            return Err(ChainProblem::Size);
        }
        let views = chain.iter().map(|der| CertificateView::parse(der));
        let views: Vec<_> =
            views.collect::<Result<_, _>>().map_err(|_| ChainProblem::Unreadable)?;
        let leaf = views.first().ok_or(ChainProblem::Size)?;
        let own = Key::from_pkcs8(Curve::P256, key.clone()).map_err(|_| ChainProblem::OtherKey)?;
        if leaf.spki() != rcgen::PublicKeyData::subject_public_key_info(&own) {
            return Err(ChainProblem::OtherKey);
        }
        if leaf.only_host().is_none_or(|name| !name.eq_ignore_ascii_case(host)) {
            return Err(ChainProblem::OtherHost);
        }
        if views.windows(2).any(|pair| !matches!(pair, [one, next] if one.is_signed_by(next))) {
            return Err(ChainProblem::Broken);
        }
        let not_before = leaf.not_before().map_err(|_| ChainProblem::Unreadable)?;
        let not_after = leaf.not_after().map_err(|_| ChainProblem::Unreadable)?;
        if not_after <= now || not_after <= not_before {
            return Err(ChainProblem::NotNow);
        }
        Ok(Self {
            not_before,
            not_after,
            issuer: leaf.issuer_name().chars().take(ISSUER_CHARS_MAX).collect(),
            serial: leaf.raw_serial().to_vec(),
            issuer_key: leaf.issuer_key().map(<[u8]>::to_vec),
        })
    }
}
