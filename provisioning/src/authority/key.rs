//! Private keys, which wipe themselves and never show in a log, the public keys of devices, and
//! the two small pieces of cryptography that the rest of the folder needs.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, ParsedPublicKey,
};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PublicKeyData, SignatureAlgorithm};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::{AuthorityError, profile};

/// The only form in which a P-256 key is taken, so that one key has one SHA-256: SEQUENCE,
/// id-ecPublicKey, prime256v1, BIT STRING, and then an uncompressed point.
const P256_SPKI_PREFIX: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
      \x03\x42\x00";

/// The key of a device, as SubjectPublicKeyInfo; on the curve P-256, and its point is valid.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
}

impl PublicKey {
    pub fn parse(spki: &[u8]) -> Result<Self, KeyProblem> {
        let point = spki.strip_prefix(P256_SPKI_PREFIX).ok_or(KeyProblem::NotP256)?;
        if point.first() != Some(&0x04) {
            return Err(KeyProblem::NotP256);
        }
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).map_err(|_| KeyProblem::Point)?;
        Ok(Self { spki: spki.to_vec() })
    }

    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// What a device is known by in the store.
    pub fn sha256(&self) -> [u8; 32] {
        sha256(&self.spki)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("not an uncompressed P-256 key")]
    NotP256,
    #[error("the point is not on the curve")]
    Point,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", data_encoding::HEXLOWER.encode(&self.sha256()))
    }
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        self.spki.strip_prefix(P256_SPKI_PREFIX).unwrap_or_default()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// A key that the server makes for a device which cannot make its own.
#[derive(Debug)]
pub struct DeviceKey {
    key: Key,
}

impl DeviceKey {
    pub fn generate() -> Result<Self, AuthorityError> {
        Ok(Self { key: Key::generate(Curve::P256)? })
    }

    pub fn pkcs8(&self) -> &Pkcs8 {
        &self.key.pkcs8
    }

    pub fn public_key(&self) -> PublicKey {
        PublicKey { spki: self.key.subject_public_key_info() }
    }

    /// A signing request that asks for nothing: what `tokinet enrol` sends. DER.
    pub fn signing_request(&self) -> Result<Vec<u8>, AuthorityError> {
        profile::signing_request(&self.key)
    }
}

/// A private key in PKCS#8 DER: wiped on drop, absent from Debug.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pkcs8(Vec<u8>);

impl Pkcs8 {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A key that another library made; its own copy is its own to wipe.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Drop for Pkcs8 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Pkcs8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pkcs8(..)")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
}

impl Curve {
    fn algorithm(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
        }
    }
}

/// rcgen's own `KeyPair` leaves its PKCS#8 bytes in memory; this one does not.
#[derive(Debug)]
pub(super) struct Key {
    curve: Curve,
    pair: EcdsaKeyPair,
    pkcs8: Pkcs8,
}

impl Key {
    pub(super) fn generate(curve: Curve) -> Result<Self, AuthorityError> {
        let pair = EcdsaKeyPair::generate(curve.algorithm()).map_err(AuthorityError::NewKey)?;
        let document = pair.to_pkcs8v1().map_err(AuthorityError::NewKey)?;
        Ok(Self { curve, pair, pkcs8: Pkcs8::from_bytes(document.as_ref()) })
    }

    pub(super) fn from_pkcs8(curve: Curve, pkcs8: Pkcs8) -> Result<Self, AuthorityError> {
        let pair = EcdsaKeyPair::from_pkcs8(curve.algorithm(), pkcs8.as_bytes())
            .map_err(AuthorityError::KeptKey)?;
        Ok(Self { curve, pair, pkcs8 })
    }

    pub(super) fn pkcs8(&self) -> &Pkcs8 {
        &self.pkcs8
    }

    /// ASN.1 ECDSA with the hash of the curve's strength.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        let signature =
            self.pair.sign(&SystemRandom::new(), message).map_err(AuthorityError::Sign)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.curve {
            Curve::P256 => &PKCS_ECDSA_P256_SHA256,
            Curve::P384 => &PKCS_ECDSA_P384_SHA384,
        }
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Self::sign(self, message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], AuthorityError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(AuthorityError::Random)?;
    Ok(bytes)
}
