//! The only requests that go out of the box: one POST over HTTPS, to a host that the caller has
//! checked, with a bound on everything.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// A push service answers within a second; this bounds what waits behind it.
const ANSWER_MAX: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutwardError {
    #[error("the address is no https address")]
    Address,
    #[error("the authorities cannot be read")]
    Authorities,
    #[error("no line")]
    Unreachable,
    #[error("the other side is not who it should be")]
    Tls,
    #[error("the line broke off")]
    Cut,
    #[error("no answer in time")]
    Slow,
}

/// Posts some bytes; the answer is its status, its body is left alone.
pub async fn post(
    ca: Option<&PathBuf>,
    address: &Uri,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<StatusCode, OutwardError> {
    let work = send(ca, address, headers, body);
    timeout(ANSWER_MAX, work).await.map_err(|_| OutwardError::Slow)?
}

async fn send(
    ca: Option<&PathBuf>,
    address: &Uri,
    headers: HeaderMap,
    body: Vec<u8>,
) -> Result<StatusCode, OutwardError> {
    let host = address.host().ok_or(OutwardError::Address)?;
    let authority = address.authority().ok_or(OutwardError::Address)?;
    let path = address.path_and_query().ok_or(OutwardError::Address)?;
    if address.scheme_str() != Some("https") {
        return Err(OutwardError::Address);
    }
    let port = address.port_u16().unwrap_or(443);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| OutwardError::Address)?;
    let connector = TlsConnector::from(Arc::new(config(ca)?));
    let line = TcpStream::connect((host, port)).await.map_err(|_| OutwardError::Unreachable)?;
    let line = connector.connect(name, line).await.map_err(|_| OutwardError::Tls)?;
    let opened = hyper::client::conn::http1::handshake(TokioIo::new(line)).await;
    let (mut sender, connection) = opened.map_err(|_| OutwardError::Cut)?;
    let driving = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(path.as_str())
        .header(header::HOST, authority.as_str())
        .header(header::USER_AGENT, "tokinet")
        .body(Full::new(bytes::Bytes::from(body)))
        .map_err(|_| OutwardError::Address)?;
    request.headers_mut().extend(headers);
    let answer = sender.send_request(request).await.map_err(|_| OutwardError::Cut);
    driving.abort();
    Ok(answer?.status())
}

fn config(ca: Option<&PathBuf>) -> Result<ClientConfig, OutwardError> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let found = CertificateDer::pem_file_iter(path);
            for one in found.map_err(|_| OutwardError::Authorities)? {
                let one = one.map_err(|_| OutwardError::Authorities)?;
                roots.add(one).map_err(|_| OutwardError::Authorities)?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err(OutwardError::Authorities);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12]);
    let config = versions.map_err(|_| OutwardError::Authorities)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
