//! How an authority comes to life, and how the root's stick gives it new keys years later.

use jiff::Timestamp;
use rcgen::{CertificateParams, PublicKeyData};

use super::certificate::CertificateView;
use super::key::{Curve, Key};
use super::profile::{
    INTERMEDIATE_VALID, Issuing, Validity, device_ca_profile, root_profile, server_ca_profile,
};
use super::{Authority, AuthorityError, CardKey, Names, Pkcs8, RootKey, card};

impl Authority {
    /// A root, and below it one generation of the keys that stay on the box. The root's key leaves
    /// sealed under the passphrase and exists nowhere else.
    pub fn found(
        names: &Names,
        passphrase: &str,
        now: Timestamp,
    ) -> Result<(Self, RootKey), AuthorityError> {
        let (authority, key) = Self::with_open_root(names, now)?;
        let root_key = RootKey::seal(&key, passphrase)?;
        Ok((authority, root_key))
    }

    /// New keys from the same root, when the old ones near their end; `names` may have changed.
    /// Devices with a certificate from before stay welcome, so this is no answer to stolen keys:
    /// that is a new root.
    pub fn renew(
        &self,
        names: &Names,
        root_key: &RootKey,
        passphrase: &str,
        now: Timestamp,
    ) -> Result<Self, AuthorityError> {
        let key = root_key.open(passphrase)?;
        if CertificateView::parse(&self.root)?.spki() != key.subject_public_key_info() {
            return Err(AuthorityError::OtherRoot);
        }
        // Counts every generation, so that no two CAs of one root share a name.
        let number = self.earlier_cards.len().saturating_add(2);
        let next = Self::generation(names, self.root.clone(), key, number, now)?;
        let owned = |der: &[u8]| der.to_vec();
        Ok(Self {
            earlier_device_cas: self.device_anchors().map(owned).collect(),
            earlier_cards: self.card_certificates().map(owned).collect(),
            ..next
        })
    }

    pub(super) fn with_open_root(
        names: &Names,
        now: Timestamp,
    ) -> Result<(Self, Pkcs8), AuthorityError> {
        let key = Key::generate(Curve::P384)?;
        let pkcs8 = key.pkcs8().clone();
        let params = root_profile(names, now)?;
        let root = params.self_signed(&key).map_err(AuthorityError::Write)?.der().to_vec();
        Ok((Self::generation(names, root, key, 1, now)?, pkcs8))
    }

    fn generation(
        names: &Names,
        root: Vec<u8>,
        root_key: Key,
        number: usize,
        now: Timestamp,
    ) -> Result<Self, AuthorityError> {
        let Issuing { certificate: root, not_after, issuer: root_issuer } =
            Issuing::new(root, root_key)?;
        let validity = Validity::below(not_after, now, INTERMEDIATE_VALID)?;
        let sign = |params: CertificateParams, key: &Key| {
            let certificate = params.signed_by(key, &root_issuer).map_err(AuthorityError::Write)?;
            Ok::<_, AuthorityError>(certificate.der().to_vec())
        };

        let device_key = Key::generate(Curve::P256)?;
        let params = device_ca_profile(names, &format!("Tokinet Device CA {number}"), validity)?;
        let device_ca = sign(params, &device_key)?;

        let server_key = Key::generate(Curve::P256)?;
        let params = server_ca_profile(names, &format!("Tokinet Server CA {number}"), validity)?;
        let server_ca = sign(params, &server_key)?;

        let card_key = Key::generate(Curve::P256)?;
        let params = card::card_profile(names, &format!("Tokinet Card Key {number}"), validity)?;
        let card = sign(params, &card_key)?;

        Ok(Self {
            names: names.clone(),
            root,
            device_ca: Issuing::new(device_ca, device_key)?,
            server_ca: Issuing::new(server_ca, server_key)?,
            card: CardKey { key: card_key, certificate: card },
            earlier_device_cas: Vec::new(),
            earlier_cards: Vec::new(),
        })
    }
}
