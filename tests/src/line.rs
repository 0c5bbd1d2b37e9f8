//! One TLS connection with HTTP on it, and the identities that it may show.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub type Body = BoxBody<Bytes, std::convert::Infallible>;

/// A key and the certificates that are shown with it, the leaf first.
#[derive(Clone, Debug)]
pub struct Identity {
    pub chain: Vec<Vec<u8>>,
    pub pkcs8: Vec<u8>,
}

/// Where a host is, how it is known, and as whom one comes.
#[derive(Clone)]
pub struct Way {
    pub address: SocketAddr,
    pub host: String,
    pub config: Arc<ClientConfig>,
    /// The address to come from, where it is not the usual one.
    pub from: Ipv4Addr,
}

impl Way {
    pub fn new(address: SocketAddr, host: &str, root: &[u8], who: Option<&Identity>) -> Self {
        let config = Arc::new(client_config(root, who));
        Self { address, host: host.to_owned(), config, from: Ipv4Addr::LOCALHOST }
    }

    pub async fn tls(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(self.from.into(), 0))?;
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(self.host.clone()).expect("a host's name");
        TlsConnector::from(self.config.clone()).connect(name, stream).await
    }

    pub async fn line(&self) -> std::io::Result<Line> {
        let stream = TokioIo::new(self.tls().await?);
        let (sender, connection) = handshake(stream).await.map_err(std::io::Error::other)?;
        let closed = tokio::spawn(async move {
            // However it ends: the moment is what counts.
            drop(connection.await);
            Instant::now()
        });
        Ok(Line { sender, closed })
    }

    /// One request on a connection of its own. Even a handshake that the client finished may
    /// have been refused by the server, which shows with the first answer.
    pub async fn ask(&self, request: Request<Body>) -> Result<Answer, String> {
        let mut line = self.line().await.map_err(|error| error.to_string())?;
        line.ask(request).await.map_err(|error| format!("{error:?}"))
    }

    pub fn get(&self, path: &str) -> Request<Body> {
        self.request("GET", path, Bytes::new())
    }

    pub fn request(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Request<Body> {
        let request = Request::builder().method(method).uri(path).header("host", &self.host);
        request.body(whole(body)).expect("a request")
    }
}

pub fn client_config(root: &[u8], who: Option<&Identity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).expect("a root");
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots);
    match who {
        Some(who) => {
            let chain = who.chain.iter().cloned().map(CertificateDer::from).collect();
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(who.pkcs8.clone()));
            builder.with_client_auth_cert(chain, key).expect("an identity")
        }
        None => builder.with_no_client_auth(),
    }
}

/// An open HTTP/1.1 connection.
pub struct Line {
    pub sender: SendRequest<Body>,
    /// Ends with the connection, and says when.
    pub closed: JoinHandle<Instant>,
}

impl Line {
    pub async fn ask(&mut self, request: Request<Body>) -> Result<Answer, hyper::Error> {
        Answer::read(self.start(request).await?).await
    }

    /// Up to the answer's head.
    pub async fn start(&mut self, request: Request<Body>) -> hyper::Result<Response<Incoming>> {
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }

    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub async fn read(response: Response<Incoming>) -> Result<Self, hyper::Error> {
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Self { status: head.status, headers: head.headers, body })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("an answer in JSON")
    }
}

pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// A body that is sent piece by piece, for as long as somebody sends pieces.
pub fn piecewise() -> (mpsc::Sender<Bytes>, Body) {
    let (pieces, waiting) = mpsc::channel(1);
    (pieces, Piecewise(waiting).boxed())
}

struct Piecewise(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Piecewise {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// Reads a body's pieces until it ends or breaks; answers the bytes and whether it was whole.
pub async fn drain(body: &mut Incoming) -> (u64, bool) {
    let mut bytes = 0;
    loop {
        match body.frame().await {
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                bytes += u64::try_from(length).expect("a length");
            }
            Some(Err(_)) => return (bytes, false),
            None => return (bytes, body.is_end_stream()),
        }
    }
}
