//! Keys as WireGuard writes them: 32 bytes, base64. Private ones wipe themselves and never show
//! in a log.

use std::fmt;

use aws_lc_rs::agreement::{self, UnparsedPublicKey, X25519, agree};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use store::Clock;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct PrivateKey([u8; 32]);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PublicKey([u8; 32]);

/// What both sides mix in beside their keys: a record of the tunnel stays closed to a later
/// quantum computer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct PresharedKey([u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("a key is 32 bytes in base64: 44 signs")]
    Length,
    /// Another spelling of a key, or a point with which every secret is zero.
    #[error("no client makes such a public key")]
    Point,
    #[error("the key's public half cannot be worked out")]
    Library,
}

fn decode(text: &str) -> Result<[u8; 32], KeyProblem> {
    let bytes = Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| KeyProblem::Length)?);
    bytes.as_slice().try_into().map_err(|_| KeyProblem::Length)
}

impl PrivateKey {
    pub fn random(clock: &Clock) -> Self {
        let mut bytes = clock.random::<32>();
        let [first, .., last] = &mut bytes;
        // As every WireGuard tool writes a key, so that its text never changes on the way.
        *first &= 0b1111_1000;
        *last = (*last & 0b0111_1111) | 0b0100_0000;
        Self(bytes)
    }

    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        decode(text).map(Self)
    }

    pub fn public(&self) -> Result<PublicKey, KeyProblem> {
        let key = self.opened()?;
        let public = key.compute_public_key().map_err(|_| KeyProblem::Library)?;
        public.as_ref().try_into().map(PublicKey).map_err(|_| KeyProblem::Library)
    }

    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&self.0))
    }

    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn opened(&self) -> Result<agreement::PrivateKey, KeyProblem> {
        agreement::PrivateKey::from_private_key(&X25519, &self.0).map_err(|_| KeyProblem::Library)
    }
}

impl PublicKey {
    /// A key that a stranger sent: well-formed, in its one spelling, and worth agreeing with.
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        let key = Self(decode(text)?);
        if !key.is_canonical() {
            return Err(KeyProblem::Point);
        }
        // Any private key finds out whether the secret is zero, which the library refuses.
        let probe = PrivateKey([9; 32]).opened()?;
        let peer = UnparsedPublicKey::new(&X25519, key.0);
        agree(&probe, peer, KeyProblem::Point, |_| Ok(()))?;
        Ok(key)
    }

    pub fn text(&self) -> String {
        BASE64.encode(&self.0)
    }

    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Below 2^255 - 19, least significant byte first.
    fn is_canonical(&self) -> bool {
        let [first, middle @ .., last] = self.0;
        match last {
            0..0x7f => true,
            0x7f => first < 0xed || middle.iter().any(|byte| *byte != 0xff),
            0x80..=0xff => false,
        }
    }
}

impl PresharedKey {
    pub fn random(clock: &Clock) -> Self {
        Self(clock.random())
    }

    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        decode(text).map(Self)
    }

    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&self.0))
    }

    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl fmt::Debug for PresharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresharedKey")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.text())
    }
}
