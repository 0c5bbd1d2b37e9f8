//! One certificate for one host: account, order, proof, chain.

use std::time::Duration;

use instant_acme::{
    Account, AccountBuilder, CertificateIdentifier, ExternalAccountKey, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use jiff::{SignedDuration, Timestamp};
use provisioning::authority::{Pkcs8, PublicLeaf, ServerRequest};
use provisioning::public::{self, Host, PublicCertificate, Trouble, renew_at};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, Der, PrivatePkcs8KeyDer};
use store::{Act, Actor, StoreError};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::proof::{self, Proof};
use super::settings::{External, Settings};
use super::trouble::{Failed, kind};
use crate::kit::app::App;

/// Validations end within seconds; an authority that looks from far places takes a minute.
const VALIDATION_MAX: Duration = Duration::from_secs(180);

/// From the request to the chain: seconds as well.
const ISSUE_MAX: Duration = Duration::from_secs(120);

const fn asking(within: Duration) -> RetryPolicy {
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.5).timeout(within)
}

/// Obtains a certificate and answers it; keeping it is the caller's.
pub async fn obtain(
    app: &App,
    settings: &Settings,
    host: Host,
    replaces: Option<&PublicCertificate>,
    stop: &CancellationToken,
) -> Result<PublicCertificate, Failed> {
    let client = Client::new(settings, app.now())?;
    let told = client.told();
    let whole = exchange(app, settings, client, host, replaces, stop);
    whole.await.map_err(|failed| match (failed.bidden, told.wait()) {
        (None, Some(wait)) => {
            Failed { trouble: Trouble::RateLimited, bidden: Some(wait), ..failed }
        }
        _ => failed,
    })
}

async fn exchange(
    app: &App,
    settings: &Settings,
    client: Client,
    host: Host,
    replaces: Option<&PublicCertificate>,
    stop: &CancellationToken,
) -> Result<PublicCertificate, Failed> {
    let name = app.tls.name(host).to_owned();
    let (account, mut order) = open_order(app, settings, client, &name, replaces).await?;
    let proof = Proof::prepare(app, &settings.challenge, &mut order, &name).await?;
    let validated = tokio::select! {
        validated = validate(settings, &proof, &mut order) => validated,
        () = stop.cancelled() => Err(Failed::new(Trouble::Stopped, "the box was stopped")),
    };
    proof.end().await;
    validated?;
    let ServerRequest { key, request } =
        ServerRequest::make(&name).map_err(|error| Failed::new(Trouble::Internal, error))?;
    order.finalize_csr(&request).await?;
    let pem = order.poll_certificate(&asking(ISSUE_MAX)).await?;
    drop(account);
    let bad = |error: &dyn std::fmt::Display| Failed::new(Trouble::BadAnswer, error);
    let chain = CertificateDer::pem_slice_iter(pem.as_bytes());
    let chain = chain.map(|one| one.map(|one| one.to_vec()));
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|error| bad(&error))?;
    let leaf = PublicLeaf::check(&chain, &name, &key, app.now()).map_err(|error| bad(&error))?;
    Ok(kept(app, host, name, chain, key, leaf))
}

fn kept(
    app: &App,
    host: Host,
    name: String,
    chain: Vec<Vec<u8>>,
    key: Pkcs8,
    leaf: PublicLeaf,
) -> PublicCertificate {
    let PublicLeaf { not_before, not_after, issuer, serial, issuer_key } = leaf;
    let [draw] = app.store.clock().random::<1>();
    let renew_at = renew_at(not_before, not_after, draw);
    PublicCertificate {
        host,
        name,
        chain,
        key,
        issuer,
        serial,
        issuer_key,
        not_before,
        not_after,
        renew_at,
        obtained_at: app.now(),
    }
}

async fn validate(settings: &Settings, proof: &Proof<'_>, order: &mut Order) -> Result<(), Failed> {
    if !matches!(proof, Proof::NotNeeded) {
        proof.settle().await;
        proof::say_ready(order, &settings.challenge).await?;
    }
    match order.poll_ready(&asking(VALIDATION_MAX)).await {
        Ok(OrderStatus::Ready) => Ok(()),
        Ok(_) => Err(proof::words(order).await),
        Err(error @ instant_acme::Error::Api(_)) => {
            let (order_says, proof_says) = (Failed::from(error), proof::words(order).await);
            let better = order_says.trouble == Trouble::NotValidated;
            Err(if better { proof_says } else { order_says })
        }
        Err(error) => Err(error.into()),
    }
}

/// An account that the authority has forgotten is made anew, once.
async fn open_order(
    app: &App,
    settings: &Settings,
    client: Client,
    name: &str,
    replaces: Option<&PublicCertificate>,
) -> Result<(Account, Order), Failed> {
    let account = account(app, settings, client.clone(), false).await?;
    match new_order(&account, name, replaces).await {
        Err(instant_acme::Error::Api(problem)) if kind(&problem) == "accountDoesNotExist" => {
            let account = self::account(app, settings, client, true).await?;
            let order = new_order(&account, name, None).await?;
            Ok((account, order))
        }
        order => Ok((account, order?)),
    }
}

