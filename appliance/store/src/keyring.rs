//! Keys at rest: a master key wraps data keys, data keys seal every value.
//!
//! Values are sealed row by row (AES-256-GCM-SIV, table and key as associated data), so a row
//! can be neither read, moved nor changed outside; keys hold no words about people. Rotation
//! adds a data key for new writes and leaves old rows as they are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{RwLock, RwLockReadGuard};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::clock::fill;
use crate::{StoreError, codec, files};

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// What a sealed value is longer than its plaintext: key number, nonce, tag.
pub(crate) const SEAL_BYTES: usize = 2 + NONCE_BYTES + TAG_BYTES;

/// Opens the keyring; comes from systemd credentials, TPM or a key file with mode 0600.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn random() -> Self {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    #[error("keyring does not open with this master key")]
    WrongMasterKey,
    #[error("keyring file is damaged")]
    Damaged,
    #[error("keyring holds as many keys as it can")]
    Full,
    #[error("keyring file could not be used")]
    File(#[source] std::io::Error),
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct DataKey([u8; 32]);

/// The secrets inside the wrapped file.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secrets {
    // Each key wipes itself.
    #[zeroize(skip)]
    data: BTreeMap<u16, DataKey>,
    blind: [u8; 32],
    blobs: [u8; 32],
}

/// The opened keys. Shared by everything that reads or writes.
pub struct KeyRing {
    secrets: RwLock<Secrets>,
    sealers: RwLock<BTreeMap<u16, LessSafeKey>>,
}

impl DataKey {
    fn random() -> Self {
        let mut key = Self([0; 32]);
        fill(&mut key.0);
        key
    }
}

const FILE_TABLE: &str = "keyring";
const FILE_VERSION: u8 = 1;

impl KeyRing {
    pub fn random() -> Self {
        let mut secrets = Secrets {
            data: BTreeMap::from([(1, DataKey::random())]),
            blind: [0; 32],
            blobs: [0; 32],
        };
        fill(&mut secrets.blind);
        fill(&mut secrets.blobs);
        Self::of(secrets)
    }

    fn of(secrets: Secrets) -> Self {
        let sealers = secrets.data.iter().filter_map(|(no, key)| Some((*no, sealer(&key.0)?)));
        let sealers = sealers.collect();
        Self { secrets: RwLock::new(secrets), sealers: RwLock::new(sealers) }
    }

    pub fn open(path: &Path, master: &MasterKey) -> Result<Self, KeyRingError> {
        let wrapped = std::fs::read(path).map_err(KeyRingError::File)?;
        let plain = unwrap(&wrapped, master)?;
        Self::import(&plain)
    }

    pub fn save(&self, path: &Path, master: &MasterKey) -> Result<(), KeyRingError> {
        files::write_whole(path, &wrap(&self.export()?, master)?).map_err(KeyRingError::File)
    }

    /// New writes use a new data key; what is written stays readable. The file is saved first:
    /// a row sealed with a key that no file holds would be lost.
    pub fn rotate(&self, path: &Path, master: &MasterKey) -> Result<(), KeyRingError> {
        let key = DataKey::random();
        let mut secrets = self.secrets.write().unwrap_or_else(|poison| poison.into_inner());
        let newest = secrets.data.keys().next_back().copied().unwrap_or(0);
        let next = newest.checked_add(1).ok_or(KeyRingError::Full)?;
        let sealer = sealer(&key.0).ok_or(KeyRingError::Damaged)?;
        secrets.data.insert(next, key);
        let saved = encode_secrets(&secrets)
            .and_then(|plain| wrap(&plain, master))
            .and_then(|wrapped| files::write_whole(path, &wrapped).map_err(KeyRingError::File));
        if let Err(error) = saved {
            secrets.data.remove(&next);
            return Err(error);
        }
        let mut sealers = self.sealers.write().unwrap_or_else(|poison| poison.into_inner());
        sealers.insert(next, sealer);
        Ok(())
    }

    pub(crate) fn export(&self) -> Result<Zeroizing<Vec<u8>>, KeyRingError> {
        let secrets = self.secrets.read().unwrap_or_else(|poison| poison.into_inner());
        encode_secrets(&secrets)
    }

    pub(crate) fn import(plain: &[u8]) -> Result<Self, KeyRingError> {
        codec::decode(FILE_TABLE, FILE_VERSION, plain)
            .map(Self::of)
            .map_err(|_| KeyRingError::Damaged)
    }

