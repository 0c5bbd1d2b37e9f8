//! The certificate that a client showed, as the gate reads it after rustls has verified it.
//!
//! It says which key to look up and no more: who may do what is the store's word, never a
//! certificate's.

use jiff::Timestamp;
use uuid::Uuid;

use super::certificate::CertificateView;
use super::{KeyProblem, PublicKey, Serial};

/// Ours have about 600 bytes; a stranger's 64 KiB are not worth parsing.
const LEAF_BYTES_MAX: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    pub spki_sha256: [u8; 32],
    pub serial: Serial,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// For the log; the device is found by `spki_sha256`.
    pub device_id: [u8; 16],
}

pub fn read_leaf(der: &[u8]) -> Result<Leaf, LeafProblem> {
    if der.len() > LEAF_BYTES_MAX {
        return Err(LeafProblem::TooLong(der.len()));
    }
    let view = CertificateView::parse(der).map_err(|_| LeafProblem::Unreadable)?;
    if view.may_be_ca() {
        return Err(LeafProblem::Ca);
    }
    if !is_for_clients_only(&view) {
        return Err(LeafProblem::Purpose);
    }
    let device_id = view
        .only_uri()
        .filter(|uri| uri.starts_with("urn:uuid:"))
        .and_then(|uri| Uuid::parse_str(uri).ok())
        .ok_or(LeafProblem::DeviceId)?;
    Ok(Leaf {
        spki_sha256: PublicKey::parse(view.spki())?.sha256(),
        serial: view.serial().ok_or(LeafProblem::Serial)?,
        not_before: view.not_before().map_err(|_| LeafProblem::Unreadable)?,
        not_after: view.not_after().map_err(|_| LeafProblem::Unreadable)?,
        device_id: device_id.into_bytes(),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafProblem {
    #[error("a certificate of {0} bytes is too long for a device")]
    TooLong(usize),
    #[error("cannot read the certificate")]
    Unreadable,
    #[error("the certificate is one of a CA")]
    Ca,
    #[error("the certificate is not for client authentication alone")]
    Purpose,
    #[error("the certificate names no device")]
    DeviceId,
    #[error("the serial number is not one of ours")]
    Serial,
    #[error("the key is not one of a device")]
    Key(#[from] KeyProblem),
}

/// webpki lets a leaf without any purpose pass, so this is where it is refused.
fn is_for_clients_only(view: &CertificateView<'_>) -> bool {
    let Some(purposes) = view.purposes() else { return false };
    let others = purposes.any
        || purposes.server_auth
        || purposes.code_signing
        || purposes.email_protection
        || purposes.time_stamping
        || purposes.ocsp_signing;
    purposes.client_auth && !others && purposes.other.is_empty()
}