/// Says which certificate is renewed, where the authority wants to know: such orders are outside
/// Let's Encrypt's limits. One that it does not like is asked for without.
async fn new_order(
    account: &Account,
    name: &str,
    replaces: Option<&PublicCertificate>,
) -> Result<Order, instant_acme::Error> {
    let names = [Identifier::Dns(name.to_owned())];
    if let Some(old) = replaces.and_then(identifier)
        && let Ok(order) = account.new_order(&NewOrder::new(&names).replaces(old)).await
    {
        return Ok(order);
    }
    account.new_order(&NewOrder::new(&names)).await
}

fn identifier(certificate: &PublicCertificate) -> Option<CertificateIdentifier<'_>> {
    let issuer_key = certificate.issuer_key.as_deref()?;
    Some(CertificateIdentifier::new(
        Der::from_slice(issuer_key),
        Der::from_slice(&certificate.serial),
    ))
}

/// The kept account, or a new one.
async fn account(
    app: &App,
    settings: &Settings,
    client: Client,
    anew: bool,
) -> Result<Account, Failed> {
    let bound_to = settings.external.as_ref().map(|external| external.id.as_str());
    let id = public::Account::id(&settings.directory, bound_to);
    let kept = app.store.read(|read| public::account(read, id))?;
    let builder: AccountBuilder = Account::builder_with_http(Box::new(client));
    let contact = settings.contact.clone().unwrap_or_default();
    let Some(kept) = kept.filter(|_| !anew) else {
        return create(app, settings, builder, id, contact).await;
    };
    let key = PrivatePkcs8KeyDer::from(kept.key.as_bytes().to_vec());
    let account = builder.from_parts(kept.url.clone(), key, settings.directory.clone()).await?;
    if kept.contact != contact {
        let address = mailto(&contact);
        account.update_contacts(&address.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        keep(app, public::Account { contact, ..kept }).await?;
    }
    Ok(account)
}

fn mailto(contact: &str) -> Option<String> {
    (!contact.is_empty()).then(|| format!("mailto:{contact}"))
}

async fn create(
    app: &App,
    settings: &Settings,
    builder: AccountBuilder,
    id: [u8; 32],
    contact: String,
) -> Result<Account, Failed> {
    let address = mailto(&contact);
    let new = NewAccount {
        contact: &address.iter().map(String::as_str).collect::<Vec<_>>(),
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let external = settings.external.as_ref().map(binding).transpose()?;
    let (account, credentials) = builder
        .create(&new, settings.directory.clone(), external.as_ref())
        .await
        .map_err(|error| {
            let refused = matches!(error, instant_acme::Error::Api(_));
            let failed = Failed::from(error);
            if refused && failed.trouble != Trouble::RateLimited {
                return Failed { trouble: Trouble::Account, ..failed };
            }
            failed
        })?;
    let made = public::Account {
        id,
        directory: settings.directory.clone(),
        url: account.id().to_owned(),
        key: Pkcs8::from_bytes(credentials.private_key().secret_pkcs8_der()),
        contact,
        made_at: app.now(),
    };
    keep(app, made).await?;
    Ok(account)
}

async fn keep(app: &App, account: public::Account) -> Result<(), StoreError> {
    let act = Act::new(Actor::System, "acme.account", app.now());
    app.store.write(act, move |write| write.put(&account)).await
}

fn binding(external: &External) -> Result<ExternalAccountKey, Failed> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failed::new(Trouble::Account, format!("the binding's key file: {error}"))
    };
    let text = std::fs::read_to_string(&external.key_file).map_err(|error| unreadable(&error))?;
    let text = text.trim().trim_end_matches('=');
    let key = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
    let key = key.map_err(|error| unreadable(&error))?;
    Ok(ExternalAccountKey::new(external.id.clone(), &key))
}

/// The window in which the authority would like this certificate renewed, and how long that
/// answer is good for; `None` where it has no opinion.
pub async fn suggestion(
    app: &App,
    settings: &Settings,
    certificate: &PublicCertificate,
) -> Result<Option<((Timestamp, Timestamp), SignedDuration)>, Failed> {
    let Some(which) = identifier(certificate) else { return Ok(None) };
    let client = Client::new(settings, app.now())?;
    let account = account(app, settings, client, false).await?;
    match account.renewal_info(&which).await {
        Ok((info, again)) => {
            let at = |time: i64| Timestamp::from_second(time).unwrap_or(certificate.renew_at);
            let window = info.suggested_window;
            let window = (at(window.start.unix_timestamp()), at(window.end.unix_timestamp()));
            Ok(Some((window, SignedDuration::try_from(again).unwrap_or(SignedDuration::ZERO))))
        }
        Err(instant_acme::Error::Unsupported(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
