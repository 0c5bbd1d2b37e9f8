//! The network's two rows.

use store::{Plain, Read, Record, StoreError, Write};

use super::Network;
use super::model::KeptAuthority;
use crate::authority::{Authority, AuthorityError};
use crate::credentials::PasswordRules;

impl Record for Network {
    type Key = ();
    const TABLE: &'static str = "network";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for Network {}

impl Record for KeptAuthority {
    type Key = ();
    const TABLE: &'static str = "authority";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for KeptAuthority {}

pub fn found(
    write: &mut Write<'_>,
    network: &Network,
    authority: &Authority,
) -> Result<(), StoreError> {
    write.put(network)?;
    write.put(&KeptAuthority { keys: authority.keys() })
}

pub fn settings(read: &Read<'_>) -> Result<Option<Network>, StoreError> {
    read.get(&())
}

pub fn authority(read: &Read<'_>) -> Result<Option<Result<Authority, AuthorityError>>, StoreError> {
    let kept: Option<KeptAuthority> = read.get(&())?;
    Ok(kept.map(|kept| Authority::from_keys(kept.keys)))
}

pub fn set_rules(write: &mut Write<'_>, rules: PasswordRules) -> Result<(), StoreError> {
    if let Some(mut network) = write.get::<Network>(&())? {
        network.passwords = rules;
        write.put(&network)?;
    }
    Ok(())
}
