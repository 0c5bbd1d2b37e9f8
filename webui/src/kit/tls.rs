//! TLS of the hosts: 1.3 only, no resumption, and on `app` a client certificate if there is
//! one. Whoever brings none gets as far as the gate; whoever brings a bad one, no further.
//!
//! Each host shows a public certificate where there is a valid one, else one of our own
//! authority; `look` chooses.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use provisioning::authority::{Authority, AuthorityError, Pkcs8, ServerCertificate};
use provisioning::public::{self, Host};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{DistinguishedName, RootCertStore, ServerConfig};
use store::{Store, StoreError};

/// What a validating authority, and nobody else, asks for (RFC 8737).
const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// A box may run for years: its own certificates are made anew long before they end.
const OWN_RENEWED_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 120);

/// Which product a connection is for; decided by the name it asked for, never by a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    App,
    Touroku,
}

impl Door {
    pub const fn of(host: Host) -> Self {
        match host {
            Host::App | Host::Inside => Self::App,
            Host::Touroku => Self::Touroku,
        }
    }
}

/// Who signed what a host shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Own,
    Public,
}

/// What new connections are served with. A swap leaves open ones as they are.
pub struct Tls {
    names: Names,
    app: ArcSwap<Served>,
    touroku: ArcSwap<Served>,
    /// Shown only where the owner wants the name.
    inside: ArcSwap<Served>,
    challenges: Mutex<Vec<Challenge>>,
    /// Whether the owner wants public certificates; without, kept ones are not shown.
    public: bool,
}

/// The names that the box answers to.
pub struct Names {
    app: String,
    touroku: String,
    inside: String,
    /// Whether the product has a second name, which leads into the tunnel.
    has_inside: bool,
}

impl Names {
    /// The second name lies below the first, so that a passkey of the one is good for the other
    /// and one line of a browser's policy covers both.
    pub fn of(domain: &str, has_inside: bool) -> Self {
        let app = format!("app.{domain}");
        let inside = format!("inside.{app}");
        Self { touroku: format!("touroku.{domain}"), app, inside, has_inside }
    }

    pub fn hosts(&self) -> &'static [Host] {
        match self.has_inside {
            true => &[Host::App, Host::Touroku, Host::Inside],
            false => &[Host::App, Host::Touroku],
        }
    }

    pub fn name(&self, host: Host) -> &str {
        match host {
            Host::App => &self.app,
            Host::Touroku => &self.touroku,
            Host::Inside => &self.inside,
        }
    }
}

struct Served {
    config: Arc<ServerConfig>,
    source: Source,
    leaf: [u8; 32],
    not_after: Timestamp,
    /// What signs in the host's name, too.
    certificate: ServerCertificate,
}

struct Challenge {
    name: String,
    config: Arc<ServerConfig>,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot issue the server's certificate")]
    Issue(#[from] AuthorityError),
    #[error("the certificates do not make a TLS server")]
    Rustls(#[from] rustls::Error),
    #[error("the authority does not make a verifier")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tls {
    /// A certificate for each host: two, so that no browser reuses the enrolment's connection for
    /// the product. Needs no network: what is kept and valid is served at once.
    pub fn start(
        store: &Store,
        authority: &Authority,
        names: Names,
        public: bool,
    ) -> Result<Self, TlsError> {
        let now = store.clock().now();
        let own =
            |host| Served::own(authority, host, names.name(host), now).map(ArcSwap::from_pointee);
        let (app, touroku, inside) = (own(Host::App)?, own(Host::Touroku)?, own(Host::Inside)?);
        let tls = Self { names, app, touroku, inside, challenges: Mutex::default(), public };
        tls.look(store, authority)?;
        Ok(tls)
    }

    /// Serves the best there is: a valid public certificate, else one of our own. Says loudly
    /// when that changed. Harmless to call at any time.
    pub fn look(&self, store: &Store, authority: &Authority) -> Result<(), TlsError> {
        let now = store.clock().now();
        for host in self.hosts().iter().copied() {
            let (name, place) = (self.name(host), self.place(host));
            let kept = match self.public {
                true => store.read(|read| public::certificate(read, host))?,
                false => None,
            };
            let kept = kept.filter(|one| one.serves(name, now));
            let shown = place.load();
            let next = match kept {
                Some(kept) if kept.chain.first().is_some_and(|leaf| is(leaf, &shown.leaf)) => None,
                Some(kept) => Served::public(authority, &kept)
                    .inspect_err(|error| {
                        log::error!(host = name, error:% = error; "a kept certificate is no good");
                    })
                    .ok(),
                None if shown.source == Source::Public => {
                    Some(Served::own(authority, host, name, now)?)
                }
                // Near the authority's own end a new one would last no longer.
                None if shown.ends_soon(now) => {
                    let next = Served::own(authority, host, name, now)?;
                    (shown.not_after < next.not_after).then_some(next)
                }
                None => None,
            };
            let Some(next) = next else { continue };
            match (shown.source, next.source) {
                (Source::Public, Source::Own) => log::warn!(
                    host = name; "no valid public certificate: serving one of our own authority"
                ),
                (_, source) => log::info!(host = name, source:?; "serving another certificate"),
            }
            place.store(Arc::new(next));
        }
        Ok(())
    }

    /// A file in the name of the enrolment host: devices that trust its pages trust the file.
    pub fn sign_file(&self, content: &[u8], now: Timestamp) -> Result<Vec<u8>, AuthorityError> {
        self.place(Host::Touroku).load().certificate.sign_file(content, now)
    }

    pub fn source(&self, host: Host) -> Source {
        self.place(host).load().source
    }

    /// What the box answers to, from outside or in the tunnel.
    pub fn hosts(&self) -> &'static [Host] {
        self.names.hosts()
    }

    /// Whether the server's certificate comes from our own authority, on any host. Then a
    /// browser has to be told to trust the root, and whoever comes for the first time has its
    /// fingerprint to compare; else nothing of the root needs to be on a device.
    pub fn is_of_own_authority(&self) -> bool {
        self.hosts().iter().any(|host| self.source(*host) == Source::Own)
    }

    pub fn not_after(&self, host: Host) -> Timestamp {
        self.place(host).load().not_after
    }

    pub fn name(&self, host: Host) -> &str {
        self.names.name(host)
    }

    const fn place(&self, host: Host) -> &ArcSwap<Served> {
        match host {
            Host::App => &self.app,
            Host::Touroku => &self.touroku,
            Host::Inside => &self.inside,
        }
    }

    pub fn config(&self, host: Host) -> Arc<ServerConfig> {
        self.place(host).load().config.clone()
    }

    /// Which of the names was asked for.
    pub fn asked_for(&self, hello: &ClientHello<'_>) -> Option<Host> {
        let name = hello.server_name()?;
        self.hosts().iter().copied().find(|host| name.eq_ignore_ascii_case(self.name(*host)))
    }

    /// The answer to a challenge, where this hello asks for nothing else and one is open for its
    /// name.
    pub fn challenge(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let mut wanted = hello.alpn()?;
        let alone = wanted.next() == Some(ACME_PROTOCOL) && wanted.next().is_none();
        let name = hello.server_name().filter(|_| alone)?;
        let open = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        let one = open.iter().find(|one| one.name.eq_ignore_ascii_case(name))?;
        Some(one.config.clone())
    }

    /// Answers challenges for this name until what it gives back is dropped.
    pub fn open_challenge(
        &self,
        name: &str,
        certificate: &ServerCertificate,
    ) -> Result<OpenChallenge<'_>, TlsError> {
        let (chain, key) = chain_and_key(&certificate.chain, &certificate.key);
        // The challenge's mark is a critical extension, which a check of the certificate refuses.
        let key = default_provider().key_provider.load_private_key(key)?;
        let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
        let mut config =
            quiet(builder()?.with_no_client_auth().with_cert_resolver(Arc::new(shown)));
        config.alpn_protocols = vec![ACME_PROTOCOL.to_vec()];
        let challenge = Challenge { name: name.to_owned(), config: Arc::new(config) };
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).push(challenge);
        Ok(OpenChallenge { tls: self, name: name.to_owned() })
    }
}

