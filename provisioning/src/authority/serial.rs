//! The serial number of a certificate: 127 random bits, so that no counter has to survive a
//! restore and nobody can guess or repeat one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AuthorityError;
use super::key::random;

const SERIAL_BYTES: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Serial([u8; SERIAL_BYTES]);

impl Serial {
    pub fn from_bytes(bytes: [u8; SERIAL_BYTES]) -> Self {
        Self(bytes)
    }

    /// Big-endian, always of the same length: good as a key of a table.
    pub fn as_bytes(&self) -> &[u8; SERIAL_BYTES] {
        &self.0
    }

    pub(super) fn random() -> Result<Self, AuthorityError> {
        // DER integers are signed: the top bit stays clear, so that 16 bytes stay 16 bytes.
        let mut bytes: [u8; SERIAL_BYTES] = random()?;
        bytes[0] &= 0x7f;
        Ok(Self(bytes))
    }

    /// From the content of a DER integer; `None` if it is too long to be one of ours.
    pub(super) fn from_der_integer(content: &[u8]) -> Option<Self> {
        let mut bytes = [0; SERIAL_BYTES];
        let start = SERIAL_BYTES.checked_sub(content.len())?;
        bytes.get_mut(start..)?.copy_from_slice(content);
        Some(Self(bytes))
    }

    pub(super) fn to_rcgen(self) -> rcgen::SerialNumber {
        rcgen::SerialNumber::from_slice(&self.0)
    }
}

/// Upper-case hexadecimal, as OpenSSL and browsers show it.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXUPPER.encode(&self.0))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
