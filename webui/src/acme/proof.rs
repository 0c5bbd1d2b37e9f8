//! Showing that a name is ours, and taking the proof away again.

use instant_acme::{AuthorizationStatus, ChallengeType, Order};
use provisioning::authority::challenge_certificate;
use provisioning::public::Trouble;

use super::hook::{self, Change};
use super::settings::{Challenge, Hook};
use super::trouble::Failed;
use crate::kit::app::App;
use crate::kit::tls::OpenChallenge;

/// What stands ready for the authority's look; `end` takes it away, whatever came of it.
pub enum Proof<'a> {
    /// The authority remembers this name from before.
    NotNeeded,
    Tls(OpenChallenge<'a>),
    Dns {
        hook: &'a Hook,
        name: String,
        value: String,
    },
}

/// One authorization's answer, ready to be made.
struct Wanted {
    name: String,
    digest: [u8; 32],
    dns_value: String,
}

impl<'a> Proof<'a> {
    /// Puts the answer where the authority looks for it. Nothing is left behind where that fails.
    pub async fn prepare(
        app: &'a App,
        challenge: &'a Challenge,
        order: &mut Order,
        host: &str,
    ) -> Result<Self, Failed> {
        let Some(wanted) = wanted(order, challenge).await? else { return Ok(Self::NotNeeded) };
        if !wanted.name.eq_ignore_ascii_case(host) {
            return Err(Failed::new(Trouble::BadAnswer, "an authorization for another name"));
        }
        match challenge {
            Challenge::TlsAlpn => {
                let internal = |error: &dyn std::fmt::Display| {
                    Failed::new(Trouble::Internal, format!("the challenge: {error}"))
                };
                let made = challenge_certificate(&wanted.name, &wanted.digest, app.now());
                let made = made.map_err(|error| internal(&error))?;
                let open = app.tls.open_challenge(&wanted.name, &made);
                Ok(Self::Tls(open.map_err(|error| internal(&error))?))
            }
            Challenge::Dns(hook) => {
                let name = format!("_acme-challenge.{}", wanted.name);
                let proof = Self::Dns { hook, name: name.clone(), value: wanted.dns_value.clone() };
                match hook::call(hook, Change::Add, &name, &wanted.dns_value).await {
                    Ok(()) => Ok(proof),
                    Err(failed) => {
                        proof.end().await;
                        Err(failed)
                    }
                }
            }
        }
    }

    /// How long the answer needs until everybody sees it.
    pub async fn settle(&self) {
        match self {
            Self::Dns { hook, .. } if !hook.propagation.is_zero() => {
                tokio::time::sleep(hook.propagation).await;
            }
            Self::Dns { .. } | Self::Tls(_) | Self::NotNeeded => {}
        }
    }

    /// Takes the answer away. A record that stays in the DNS does no harm, so a failure is only
    /// told.
    pub async fn end(self) {
        match self {
            Self::Dns { hook, name, value } => {
                if let Err(failed) = hook::call(hook, Change::Remove, &name, &value).await {
                    let detail = failed.detail;
                    log::warn!(name:% = name, detail:% = detail; "the DNS program left its record");
                }
            }
            Self::Tls(open) => drop(open),
            Self::NotNeeded => {}
        }
    }
}

fn kind(challenge: &Challenge) -> ChallengeType {
    match challenge {
        Challenge::TlsAlpn => ChallengeType::TlsAlpn01,
        Challenge::Dns(_) => ChallengeType::Dns01,
    }
}

/// An order for one name has one authorization.
async fn wanted(order: &mut Order, challenge: &Challenge) -> Result<Option<Wanted>, Failed> {
    let mut all = order.authorizations();
    let nothing = || Failed::new(Trouble::BadAnswer, "an order without authorization");
    let mut one = all.next().await.ok_or_else(nothing)??;
    if one.status == AuthorizationStatus::Valid {
        return Ok(None);
    }
    if one.status != AuthorizationStatus::Pending {
        let words = format!("the authorization is {:?}", one.status);
        return Err(Failed::new(Trouble::Refused, words));
    }
    let Some(answer) = one.challenge(kind(challenge)) else {
        let words = "the authority does not offer this kind of challenge";
        return Err(Failed::new(Trouble::NoChallenge, words));
    };
    let key = answer.key_authorization();
    let mut digest = [0; 32];
    digest.copy_from_slice(key.digest().as_ref());
    let instant_acme::Identifier::Dns(name) = answer.identifier().identifier else {
        return Err(Failed::new(Trouble::BadAnswer, "an authorization of another kind"));
    };
    let name = name.clone();
    Ok(Some(Wanted { name, digest, dns_value: key.dns_value() }))
}

/// Tells the authority to look.
pub async fn say_ready(order: &mut Order, challenge: &Challenge) -> Result<(), Failed> {
    let mut all = order.authorizations();
    if let Some(one) = all.next().await {
        let mut one = one?;
        if let Some(mut answer) = one.challenge(kind(challenge)) {
            answer.set_ready().await?;
        }
    }
    Ok(())
}

/// What the authority says of a validation that failed.
pub async fn words(order: &mut Order) -> Failed {
    let unknown = || Failed::new(Trouble::NotValidated, "the order became invalid");
    let mut all = order.authorizations();
    let Some(Ok(mut one)) = all.next().await else { return unknown() };
    let Ok(state) = one.refresh().await else { return unknown() };
    let problem = state.challenges.iter().find_map(|challenge| challenge.error.as_ref());
    problem.map_or_else(unknown, |problem| Failed::new(Trouble::NotValidated, problem))
}
