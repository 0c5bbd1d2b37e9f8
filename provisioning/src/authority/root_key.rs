//! The root's key as it lies on two USB sticks in a safe: encrypted PKCS#8, so that OpenSSL can
//! open it even when this program is forgotten.

use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};

use super::key::{Curve, Key, random};
use super::{AuthorityError, Pkcs8};

/// OWASP's figure for PBKDF2-SHA256. Not scrypt: OpenSSL 3.0 cannot read a strong one.
const PBKDF2_ROUNDS: u32 = 600_000;

/// Six short words with spaces between them.
pub(super) const PASSPHRASE_BYTES_MIN: usize = 16;

/// Beyond any paper in a safe; OpenSSL reads up to 1,024.
pub(super) const PASSPHRASE_BYTES_MAX: usize = 256;

/// A sealed P-384 key has about 400 bytes.
const ROOT_KEY_PEM_BYTES_MAX: usize = 4096;

const PEM_LABEL: &str = "ENCRYPTED PRIVATE KEY";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKey {
    /// PBES2: PBKDF2-HMAC-SHA256 and AES-256-CBC.
    pub pem: String,
}

impl RootKey {
    pub(super) fn seal(key: &Pkcs8, passphrase: &str) -> Result<Self, AuthorityError> {
        check_form(passphrase)?;
        let params = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(
            PBKDF2_ROUNDS,
            &random::<16>()?,
            random()?,
        );
        let sealed = params.map_err(pkcs8::Error::from).and_then(|params| {
            PrivateKeyInfoRef::try_from(key.as_bytes())?.encrypt_with_params(params, passphrase)
        });
        let pem = sealed
            .and_then(|document| Ok(document.to_pem(PEM_LABEL, LineEnding::LF)?))
            .map_err(AuthorityError::SealRootKey)?;
        Ok(Self { pem: pem.as_str().to_owned() })
    }

    pub(super) fn open(&self, passphrase: &str) -> Result<Key, AuthorityError> {
        if self.pem.len() > ROOT_KEY_PEM_BYTES_MAX {
            return Err(AuthorityError::RootKeyForm);
        }
        let Ok((PEM_LABEL, document)) = SecretDocument::from_pem(&self.pem) else {
            return Err(AuthorityError::RootKeyForm);
        };
        let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
            .map_err(|_| AuthorityError::RootKeyForm)?;
        let opened = sealed.decrypt(passphrase).map_err(|_| AuthorityError::WrongPassphrase)?;
        Key::from_pkcs8(Curve::P384, Pkcs8::from_bytes(opened.as_bytes()))
    }
}

/// ASCII only: a passphrase of kana is typed in full or half width, composed or not, and the next
/// time is five years away.
fn check_form(passphrase: &str) -> Result<(), AuthorityError> {
    let is_printable = passphrase.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    if !is_printable || !(PASSPHRASE_BYTES_MIN..=PASSPHRASE_BYTES_MAX).contains(&passphrase.len()) {
        return Err(AuthorityError::PassphraseForm);
    }
    Ok(())
}