    /// For so many values at once: their nonces are drawn together.
    pub(crate) fn sealing(&self, count: usize) -> Sealing<'_> {
        let sealers = self.sealers.read().unwrap_or_else(|poison| poison.into_inner());
        let mut nonces = vec![[0; NONCE_BYTES]; count];
        fill(nonces.as_flattened_mut());
        Sealing { sealers, nonces }
    }

    pub(crate) fn unseal(
        &self,
        table: &'static str,
        key: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        self.open_sealed(table, key, sealed)
            .ok_or(StoreError::Damaged { table, why: "not sealed by a key of this store" })
    }

    pub(crate) fn open_sealed(&self, table: &str, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (number, rest) = sealed.split_first_chunk::<2>()?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let sealers = self.sealers.read().unwrap_or_else(|poison| poison.into_inner());
        let sealer = sealers.get(&u16::from_be_bytes(*number))?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = sealer.open_in_place(nonce, bound_to(table, key), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }

    /// Equal words give equal bytes, and nothing outside this ring can tell which word.
    pub fn blind(&self, word: &[u8]) -> [u8; 16] {
        let secrets = self.secrets.read().unwrap_or_else(|poison| poison.into_inner());
        let hash = blake3::keyed_hash(&secrets.blind, word);
        let mut blinded = [0; 16];
        for (to, from) in blinded.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        blinded
    }

    /// The key from which blob names and blob frame keys are derived.
    pub(crate) fn blob_key(&self) -> Zeroizing<[u8; 32]> {
        let secrets = self.secrets.read().unwrap_or_else(|poison| poison.into_inner());
        Zeroizing::new(secrets.blobs)
    }
}

/// Seals values with the newest key.
pub(crate) struct Sealing<'a> {
    sealers: RwLockReadGuard<'a, BTreeMap<u16, LessSafeKey>>,
    nonces: Vec<[u8; NONCE_BYTES]>,
}

impl Sealing<'_> {
    pub fn seal(&mut self, table: &str, key: &[u8], plain: &[u8]) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "a ring is never without its first key")]
        let (number, sealer) = self.sealers.iter().next_back().expect("the ring holds a key");
        let nonce = self.nonces.pop().unwrap_or_else(|| {
            let mut nonce = [0; NONCE_BYTES];
            fill(&mut nonce);
            nonce
        });
        let mut sealed = Vec::with_capacity(plain.len() + SEAL_BYTES);
        sealed.extend_from_slice(&number.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(2 + NONCE_BYTES);
        let nonce = Nonce::assume_unique_for_key(nonce);
        #[expect(clippy::expect_used, reason = "values are far below the cipher's limit")]
        let tag = sealer
            .seal_in_place_separate_tag(nonce, bound_to(table, key), body)
            .expect("a value below 64 KiB can be sealed");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }
}

fn encode_secrets(secrets: &Secrets) -> Result<Zeroizing<Vec<u8>>, KeyRingError> {
    codec::encode(FILE_TABLE, FILE_VERSION, secrets)
        .map(Zeroizing::new)
        .map_err(|_| KeyRingError::Damaged)
}

fn sealer(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM_SIV, key).ok().map(LessSafeKey::new)
}

fn bound_to(table: &str, key: &[u8]) -> Aad<Vec<u8>> {
    let mut bound = Vec::with_capacity(table.len() + 1 + key.len());
    bound.extend_from_slice(table.as_bytes());
    bound.push(0);
    bound.extend_from_slice(key);
    Aad::from(bound)
}

fn wrap(plain: &[u8], master: &MasterKey) -> Result<Vec<u8>, KeyRingError> {
    let sealer = sealer(&master.0).ok_or(KeyRingError::Damaged)?;
    let mut nonce = [0; NONCE_BYTES];
    fill(&mut nonce);
    let mut body = plain.to_vec();
    sealer
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            bound_to(FILE_TABLE, &[FILE_VERSION]),
            &mut body,
        )
        .map_err(|_| KeyRingError::Damaged)?;
    Ok([nonce.as_slice(), &body].concat())
}

fn unwrap(wrapped: &[u8], master: &MasterKey) -> Result<Zeroizing<Vec<u8>>, KeyRingError> {
    let sealer = sealer(&master.0).ok_or(KeyRingError::Damaged)?;
    let (nonce, body) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(KeyRingError::Damaged)?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = sealer
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            bound_to(FILE_TABLE, &[FILE_VERSION]),
            &mut body,
        )
        .map_err(|_| KeyRingError::WrongMasterKey)?
        .len();
    body.truncate(length);
    Ok(body)
}
