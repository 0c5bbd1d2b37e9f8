//! What browser and box say to each other: the one place that knows the WebAuthn library.
//!
//! The hardware has to verify its user (a face, a finger, a PIN) each time. Attestations are not
//! asked for: which maker's hardware somebody has is nobody's business here.

use passki::{
    AttestationConveyancePreference, AuthenticationCredential, AuthenticationOptions,
    AuthenticationState, Passki, PasskiError, RegistrationCredential, RegistrationOptions,
    RegistrationState, ResidentKeyRequirement, StoredPasskey, UserVerificationRequirement,
};
use store::Id;

use super::Passkey;
use crate::members::Member;

/// An answer is about a kilobyte; a key of RSA with a certificate is four.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// What an authenticator's extensions never need.
const TIMEOUT_MS: u64 = 300_000;

/// The product as browsers know it: one host, for which the keys are made.
pub struct RelyingParty(Passki);

/// A question: for the browser, and to hold the answer against.
pub struct Asked {
    pub shown: String,
    pub kept: Vec<u8>,
}

/// A key that was made just now.
#[derive(Debug)]
pub struct NewKey {
    pub credential: Vec<u8>,
    pub public_key: Vec<u8>,
    pub algorithm: i32,
    pub counter: u32,
    pub transports: Vec<String>,
}

/// One of the keys has signed; whether its counter may stand there is the act's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub passkey: Id<Passkey>,
    pub counter: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum CeremonyProblem {
    #[error("the answer is no answer")]
    Unreadable(#[source] Option<serde_json::Error>),
    #[error("none of the member's keys answered")]
    ForeignKey,
    #[error("the answer does not hold")]
    Refused(#[from] PasskiError),
}

impl RelyingParty {
    /// `origin` is the address that the page was opened under, on `host`.
    pub fn new(host: &str, origin: &str, network: &str) -> Self {
        Self(Passki::new(host, &[origin], network))
    }

    pub fn ask_to_register(
        &self,
        member: &Member,
        known: &[Passkey],
    ) -> Result<Asked, CeremonyProblem> {
        let known: Vec<_> = known.iter().map(stored).collect();
        let mut options = RegistrationOptions::default();
        options.timeout = TIMEOUT_MS;
        options.attestation = AttestationConveyancePreference::None;
        options.user_verification = UserVerificationRequirement::Required;
        // The log-in names the member, so that the hardware need not keep the name.
        options.resident_key = ResidentKeyRequirement::Discouraged;
        options.exclude_credentials = Some(&known);
        let (login, name) = (member.login.as_str(), member.details.name.full());
        let asked = self.0.start_passkey_registration(&member.id.bytes(), login, &name, options)?;
        of(&asked.0, &asked.1)
    }

    pub fn registered(&self, kept: &[u8], answer: &str) -> Result<NewKey, CeremonyProblem> {
        let state: RegistrationState = read(kept)?;
        let answer: RegistrationCredential = read(bounded(answer)?)?;
        let made = self.0.finish_passkey_registration(&answer, &state)?;
        let words = made.transports.iter().filter_map(|one| serde_json::to_value(one).ok());
        let transports = words.filter_map(|word| Some(word.as_str()?.to_owned())).collect();
        Ok(NewKey {
            credential: made.credential_id,
            public_key: made.public_key,
            algorithm: made.algorithm,
            counter: made.counter,
            transports,
        })
    }

    pub fn ask_to_prove(&self, keys: &[Passkey]) -> Result<Asked, CeremonyProblem> {
        // An empty list would let any key answer.
        if keys.is_empty() {
            return Err(CeremonyProblem::ForeignKey);
        }
        let keys: Vec<_> = keys.iter().map(stored).collect();
        let mut options = AuthenticationOptions::default();
        options.timeout = TIMEOUT_MS;
        options.user_verification = UserVerificationRequirement::Required;
        let asked = self.0.start_passkey_authentication(&keys, options)?;
        of(&asked.0, &asked.1)
    }

    /// `keys` are the member's at this moment: one that was removed meanwhile is none.
    pub fn proven(
        &self,
        kept: &[u8],
        answer: &str,
        keys: &[Passkey],
    ) -> Result<Proof, CeremonyProblem> {
        let state: AuthenticationState = read(kept)?;
        let answer: AuthenticationCredential = read(bounded(answer)?)?;
        let id = Passki::base64_decode(&answer.raw_id)?;
        let key = keys.iter().find(|key| key.credential == id);
        let key = key.ok_or(CeremonyProblem::ForeignKey)?;
        let result = self.0.finish_passkey_authentication(&answer, &state, &stored(key))?;
        let owner = result.user_handle.is_none_or(|handle| handle == key.member.bytes());
        if !owner {
            return Err(CeremonyProblem::ForeignKey);
        }
        Ok(Proof { passkey: key.id, counter: result.counter })
    }
}

/// The counter is left out: the library would look at it before the signature, and an alarm must
/// rest on nothing that is not signed.
fn stored(key: &Passkey) -> StoredPasskey {
    let mut stored = StoredPasskey::default();
    stored.credential_id.clone_from(&key.credential);
    stored.public_key.clone_from(&key.public_key);
    stored.algorithm = key.algorithm;
    let words = key.transports.iter().map(|word| serde_json::json!(word));
    stored.transports = words.filter_map(|word| serde_json::from_value(word).ok()).collect();
    stored
}

fn of(
    shown: &impl serde::Serialize,
    kept: &impl serde::Serialize,
) -> Result<Asked, CeremonyProblem> {
    let unreadable = |error| CeremonyProblem::Unreadable(Some(error));
    Ok(Asked {
        shown: serde_json::to_string(shown).map_err(unreadable)?,
        kept: serde_json::to_vec(kept).map_err(unreadable)?,
    })
}

fn bounded(answer: &str) -> Result<&[u8], CeremonyProblem> {
    if answer.len() > ANSWER_BYTES_MAX {
        return Err(CeremonyProblem::Unreadable(None));
    }
    Ok(answer.as_bytes())
}

fn read<'a, T: serde::Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, CeremonyProblem> {
    serde_json::from_slice(bytes).map_err(|error| CeremonyProblem::Unreadable(Some(error)))
}
