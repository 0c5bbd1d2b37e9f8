//! A server-made key and its certificate as one file that a tablet or a PC imports.

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKey,
    PrivateKeyChain,
};
use zeroize::Zeroizing;

use super::DeviceKey;
use super::certificate::CertificateView;

/// What Windows, Apple and OpenSSL accept without a noticeable wait (31 ms).
const AES_ROUNDS: u32 = 100_000;

/// What the old readers write themselves; the password's own strength carries these files.
const TRIPLE_DES_ROUNDS: u32 = 2048;

/// 80 random bits in base 62 or less; a shorter password would lean on the key derivation.
const PASSWORD_BYTES_MIN: usize = 14;

const PASSWORD_BYTES_MAX: usize = 128;

/// The name is for a person who picks from a list.
const FRIENDLY_NAME_CHARS_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkcs12Form {
    /// PBES2 with AES-256-CBC and PBKDF2-SHA256, MAC SHA-256: Windows 10, iPadOS 18, macOS 15,
    /// Android 14 and later.
    Aes256,
    /// PKCS#12's 3DES with SHA-1, MAC SHA-1: what comes before those.
    TripleDes,
}

#[derive(Debug, thiserror::Error)]
pub enum Pkcs12Problem {
    #[error(
        "the password must have {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} \
         printable ASCII characters"
    )]
    Password,
    #[error("the friendly name must have 1 to {FRIENDLY_NAME_CHARS_MAX} plain characters")]
    FriendlyName,
    #[error("the first certificate is not that of the key")]
    OtherKey,
    #[error("cannot write the file")]
    Write(#[from] p12_keystore::error::Error),
}

/// Whether [`pkcs12`] will take these words: to be asked before a card is used up.
pub fn check_pkcs12_words(password: &str, friendly_name: &str) -> Result<(), Pkcs12Problem> {
    if !(PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.len())
        || !password.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(Pkcs12Problem::Password);
    }
    // A BMPString has no characters above U+FFFF.
    let is_plain = |c: char| !c.is_control() && u32::from(c) <= 0xffff;
    if !(1..=FRIENDLY_NAME_CHARS_MAX).contains(&friendly_name.chars().count())
        || !friendly_name.chars().all(is_plain)
    {
        return Err(Pkcs12Problem::FriendlyName);
    }
    Ok(())
}

/// The chain is the device's certificate, then those above it. p12-keystore does not wipe its
/// buffers, so a copy of the key stays on the heap until that memory is used again.
pub fn pkcs12(
    key: &DeviceKey,
    chain: &[Vec<u8>],
    password: &str,
    form: Pkcs12Form,
    friendly_name: &str,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Problem> {
    check_pkcs12_words(password, friendly_name)?;
    let public_key = key.public_key();
    let is_of_key = |der: &Vec<u8>| {
        CertificateView::parse(der).is_ok_and(|leaf| leaf.spki() == public_key.spki())
    };
    if !chain.first().is_some_and(is_of_key) {
        return Err(Pkcs12Problem::OtherKey);
    }

    let (encryption, mac, rounds) = match form {
        Pkcs12Form::Aes256 => {
            (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256, AES_ROUNDS)
        }
        Pkcs12Form::TripleDes => (
            EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
            MacAlgorithm::HmacSha1,
            TRIPLE_DES_ROUNDS,
        ),
    };
    let certificates: Vec<Certificate> =
        chain.iter().map(|der| Certificate::from_der(der)).collect::<Result<_, _>>()?;
    let private_key = PrivateKey::from_der(key.pkcs8().as_bytes())?;
    // Apple matches the key and its certificate by this id.
    let local_key_id = public_key.sha256().to_vec();
    let entry = PrivateKeyChain::new(local_key_id, private_key, certificates);
    let mut store = KeyStore::new();
    store.add_entry(friendly_name, KeyStoreEntry::PrivateKeyChain(entry));
    let bytes = store
        .writer(password)
        .encryption_algorithm(encryption)
        .encryption_iterations(rounds)
        .mac_algorithm(mac)
        .mac_iterations(rounds)
        .write()?;
    Ok(Zeroizing::new(bytes))
}
