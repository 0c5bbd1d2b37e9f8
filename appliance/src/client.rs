//! The other end of our own doors: requests over TLS, for `enrol` and the forwarder of `try`.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub type Body = BoxBody<Bytes, hyper::Error>;

pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

/// A device's key and certificate chain.
pub struct Identity {
    pub chain: Vec<Vec<u8>>,
    pub pkcs8: Vec<u8>,
}

/// How the server is known.
pub enum Trust {
    Root(Vec<u8>),
    /// SHA-256 of the root, as printed on the card.
    Fingerprint([u8; 32]),
    /// The public authorities, as browsers do.
    Public,
}

pub fn tls(trust: &Trust, identity: Option<&Identity>) -> anyhow::Result<TlsConnector> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?;
    let builder = match trust {
        Trust::Root(root) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(root.clone()))?;
            builder.with_root_certificates(roots)
        }
        Trust::Public => {
            let roots = webpki_roots::TLS_SERVER_ROOTS.to_vec();
            builder.with_root_certificates(RootCertStore { roots })
        }
        Trust::Fingerprint(fingerprint) => {
            let verifier = Arc::new(ByFingerprint(*fingerprint));
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
    };
    let mut config = match identity {
        Some(identity) => {
            let chain = identity.chain.iter().cloned().map(CertificateDer::from).collect();
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.pkcs8.clone()));
            builder.with_client_auth_cert(chain, key)?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// One request on a connection of its own.
pub async fn send(
    tls: &TlsConnector,
    address: &str,
    host: &str,
    request: Request<Body>,
) -> anyhow::Result<Response<Incoming>> {
    Ok(connect(tls, address, host).await?.send_request(request).await?)
}

/// A connection that stays open for one request after the other.
pub async fn connect(
    tls: &TlsConnector,
    address: &str,
    host: &str,
) -> anyhow::Result<SendRequest<Body>> {
    let stream =
        TcpStream::connect(address).await.with_context(|| format!("cannot reach {address}"))?;
    let name = ServerName::try_from(host.to_owned())?;
    let stream = tls.connect(name, stream).await.with_context(|| format!("no TLS with {host}"))?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // The answer tells whoever asked; the connection itself has nothing to add.
        drop(connection.await);
    });
    Ok(sender)
}

/// The whole body, up to a limit.
pub async fn read_body(response: Response<Incoming>) -> anyhow::Result<Bytes> {
    const BODY_BYTES_MAX: usize = 1024 * 1024;
    let limited = http_body_util::Limited::new(response.into_body(), BODY_BYTES_MAX);
    match limited.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => bail!("the answer broke off: {error}"),
    }
}

/// Trusts the chain whose root has the fingerprint; the chain itself is checked as ever.
#[derive(Debug)]
struct ByFingerprint([u8; 32]);

impl ServerCertVerifier for ByFingerprint {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let root = intermediates
            .iter()
            .find(|certificate| webui::kit::tls::fingerprint(certificate) == self.0)
            .ok_or(unknown.clone())?;
        let mut roots = RootCertStore::empty();
        roots.add(root.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::new(default_provider()),
        )
        .build()
        .map_err(|_| unknown)?;
        verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only TLS 1.3 is spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
