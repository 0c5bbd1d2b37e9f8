//! Requests to an authority: HTTPS only, TLS 1.3, one connection each, bounded in time and size.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{HOST, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use jiff::{SignedDuration, Timestamp};
use provisioning::public::Trouble;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::settings::Settings;
use super::trouble::Failed;

/// Far lines take a second; ten is no line.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// From the first byte to the last. Authorities under load answer after several seconds.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Directories and chains have a few kilobytes.
const BODY_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum HttpProblem {
    #[error("{0} is not an https address")]
    NotHttps(Uri),
    #[error("cannot connect")]
    Connect(#[source] std::io::Error),
    #[error("the server's TLS is not trusted or broken")]
    Handshake(#[source] std::io::Error),
    #[error("the exchange broke off")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no answer in time")]
    TooSlow,
}

impl HttpProblem {
    pub const fn trouble(&self) -> Trouble {
        match self {
            Self::NotHttps(_) => Trouble::BadAnswer,
            Self::Handshake(_) => Trouble::NotTrusted,
            Self::Connect(_) | Self::Broken(_) | Self::TooSlow => Trouble::Unreachable,
        }
    }
}

impl From<HttpProblem> for Error {
    fn from(problem: HttpProblem) -> Self {
        Self::Other(Box::new(problem))
    }
}

/// How long the authority said to wait with its last refusal.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<Option<SignedDuration>>>);

impl Told {
    pub fn wait(&self) -> Option<SignedDuration> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, answer: &Response<Bytes>, now: Timestamp) {
        let refused = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
        if refused.contains(&answer.status()) {
            let words = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let wait = words.and_then(|words| retry_after(words, now));
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = wait;
        }
    }
}

/// Seconds, or a date.
pub(super) fn retry_after(words: &str, now: Timestamp) -> Option<SignedDuration> {
    let wait = match words.trim().parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(seconds.into()),
        Err(_) => {
            let at = jiff::fmt::rfc2822::parse(words.trim()).ok()?.timestamp();
            at.duration_since(now)
        }
    };
    wait.is_positive().then_some(wait)
}

#[derive(Clone)]
pub struct Client {
    tls: TlsConnector,
    told: Told,
    now: Timestamp,
}

impl Client {
    pub fn new(settings: &Settings, now: Timestamp) -> Result<Self, Failed> {
        let not_trusted = |error: &dyn std::fmt::Display| {
            Failed::new(Trouble::NotTrusted, format!("the root's file: {error}"))
        };
        let mut roots = RootCertStore::empty();
        match &settings.root {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                let kept = CertificateDer::pem_file_iter(file).map_err(|e| not_trusted(&e))?;
                for root in kept {
                    let root = root.map_err(|e| not_trusted(&e))?;
                    roots.add(root).map_err(|e| not_trusted(&e))?;
                }
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| Failed::new(Trouble::Internal, error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), told: Told::default(), now })
    }

    pub fn told(&self) -> Told {
        self.told.clone()
    }

    async fn send(
        self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Bytes>, HttpProblem> {
        let (stream, request) = tokio::time::timeout(CONNECT_MAX, self.connect(request))
            .await
            .map_err(|_| HttpProblem::TooSlow)??;
        let answer = tokio::time::timeout(ANSWER_MAX, exchange(stream, request));
        let answer = answer.await.map_err(|_| HttpProblem::TooSlow)??;
        self.told.hear(&answer, self.now);
        Ok(answer)
    }

    async fn connect(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<(Stream, Request<BodyWrapper<Bytes>>), HttpProblem> {
        let (mut head, body) = request.into_parts();
        let address = head.uri.clone();
        let not_https = || HttpProblem::NotHttps(address.clone());
        let authority = address.authority().ok_or_else(not_https)?;
        if address.scheme_str() != Some("https") {
            return Err(not_https());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| not_https())?;
        let port = authority.port_u16().unwrap_or(443);
        let stream = TcpStream::connect((host, port)).await.map_err(HttpProblem::Connect)?;
        let stream = self.tls.connect(name, stream).await.map_err(HttpProblem::Handshake)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| not_https())?;
        head.headers.insert(HOST, host);
        let path = address.path_and_query().map_or("/", |path| path.as_str());
        head.uri = path.parse().map_err(|_| not_https())?;
        Ok((stream, Request::from_parts(head, body)))
    }
}

type Stream = tokio_rustls::client::TlsStream<TcpStream>;

async fn exchange(
    stream: Stream,
    request: Request<BodyWrapper<Bytes>>,
) -> Result<Response<Bytes>, HttpProblem> {
    let broken = |error: hyper::Error| HttpProblem::Broken(Box::new(error));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // The answer tells whether it worked; the connection itself has nothing to add.
    let connection = tokio::spawn(async move { drop(connection.await) });
    let answer = sender.send_request(request).await.map_err(broken)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(HttpProblem::Broken)?;
    connection.abort();
    Ok(Response::from_parts(head, body.to_bytes()))
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let answer = client.send(request).await?;
            Ok(BytesResponse::from(answer.map(Full::new)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_says_how_long_to_wait_in_seconds_or_as_a_date() {
        let now: Timestamp = "2026-04-01T05:00:00Z".parse().unwrap();
        let wait = |words| retry_after(words, now);
        assert_eq!(wait(" 3600"), Some(SignedDuration::from_hours(1)));
        assert_eq!(wait("Wed, 01 Apr 2026 06:30:00 GMT"), Some(SignedDuration::from_mins(90)));
        for nonsense in ["", "0", "-5", "soon", "Wed, 01 Apr 2020 06:30:00 GMT"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }
}
