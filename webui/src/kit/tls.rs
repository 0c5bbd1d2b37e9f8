//! TLS of the two hosts: 1.3 only, no resumption, and on `app` a client certificate if there is
//! one. Whoever brings none gets as far as the gate; whoever brings a bad one, no further.

use std::sync::Arc;

use provisioning::authority::{AuthorityError, ServerCertificate};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{DistinguishedName, RootCertStore, ServerConfig};

use super::app::Parts;

/// Which product a connection is for; decided by the name it asked for, never by a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    App,
    Touroku,
}

pub struct Tls {
    app_host: String,
    touroku_host: String,
    pub app: Arc<ServerConfig>,
    pub touroku: Arc<ServerConfig>,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot issue the server's certificate")]
    Issue(#[from] AuthorityError),
    #[error("the certificates do not make a TLS server")]
    Rustls(#[from] rustls::Error),
    #[error("the authority does not make a verifier")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

impl Tls {
    /// Issues a certificate for each host: two, so that no browser reuses the enrolment's
    /// connection for the product.
    pub fn issue(parts: &Parts) -> Result<Self, TlsError> {
        let (app_host, touroku_host) = (parts.app_host(), parts.touroku_host());
        let now = parts.now();
        let for_app = parts.authority.issue_server(&[&app_host], now)?;
        let for_touroku = parts.authority.issue_server(&[&touroku_host], now)?;
        Ok(Self {
            app: Arc::new(app_config(parts, &for_app)?),
            touroku: Arc::new(touroku_config(parts, &for_touroku)?),
            app_host,
            touroku_host,
        })
    }

    pub fn door(&self, hello: &ClientHello<'_>) -> Option<Door> {
        let name = hello.server_name()?;
        if name.eq_ignore_ascii_case(&self.app_host) {
            Some(Door::App)
        } else if name.eq_ignore_ascii_case(&self.touroku_host) {
            Some(Door::Touroku)
        } else {
            None
        }
    }
}

fn app_config(parts: &Parts, certificate: &ServerCertificate) -> Result<ServerConfig, TlsError> {
    let mut anchors = RootCertStore::empty();
    for anchor in parts.authority.device_anchors() {
        anchors.add(CertificateDer::from(anchor.to_vec()))?;
    }
    let hints = parts.authority.client_hints()?.into_iter().map(DistinguishedName::from);
    let hints: Vec<DistinguishedName> = hints.collect();
    let verifier = WebPkiClientVerifier::builder_with_provider(
        Arc::new(anchors),
        Arc::new(default_provider()),
    )
    .clear_root_hint_subjects()
    .add_root_hint_subjects(hints)
    .allow_unauthenticated()
    .build()?;
    let builder = builder()?.with_client_cert_verifier(verifier);
    let (chain, key) = chain_and_key(certificate);
    Ok(quiet(builder.with_single_cert(chain, key)?))
}

/// The root goes along, so that a program that knows its fingerprint can check the rest.
fn touroku_config(
    parts: &Parts,
    certificate: &ServerCertificate,
) -> Result<ServerConfig, TlsError> {
    let (mut chain, key) = chain_and_key(certificate);
    chain.push(CertificateDer::from(parts.authority.root_certificate().to_vec()));
    Ok(quiet(builder()?.with_no_client_auth().with_single_cert(chain, key)?))
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
    certificate: &ServerCertificate,
) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = certificate.chain.iter().cloned().map(CertificateDer::from).collect();
    let key = PrivatePkcs8KeyDer::from(certificate.key.as_bytes().to_vec());
    (chain, PrivateKeyDer::Pkcs8(key))
}

/// SHA-256 of a certificate, as printed on cards.
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest.as_ref());
    fingerprint
}
