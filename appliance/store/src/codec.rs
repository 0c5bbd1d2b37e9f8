//! Values: one version byte, then postcard. A rest or another version is a fault, not a guess.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

/// The engines' common limit; a larger body is a blob.
pub(crate) const VALUE_BYTES_MAX: usize = 64 * 1024;

/// The engines' common limit for a key, the index's trailing length included.
pub(crate) const KEY_BYTES_MAX: usize = 512;

pub fn encode<T: Serialize>(
    table: &'static str,
    version: u8,
    value: &T,
) -> Result<Vec<u8>, StoreError> {
    let start = vec![version];
    let bytes = postcard::to_extend(value, start).map_err(StoreError::engine("encode a record"))?;
    if bytes.len() > VALUE_BYTES_MAX {
        return Err(StoreError::TooLarge { table, bytes: bytes.len(), bytes_max: VALUE_BYTES_MAX });
    }
    Ok(bytes)
}

pub fn decode<T: DeserializeOwned>(
    table: &'static str,
    version: u8,
    bytes: &[u8],
) -> Result<T, StoreError> {
    let Some((found, body)) = bytes.split_first() else {
        return Err(StoreError::Damaged { table, why: "empty value" });
    };
    if *found != version {
        return Err(StoreError::Damaged { table, why: "written in another version" });
    }
    let (value, rest) = postcard::take_from_bytes(body)
        .map_err(|_| StoreError::Damaged { table, why: "not of the record's shape" })?;
    if !rest.is_empty() {
        return Err(StoreError::Damaged { table, why: "longer than the record's shape" });
    }
    Ok(value)
}
