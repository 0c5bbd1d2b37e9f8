//! The key that proves to push services who pushes, and the words it signs (RFC 8292).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use store::{Act, Actor, StoreError};

use super::model::PushKey;
use crate::kit::app::App;

/// A proof is good for a day at most; half of it forgives clocks that are wrong.
const PROOF_VALID: SignedDuration = SignedDuration::from_hours(12);

/// Makes the network's key where it has none.
pub async fn ensure(app: &App) -> Result<(), StoreError> {
    if app.outside.push.is_none() || app.store.read(|read| read.get::<PushKey>(&()))?.is_some() {
        return Ok(());
    }
    let Some(pkcs8) = generate() else {
        log::error!("no key for pushes could be made");
        return Ok(());
    };
    let act = Act::new(Actor::System, "push.key", app.now());
    let made = app.store.write(act, move |write| {
        // Browsers are bound to the first.
        if write.get::<PushKey>(&())?.is_none() {
            write.put(&PushKey { pkcs8 })?;
        }
        Ok::<_, StoreError>(())
    });
    made.await
}

fn generate() -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).ok()?;
    Some(made.as_ref().to_vec())
}

fn pair(app: &App) -> Result<Option<EcdsaKeyPair>, StoreError> {
    let kept = app.store.read(|read| read.get::<PushKey>(&()))?;
    Ok(kept.and_then(|kept| {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &kept.pkcs8).ok()
    }))
}

/// What a browser needs to subscribe, where pushes are allowed.
pub fn public_key(app: &App) -> Result<Option<String>, StoreError> {
    if app.outside.push.is_none() {
        return Ok(None);
    }
    let public = |pair: EcdsaKeyPair| BASE64URL_NOPAD.encode(pair.public_key().as_ref());
    Ok(pair(app)?.map(public))
}

/// The `Authorization` header for one push service.
pub(super) fn authorization(
    app: &App,
    service: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let Some(pair) = pair(app)? else { return Ok(None) };
    let until = now.saturating_add(PROOF_VALID).unwrap_or(now).as_second();
    let claims = serde_json::json!({ "aud": service, "exp": until, "sub": app.address() });
    let head = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
    let words = format!("{head}.{}", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
    let Ok(signature) = pair.sign(&SystemRandom::new(), words.as_bytes()) else { return Ok(None) };
    let signature = BASE64URL_NOPAD.encode(signature.as_ref());
    let public = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
    Ok(Some(format!("vapid t={words}.{signature}, k={public}")))
}
