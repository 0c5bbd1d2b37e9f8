//! Credentials and counted tries as rows.

use jiff::Timestamp;
use store::{House, Housekeeping, Id, Plain, Record, StoreError, Write};

use super::{Attempts, Credential, CredentialState, PasswordHash};
use crate::members::Member;

impl Record for Credential {
    type Key = Id<Member>;
    const TABLE: &'static str = "credentials";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.member
    }
}

impl Plain for Credential {}

impl Record for Attempts {
    type Key = [u8; 16];
    const TABLE: &'static str = "login_attempts";
    const VERSION: u8 = 1;

    fn key(&self) -> Self::Key {
        self.of
    }
}

impl Plain for Attempts {}

impl Housekeeping for Attempts {}

/// The last five may not come again.
const EARLIER_MAX: usize = 5;

#[derive(Debug, thiserror::Error)]
pub enum ChangeProblem {
    #[error("the password was changed in between")]
    ChangedMeanwhile,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A card's initial password: what was before can never be set again either.
pub fn set_initial(
    write: &mut Write<'_>,
    member: Id<Member>,
    secret: [u8; 16],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let before: Option<Credential> = write.get(&member)?;
    let earlier = before.map_or_else(Vec::new, Credential::remembered);
    let state = CredentialState::Initial { secret, expires_at };
    write.put(&Credential { member, state, earlier })
}

/// Whether a new password was one of the last ones; slow, so outside the act.
pub fn used_before(credential: &Credential, typed: &str) -> bool {
    credential.clone().remembered().iter().any(|hash| hash.fits(typed))
}

pub fn change_password(
    write: &mut Write<'_>,
    checked: &Credential,
    hash: PasswordHash,
    now: Timestamp,
) -> Result<(), ChangeProblem> {
    let current: Option<Credential> = write.get(&checked.member)?;
    let current = current.ok_or(ChangeProblem::ChangedMeanwhile)?;
    if !current.is_same(checked) {
        return Err(ChangeProblem::ChangedMeanwhile);
    }
    let member = current.member;
    let earlier = current.remembered();
    let state = CredentialState::Chosen { hash, set_at: now };
    write.put(&Credential { member, state, earlier })?;
    Ok(())
}

impl Credential {
    fn remembered(self) -> Vec<PasswordHash> {
        let mut hashes = self.earlier;
        if let CredentialState::Chosen { hash, .. } = self.state {
            hashes.insert(0, hash);
        }
        hashes.truncate(EARLIER_MAX);
        hashes
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.state, &other.state) {
            (CredentialState::Chosen { hash: one, .. }, CredentialState::Chosen { hash, .. }) => {
                one == hash
            }
            (
                CredentialState::Initial { secret: one, .. },
                CredentialState::Initial { secret, .. },
            ) => one == secret,
            (CredentialState::Chosen { .. }, CredentialState::Initial { .. })
            | (CredentialState::Initial { .. }, CredentialState::Chosen { .. }) => false,
        }
    }
}

/// One more wrong try; the count starts anew after the lock has passed.
pub fn count_attempt(
    house: &mut House<'_, '_>,
    of: [u8; 16],
    now: Timestamp,
) -> Result<u32, StoreError> {
    let before: Option<Attempts> = house.get(&of)?;
    let still_counts = |a: &Attempts| now.duration_since(a.last_at) < Attempts::LOCKED_FOR;
    let wrong = before.filter(still_counts).map_or(0, |attempts| attempts.wrong);
    let wrong = wrong.saturating_add(1);
    house.put(&Attempts { of, wrong, last_at: now })?;
    Ok(wrong)
}

/// Counts a try at an account before it is weighed, so that many at once are no more than many in
/// turn. `None` where the account or the device is locked already: then nothing is weighed.
pub fn claim_attempt(
    house: &mut House<'_, '_>,
    account: [u8; 16],
    device: [u8; 16],
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    for (of, wrong_max) in [(account, Attempts::WRONG_MAX), (device, Attempts::WRONG_ON_DEVICE_MAX)]
    {
        let attempts: Option<Attempts> = house.get(&of)?;
        if attempts.is_some_and(|attempts| attempts.locked_at(now, wrong_max)) {
            return Ok(None);
        }
    }
    count_attempt(house, device, now)?;
    count_attempt(house, account, now).map(Some)
}

/// A claimed try was not wrong: the account starts anew, the device gets its try back.
pub fn forgive_attempt(
    house: &mut House<'_, '_>,
    account: [u8; 16],
    device: [u8; 16],
) -> Result<(), StoreError> {
    clear_attempts(house, account)?;
    let Some(attempts) = house.get::<Attempts>(&device)? else { return Ok(()) };
    house.put(&Attempts { wrong: attempts.wrong.saturating_sub(1), ..attempts })
}

pub fn clear_attempts(house: &mut House<'_, '_>, of: [u8; 16]) -> Result<(), StoreError> {
    house.delete::<Attempts>(&of)
}
