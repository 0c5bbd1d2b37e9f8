//! Accounts, certificates and tries as rows, and the button's act.

use jiff::Timestamp;
use store::{Housekeeping, Id, Plain, Read, Record, StoreError, Write};

use super::{Account, Asked, Attempt, Barrier, Host, PublicCertificate, Standing, Wish};
use crate::members::Member;

const fn key(host: Host) -> u8 {
    match host {
        Host::App => 0,
        Host::Touroku => 1,
        Host::Inside => 2,
    }
}

impl Record for Account {
    type Key = [u8; 32];
    const TABLE: &'static str = "acme_accounts";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.id
    }
}

impl Plain for Account {}

impl Record for PublicCertificate {
    type Key = u8;
    const TABLE: &'static str = "public_certificates";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        key(self.host)
    }
}

impl Plain for PublicCertificate {}

impl Record for Attempt {
    type Key = u8;
    const TABLE: &'static str = "public_attempts";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        key(self.host)
    }
}

impl Plain for Attempt {}
impl Housekeeping for Attempt {}

impl Record for Wish {
    type Key = ();
    const TABLE: &'static str = "public_wishes";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {}
}

impl Plain for Wish {}

pub fn account(read: &Read<'_>, id: [u8; 32]) -> Result<Option<Account>, StoreError> {
    read.get(&id)
}

pub fn certificate(read: &Read<'_>, host: Host) -> Result<Option<PublicCertificate>, StoreError> {
    read.get(&key(host))
}

pub fn attempt(read: &Read<'_>, host: Host) -> Result<Option<Attempt>, StoreError> {
    read.get(&key(host))
}

pub fn wish(read: &Read<'_>) -> Result<Option<Wish>, StoreError> {
    read.get(&())
}

/// How a host is; `name` is the host's full name.
pub fn standing(
    read: &Read<'_>,
    host: Host,
    name: String,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let (kept, attempt, wish) = (certificate(read, host)?, attempt(read, host)?, wish(read)?);
    Ok(Standing::of(host, name, kept, attempt, wish.as_ref(), now))
}

/// Remembers that somebody wants new certificates now, unless nothing would come of it.
pub fn ask(
    write: &mut Write<'_>,
    hosts: &[Host],
    by: Id<Member>,
    now: Timestamp,
) -> Result<Asked, StoreError> {
    let mut first: Option<Barrier> = None;
    for host in hosts {
        let certificate: Option<PublicCertificate> = write.get(&key(*host))?;
        let attempt: Option<Attempt> = write.get(&key(*host))?;
        match Barrier::of(certificate.as_ref(), attempt.as_ref(), now) {
            None => {
                write.put(&Wish { asked_at: now, by })?;
                return Ok(Asked::Taken);
            }
            Some(barrier) => {
                let sooner = first.is_none_or(|first| barrier.until() < first.until());
                first = if sooner { Some(barrier) } else { first };
            }
        }
    }
    Ok(first.map_or(Asked::Taken, Asked::Not))
}