pub struct OpenChallenge<'a> {
    tls: &'a Tls,
    name: String,
}

impl Drop for OpenChallenge<'_> {
    fn drop(&mut self) {
        let mut open = self.tls.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|one| one.name != self.name);
    }
}

impl Served {
    fn own(
        authority: &Authority,
        host: Host,
        name: &str,
        now: Timestamp,
    ) -> Result<Self, TlsError> {
        let ServerCertificate { mut chain, key, not_after } =
            authority.issue_server(&[name], now)?;
        if host == Host::Touroku {
            // The root goes along, so that a program that knows its fingerprint can check the
            // rest.
            chain.push(authority.root_certificate().to_vec());
        }
        Self::of(authority, host, Source::Own, &chain, &key, not_after)
    }

    fn public(authority: &Authority, kept: &public::PublicCertificate) -> Result<Self, TlsError> {
        Self::of(authority, kept.host, Source::Public, &kept.chain, &kept.key, kept.not_after)
    }

    fn of(
        authority: &Authority,
        host: Host,
        source: Source,
        chain: &[Vec<u8>],
        key: &Pkcs8,
        not_after: Timestamp,
    ) -> Result<Self, TlsError> {
        let leaf = chain.first().map(|leaf| fingerprint(leaf)).unwrap_or_default();
        let certificate = ServerCertificate { chain: chain.to_vec(), key: key.clone(), not_after };
        let (chain, key) = chain_and_key(chain, key);
        let builder = match host {
            Host::App | Host::Inside => builder()?.with_client_cert_verifier(devices(authority)?),
            Host::Touroku => builder()?.with_no_client_auth(),
        };
        let config = Arc::new(quiet(builder.with_single_cert(chain, key)?));
        Ok(Self { config, source, leaf, not_after, certificate })
    }

    fn ends_soon(&self, now: Timestamp) -> bool {
        self.not_after.duration_since(now) < OWN_RENEWED_BEFORE
    }
}

fn is(leaf: &[u8], shown: &[u8; 32]) -> bool {
    fingerprint(leaf) == *shown
}

/// A client certificate is asked for, and only a device's is taken.
fn devices(
    authority: &Authority,
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, TlsError> {
    let mut anchors = RootCertStore::empty();
    for anchor in authority.device_anchors() {
        anchors.add(CertificateDer::from(anchor.to_vec()))?;
    }
    let hints = authority.client_hints()?.into_iter().map(DistinguishedName::from);
    let hints: Vec<DistinguishedName> = hints.collect();
    let provider = Arc::new(default_provider());
    Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(anchors), provider)
        .clear_root_hint_subjects()
        .add_root_hint_subjects(hints)
        .allow_unauthenticated()
        .build()?)
}

fn builder() -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, rustls::Error> {
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
}

/// A resumed connection would skip the verifier and still show the old certificate.
fn quiet(mut config: ServerConfig) -> ServerConfig {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn chain_and_key(
    chain: &[Vec<u8>],
    key: &Pkcs8,
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivatePkcs8KeyDer::from(key.as_bytes().to_vec());
    (chain, PrivateKeyDer::Pkcs8(key))
}

/// SHA-256 of a certificate, as printed on cards.
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest.as_ref());
    fingerprint
}
