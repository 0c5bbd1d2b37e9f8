//! Whether somebody is who they say: the rules behind the three fields.

use std::time::Duration;

use provisioning::cards::initial_password_fits;
use provisioning::credentials::{
    self, Attempts, Credential, CredentialState, PasswordHash, change_demanded, spend_equal_time,
};
use provisioning::facilities::{FacilityByCode, FacilityCode};
use provisioning::members::{Login, Member, MemberByLogin, Standing};
use store::{House, Id, Read, StoreError};
use tokio::task::spawn_blocking;

use crate::kit::app::App;
use crate::kit::failure::Failure;
use crate::kit::gate::Admitted;
use crate::kit::member::InSession;
use crate::kit::session::{self, PasswordFirst, SessionState};

/// How long a log-in waits for its turn to hash before it is told to come again.
const TURN_MAX: Duration = Duration::from_secs(15);

/// How long the second wrong try waits for its answer; each further one twice as long as the one
/// before. The first is a slip of the finger.
const SLOWED_FIRST: Duration = Duration::from_secs(1);

/// Longer, and people think that the box hangs.
const SLOWED_MAX: Duration = Duration::from_secs(4);

/// The three fields as typed.
pub struct Typed {
    pub facility_code: String,
    pub user_id: String,
    pub password: String,
}

/// Who it is, and how the session starts.
pub struct Proven {
    pub member: Member,
    pub state: SessionState,
}

/// What the page may say: everything else would tell a stranger something.
#[derive(Debug)]
pub enum Refused {
    Wrong,
    LockedOut,
}

struct Found {
    member: Member,
    credential: Option<Credential>,
}

pub async fn prove(
    app: &App,
    admitted: &Admitted,
    typed: &Typed,
) -> Result<Result<Proven, Refused>, Failure> {
    let now = app.now();
    let (account, device) = attempt_keys(app, admitted, typed);
    let claim =
        move |house: &mut House<'_, '_>| credentials::claim_attempt(house, account, device, now);
    let Some(tries) = app.store.keep_house(claim).await? else {
        return Ok(Err(Refused::LockedOut));
    };
    let proven = weigh(app, admitted, typed).await;
    // Nobody is locked out because the box was too busy to look.
    if !matches!(proven, Ok(None)) {
        app.store
            .keep_house(move |house| credentials::forgive_attempt(house, account, device))
            .await?;
    }
    match proven? {
        Some(proven) => Ok(Ok(proven)),
        None => Ok(Err(refuse(tries).await)),
    }
}

/// Whether the three fields belong together, here and today.
async fn weigh(app: &App, admitted: &Admitted, typed: &Typed) -> Result<Option<Proven>, Failure> {
    let found = app.store.read(|read| find(read, typed))?;
    let state = match &found {
        Some(Found { member, credential: Some(credential) }) => {
            let state = password_state(app, credential, &typed.password).await?;
            let welcome = is_welcome(app, admitted, member)?;
            state.filter(|_| welcome)
        }
        Some(Found { credential: None, .. }) | None => {
            let password = typed.password.clone();
            hash_off_thread(app, move || spend_equal_time(&password)).await?;
            None
        }
    };
    Ok(state.zip(found).map(|(state, found)| Proven { member: found.member, state }))
}

/// Whether this member may be at this device today.
pub fn is_welcome(app: &App, admitted: &Admitted, member: &Member) -> Result<bool, StoreError> {
    let (place, now) = (admitted.device().id, app.now());
    let welcome = member.standing(app.today()) == Standing::Welcome;
    Ok(welcome && app.store.read(|read| session::may_be_at(read, member, place, now))?)
}

/// What came of a password that a member typed again.
pub enum Again {
    /// It fits; so would a session start with it.
    Right(SessionState),
    Wrong,
    /// Wrong once too often: the session has ended.
    Over,
}

/// Within a session, tries are counted before they are weighed as well.
pub async fn prove_again(app: &App, asked: &InSession, typed: &str) -> Result<Again, Failure> {
    let member = asked.member().id;
    let word = [b"lock\0".as_slice(), &member.bytes()].concat();
    let (of, now) = (app.store.ring().blind(&word), app.now());
    let count = move |house: &mut House<'_, '_>| credentials::count_attempt(house, of, now);
    let tries = app.store.keep_house(count).await?;
    if tries <= Attempts::WRONG_MAX {
        let credential: Option<Credential> = app.store.read(|read| read.get(&member))?;
        let credential = credential.ok_or(Failure::SignIn)?;
        if let Some(state) = password_state(app, &credential, typed).await? {
            app.store.keep_house(move |house| credentials::clear_attempts(house, of)).await?;
            return Ok(Again::Right(state));
        }
    }
    if tries < Attempts::WRONG_MAX {
        return Ok(Again::Wrong);
    }
    session::end(app, vec![asked.session().clone()]).await?;
    Ok(Again::Over)
}

