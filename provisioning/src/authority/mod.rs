//! The certificate authority: keys and certificates of the network, its devices and its servers.
//!
//! Pure functions and values: no store, no web, no clock. Start at `founding.rs`; what is issued
//! (device, server, card signature, revocation list) has a file each. This folder alone names
//! rcgen and the X.509 crates.
//!
//! Invariant: nothing from a certificate signing request but its public key reaches a certificate.

mod founding;
mod keeping;
mod names;

mod device;
mod public;
mod server;

mod card;
mod crl;

mod leaf;
mod request;

mod pkcs12;
mod root_key;
mod signed_file;

mod certificate;
mod error;
mod key;
mod profile;
mod serial;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use certificate::CertificateView;
use key::Key;
use profile::Issuing;

pub use card::verify_card;
pub use crl::Revoked;
pub use device::{DeviceCertificate, DeviceRequest};
pub use error::AuthorityError;
pub use keeping::AuthorityKeys;
pub use key::{DeviceKey, KeyProblem, Pkcs8, PublicKey};
pub use leaf::{Leaf, LeafProblem, read_leaf};
pub use names::{NameProblem, Names};
pub use pkcs12::{Pkcs12Form, Pkcs12Problem, check_pkcs12_words, pkcs12};
pub use public::{ChainProblem, PublicLeaf, ServerRequest, challenge_certificate};
pub use request::{CsrProblem, public_key_of_csr};
pub use root_key::RootKey;
pub use serial::Serial;
pub use server::ServerCertificate;

/// The keys that stay on the box, each with its certificate. The root's key is not among them.
#[derive(Debug)]
pub struct Authority {
    names: Names,
    root: Vec<u8>,
    device_ca: Issuing,
    server_ca: Issuing,
    card: CardKey,
    /// Device CAs of before a renewal: devices that they certified stay welcome.
    earlier_device_cas: Vec<Vec<u8>>,
    /// Card certificates of before a renewal: cards that they signed stay provable.
    earlier_cards: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct CardKey {
    key: Key,
    certificate: Vec<u8>,
}

/// All certificates are DER.
impl Authority {
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What a TLS server trusts for client certificates: the Device CA in use, then earlier ones.
    /// The root is not among them, so that a browser may send its leaf alone.
    pub fn device_anchors(&self) -> impl Iterator<Item = &[u8]> {
        let earlier = self.earlier_device_cas.iter().map(Vec::as_slice);
        std::iter::once(self.device_ca.certificate.as_slice()).chain(earlier)
    }

    /// The DER names that a TLS server hints at: the Device CAs and the root, because a browser
    /// that holds only the leaf refuses to offer it for the root's name alone.
    pub fn client_hints(&self) -> Result<Vec<Vec<u8>>, AuthorityError> {
        let authorities = self.device_anchors().chain(std::iter::once(self.root.as_slice()));
        authorities.map(|der| Ok(CertificateView::parse(der)?.subject().to_vec())).collect()
    }

    pub fn root_certificate(&self) -> &[u8] {
        &self.root
    }

    /// SHA-256 of the root certificate: what is printed on the card and compared by eye.
    pub fn root_fingerprint(&self) -> [u8; 32] {
        key::sha256(&self.root)
    }

    pub fn server_ca_certificate(&self) -> &[u8] {
        &self.server_ca.certificate
    }

    /// The certificate in use first, then earlier ones.
    pub fn card_certificates(&self) -> impl Iterator<Item = &[u8]> {
        let earlier = self.earlier_cards.iter().map(Vec::as_slice);
        std::iter::once(self.card.certificate.as_slice()).chain(earlier)
    }

    /// What browsers match the issuer of a device's certificate by: the Device CA's common name.
    pub fn device_ca_name(&self) -> Result<String, AuthorityError> {
        CertificateView::parse(&self.device_ca.certificate)?.common_name()
    }

    /// When the keys on the box stop being good for issuing. Certificates never outlive it, so the
    /// root's stick is needed a leaf's life earlier (`Authority::renew`).
    pub fn ends_at(&self) -> Timestamp {
        self.device_ca.not_after.min(self.server_ca.not_after)
    }
}
