//! Encrypting a push for one browser: RFC 8291 over RFC 8188, as one record.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

use crate::notices::outside::Subscription;

/// All pushes are equally long, so that nobody on the way tells one from another.
pub const PADDED_BYTES: usize = 512;

/// One record is the whole message.
const RECORD_BYTES: u32 = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the browser's key is no key")]
pub struct SealError;

/// With a key and a salt of its own for every message.
pub fn seal(to: &Subscription, plain: &[u8], salt: [u8; 16]) -> Result<Vec<u8>, SealError> {
    let own = PrivateKey::generate(&ECDH_P256).map_err(|_| SealError)?;
    seal_with(to, plain, salt, &own, PADDED_BYTES)
}

pub(super) fn seal_with(
    to: &Subscription,
    plain: &[u8],
    salt: [u8; 16],
    own: &PrivateKey,
    padded: usize,
) -> Result<Vec<u8>, SealError> {
    let own_public = own.compute_public_key().map_err(|_| SealError)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &to.key);
    let key = agreement::agree(own, theirs, SealError, |shared| {
        let info = [b"WebPush: info\0".as_slice(), &to.key, own_public.as_ref()];
        expand::<32>(&Salt::new(HKDF_SHA256, &to.secret).extract(shared), &info)
    })?;
    let keys = Salt::new(HKDF_SHA256, &salt).extract(&key);
    let content_key: [u8; 16] = expand(&keys, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = expand(&keys, &[b"Content-Encoding: nonce\0"])?;
    let mut record = plain.to_vec();
    // The end of the last record; zeros follow.
    record.push(2);
    record.resize(record.len().max(padded), 0);
    let sealing = UnboundKey::new(&AES_128_GCM, &content_key).map_err(|_| SealError)?;
    LessSafeKey::new(sealing)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)
        .map_err(|_| SealError)?;
    let length = u8::try_from(own_public.as_ref().len()).map_err(|_| SealError)?;
    let mut message = salt.to_vec();
    message.extend(RECORD_BYTES.to_be_bytes());
    message.push(length);
    message.extend(own_public.as_ref());
    message.extend(record);
    Ok(message)
}

struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    let made = prk.expand(info, Bytes(N)).and_then(|made| made.fill(&mut bytes));
    made.map_err(|_| SealError)?;
    Ok(bytes)
}