pub async fn hash_off_thread<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let turn = tokio::time::timeout(TURN_MAX, app.hashing.acquire()).await;
    let Ok(Ok(_turn)) = turn else { return Err(Failure::Busy) };
    Ok(spawn_blocking(work).await?)
}

async fn password_state(
    app: &App,
    credential: &Credential,
    typed: &str,
) -> Result<Option<SessionState>, Failure> {
    let now = app.now();
    match &credential.state {
        CredentialState::Initial { secret, expires_at } => {
            let fits = app
                .store
                .read(|read| Ok::<_, StoreError>(initial_password_fits(read, secret, typed)))?;
            // As slow as a chosen one, so that time does not tell which it is.
            let typed = typed.to_owned();
            hash_off_thread(app, move || spend_equal_time(&typed)).await?;
            let first = SessionState::PasswordFirst(PasswordFirst::FirstLogin);
            Ok((fits && now < *expires_at).then_some(first))
        }
        CredentialState::Chosen { hash, set_at } => {
            if !fits(app, hash.clone(), typed).await? {
                return Ok(None);
            }
            let left = app.network.passwords.days_left(*set_at, now);
            let expired = left.is_some_and(|days| days < 0);
            let (member, set_at) = (credential.member, *set_at);
            if app.store.read(|read| change_demanded(read, member, set_at))? {
                return Ok(Some(SessionState::PasswordFirst(PasswordFirst::Demanded)));
            }
            let late = SessionState::PasswordFirst(PasswordFirst::Expired);
            Ok(Some(if expired { late } else { SessionState::Open }))
        }
    }
}

async fn fits(app: &App, hash: PasswordHash, typed: &str) -> Result<bool, Failure> {
    let typed = typed.to_owned();
    hash_off_thread(app, move || hash.fits(&typed)).await
}

fn find(read: &Read<'_>, typed: &Typed) -> Result<Option<Found>, StoreError> {
    let (Ok(code), Ok(login)) =
        (FacilityCode::parse(&typed.facility_code), Login::parse(&typed.user_id))
    else {
        return Ok(None);
    };
    let facility = read.first_by::<FacilityByCode>(&FacilityByCode::key(&code))?;
    let Some(facility) = facility else { return Ok(None) };
    let Some(member) = MemberByLogin::find(read, facility.id, &login)? else { return Ok(None) };
    let credential = read.get(&member.id)?;
    Ok(Some(Found { member, credential }))
}

/// Each further wrong try is answered later.
pub async fn refuse(tries: u32) -> Refused {
    tokio::time::sleep(slowed(tries)).await;
    if tries >= Attempts::WRONG_MAX { Refused::LockedOut } else { Refused::Wrong }
}

/// By how many tries there were, this one included.
pub(super) fn slowed(tries: u32) -> Duration {
    let doubled = tries.checked_sub(2).map(|again| SLOWED_FIRST * (1 << again.min(8)));
    doubled.unwrap_or_default().min(SLOWED_MAX)
}

fn attempt_keys(app: &App, admitted: &Admitted, typed: &Typed) -> ([u8; 16], [u8; 16]) {
    (account_key(app, &typed.facility_code, &typed.user_id), device_key(app, admitted))
}

/// Under which the wrong tries at a device are counted.
pub fn device_key(app: &App, admitted: &Admitted) -> [u8; 16] {
    let device = [b"device\0".as_slice(), &admitted.device().id.bytes()].concat();
    app.store.ring().blind(&device)
}

/// Under which a member's wrong answers to the second question are counted.
pub fn second_key(app: &App, member: Id<Member>) -> [u8; 16] {
    let word = [b"second\0".as_slice(), &member.bytes()].concat();
    app.store.ring().blind(&word)
}

/// Under which the wrong tries at an account are counted.
pub fn account_key(app: &App, facility_code: &str, user_id: &str) -> [u8; 16] {
    let account = format!(
        "account\0{}\0{}",
        provisioning::japanese::fold_code(facility_code),
        provisioning::japanese::fold_code(user_id)
    );
    app.store.ring().blind(account.as_bytes())
}
