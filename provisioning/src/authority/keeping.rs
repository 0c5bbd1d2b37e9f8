//! The authority as bytes: what the store seals, and what a restored backup is checked against.

use rcgen::PublicKeyData;
use serde::{Deserialize, Serialize};

use super::certificate::CertificateView;
use super::key::{Curve, Key};
use super::profile::Issuing;
use super::{Authority, AuthorityError, CardKey, Names, Pkcs8};

/// Every private key of the box in the clear: the store seals it before it writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityKeys {
    network: String,
    domain: String,
    root: Vec<u8>,
    device_ca: Kept,
    server_ca: Kept,
    card: Kept,
    earlier_device_cas: Vec<Vec<u8>>,
    earlier_cards: Vec<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    key: Pkcs8,
    certificate: Vec<u8>,
}

impl Authority {
    pub fn keys(&self) -> AuthorityKeys {
        let kept =
            |key: &Key, der: &[u8]| Kept { key: key.pkcs8().clone(), certificate: der.to_vec() };
        AuthorityKeys {
            network: self.names.network().to_owned(),
            domain: self.names.domain().to_owned(),
            root: self.root.clone(),
            device_ca: kept(self.device_ca.issuer.key(), &self.device_ca.certificate),
            server_ca: kept(self.server_ca.issuer.key(), &self.server_ca.certificate),
            card: kept(&self.card.key, &self.card.certificate),
            earlier_device_cas: self.earlier_device_cas.clone(),
            earlier_cards: self.earlier_cards.clone(),
        }
    }

    /// Refuses keys and certificates that do not belong together.
    pub fn from_keys(kept: AuthorityKeys) -> Result<Self, AuthorityError> {
        let names = Names::parse(&kept.network, &kept.domain).map_err(AuthorityError::KeptNames)?;
        // The root signs itself, too.
        let earlier = kept.earlier_device_cas.iter().chain(&kept.earlier_cards);
        for certificate in earlier.chain([&kept.root]) {
            check_below(&kept.root, certificate)?;
        }
        let device_key = open(&kept.root, &kept.device_ca)?;
        let server_key = open(&kept.root, &kept.server_ca)?;
        let card_key = open(&kept.root, &kept.card)?;
        Ok(Self {
            names,
            device_ca: Issuing::new(kept.device_ca.certificate, device_key)?,
            server_ca: Issuing::new(kept.server_ca.certificate, server_key)?,
            card: CardKey { key: card_key, certificate: kept.card.certificate },
            root: kept.root,
            earlier_device_cas: kept.earlier_device_cas,
            earlier_cards: kept.earlier_cards,
        })
    }
}

fn open(root: &[u8], kept: &Kept) -> Result<Key, AuthorityError> {
    check_below(root, &kept.certificate)?;
    let key = Key::from_pkcs8(Curve::P256, kept.key.clone())?;
    if CertificateView::parse(&kept.certificate)?.spki() != key.subject_public_key_info() {
        return Err(AuthorityError::OtherKey);
    }
    Ok(key)
}

fn check_below(root: &[u8], certificate: &[u8]) -> Result<(), AuthorityError> {
    let root = CertificateView::parse(root)?;
    if !CertificateView::parse(certificate)?.is_signed_by(&root) {
        return Err(AuthorityError::NotSignedByRoot);
    }
    Ok(())
}
