//! The TLS listener: own accept loop, so that silent, slow and many connections are bounded and
//! one device's connections can be cut.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use provisioning::authority::read_leaf;
use provisioning::cards;
use provisioning::devices::{self, Came, Route};
use provisioning::public::Host;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::app::App;
use super::connections::{Place, Tie};
use super::greeting::Greeters;
use super::pace::{PaceRule, Paced};
use super::stream::Killable;
use super::tls::Door;

type Greeting = tokio_rustls::StartHandshake<Killable<TcpStream>>;

/// A good line needs a tenth of a second; a bad one, a few.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// A browser sends its head at once; who drips it is not a browser.
const HEAD_MAX: Duration = Duration::from_secs(10);

/// A page and its pieces need a dozen; more is a flood.
const STREAMS_MAX: u32 = 64;

/// How long open requests may go on when the box stops.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// Long enough for the one page that a stranger gets, and shorter than that page waits to ask
/// again; see `gate.rs`.
const ANONYMOUS_MAX: Duration = Duration::from_secs(3);

/// Heads of browsers are a few kilobytes. Over HTTP/1 the last read may add as much again.
const HEAD_BYTES_MAX: u16 = 32 * 1024;

/// What the connection, and nothing that its client says, tells about a request.
#[derive(Clone, Copy, Debug)]
pub struct Ingress {
    pub door: Door,
    pub address: IpAddr,
    pub came: Came,
}

pub struct Doors {
    pub app: Router,
    pub touroku: Router,
}

/// What accepted connections are served with, whichever listener they came to.
pub(super) struct Porter {
    app: App,
    doors: Arc<Doors>,
    greeters: Arc<Greeters>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Serves until `stop`; then lets open requests end.
pub async fn serve(app: App, listener: TcpListener, doors: Doors, stop: CancellationToken) {
    let porter = Porter::new(app, doors, stop);
    porter.accept(listener, |_| Some(Route::Outside)).await;
    porter.end().await;
}

impl Porter {
    pub fn new(app: App, doors: Doors, stop: CancellationToken) -> Self {
        let (doors, greeters) = (Arc::new(doors), Arc::new(Greeters::start()));
        Self { app, doors, greeters, tasks: TaskTracker::new(), stop }
    }

    /// Takes connections until it is told to stop. Where `route` knows nothing of an address, its
    /// connection is closed.
    pub async fn accept(&self, listener: TcpListener, route: impl Fn(IpAddr) -> Option<Route>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(route) = route(peer.ip()) {
                        self.take(stream, peer, route);
                    }
                }
                Err(error) => {
                    log::warn!(error:% = error; "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, route: Route) {
        let Some(mut place) = self.app.connections.enter(peer.ip()) else { return };
        if let Route::Tunnel(peer) = route {
            place.belongs_to(Tie::Peer(peer));
        }
        let (app, doors, stop) = (self.app.clone(), self.doors.clone(), self.stop.clone());
        let greeters = self.greeters.clone();
        self.tasks.spawn(async move {
            // Small answers must not wait for more.
            drop(stream.set_nodelay(true));
            let kill = place.kill.clone();
            let stream = Killable::new(stream, kill, app.connections.limits.pace);
            let greeting = greet(app.clone(), stream, route);
            let greeted = greeters.greet(greeting, HANDSHAKE_MAX).await.flatten();
            let Some((host, stream)) = greeted else { return };
            let came = Came { route, key: client_key(&stream) };
            let ingress = Ingress { door: Door::of(host), address: peer.ip(), came };
            connection(app, stream, host, ingress, place, &doors, stop).await;
        });
    }

    /// Something beside the pages, ended with them.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work);
    }

    /// Live pages never end by themselves, so what is left after the grace is cut.
    pub async fn end(self) {
        self.tasks.close();
        drop(tokio::time::timeout(DRAIN_MAX, self.tasks.wait()).await);
    }
}

async fn connection(
    app: App,
    stream: TlsStream<Killable<TcpStream>>,
    host: Host,
    ingress: Ingress,
    mut place: Place,
    doors: &Doors,
    stop: CancellationToken,
) {
    let (pace, door) = (app.connections.limits.pace, ingress.door);
    if let Some(key) = ingress.came.key {
        place.belongs_to(Tie::Key(key));
    }
    let is_anonymous = is_anonymous(&app, ingress);
    let router = match door {
        Door::App => doors.app.clone(),
        Door::Touroku => doors.touroku.clone(),
    };
    let expected = app.tls.name(host).to_owned();
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let (router, expected) = (router.clone(), expected.clone());
        async move { Ok::<_, Infallible>(answer(router, request, ingress, &expected, pace).await) }
    });
    // The handshake says which one it is. Guessing from the first bytes would wait for them
    // without a limit.
    let mut http = if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        auto::Builder::new(TokioExecutor::new()).http2_only()
    } else {
        auto::Builder::new(TokioExecutor::new()).http1_only()
    };
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_BYTES_MAX.into());
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX.into())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(20));
    let serving = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    tokio::select! {
        // Clients go away in many ways, and none of them is ours to report.
        _ = serving.as_mut() => return,
        () = stop.cancelled() => serving.as_mut().graceful_shutdown(),
        // A browser that showed no certificate is asked anew, on its next connection.
        () = tokio::time::sleep(ANONYMOUS_MAX), if is_anonymous => {
            serving.as_mut().graceful_shutdown();
        }
    }
    drop(serving.await);
}

/// Without a certificate, where the device's key for the tunnel is not enough.
fn is_anonymous(app: &App, ingress: Ingress) -> bool {
    if ingress.door != Door::App || ingress.came.key.is_some() {
        return false;
    }
    match ingress.came.route {
        Route::Outside => true,
        Route::Tunnel(_) => {
            let admitted = app.store.read(|read| devices::admit(read, &ingress.came, app.now()));
            !matches!(admitted, Ok(Ok(_)))
        }
    }
}

/// The name asked for decides the door before a byte of ours is sent.
async fn greet(
    app: App,
    stream: Killable<TcpStream>,
    route: Route,
) -> Option<(Host, TlsStream<Killable<TcpStream>>)> {
    let acceptor = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream);
    tokio::pin!(acceptor);
    let Ok(start) = acceptor.as_mut().await else {
        if let Some(mut stream) = acceptor.take_io() {
            drop(stream.shutdown().await);
        }
        return None;
    };
    if route == Route::Outside
        && let Some(config) = app.tls.challenge(&start.client_hello())
    {
        answer_challenge(start, config).await;
        return None;
    }
    let host = app.tls.asked_for(&start.client_hello())?;
    let opens = match (host, route) {
        (Host::App, _) | (Host::Inside, Route::Tunnel(_)) => true,
        // A record that leads here from outside is wrong, and should be seen to be.
        (Host::Inside, Route::Outside) => false,
        (Host::Touroku, Route::Outside) => enrolment_is_open(&app),
        // Whoever is inside has a device already.
        (Host::Touroku, Route::Tunnel(_)) => false,
    };
    if !opens {
        return None;
    }
    match start.into_stream(app.tls.config(host)).await {
        Ok(stream) => Some((host, stream)),
        Err(error) => {
            log::debug!(error:% = error; "a handshake failed");
            None
        }
    }
}

/// The handshake is the answer; nothing is spoken over it.
async fn answer_challenge(start: Greeting, config: Arc<rustls::ServerConfig>) {
    match start.into_stream(config).await {
        Ok(mut stream) => drop(stream.shutdown().await),
        Err(error) => log::debug!(error:% = error; "a challenge's handshake failed"),
    }
}

/// The enrolment pages answer only while a card, an unfinished enrolment or a renewal's script
/// gives them a reason.
fn enrolment_is_open(app: &App) -> bool {
    let now = app.now();
    let open = app.store.read(|read| {
        Ok::<_, store::StoreError>(
            cards::any_open(read, now)?
                || provisioning::enrolment::any_unfinished(read, now)?
                || provisioning::renewal::any_ticket_open(read, now)?,
        )
    });
    open.unwrap_or(false)
}

fn client_key(stream: &TlsStream<Killable<TcpStream>>) -> Option<[u8; 32]> {
    let (_, session) = stream.get_ref();
    let leaf = session.peer_certificates()?.first()?;
    match read_leaf(leaf) {
        Ok(leaf) => Some(leaf.spki_sha256),
        Err(error) => {
            log::warn!(error:% = error; "a certificate of ours is not a device's");
            None
        }
    }
}

async fn answer(
    router: Router,
    mut request: hyper::Request<Incoming>,
    ingress: Ingress,
    expected: &str,
    pace: PaceRule,
) -> Response {
    if host_of(&request).is_none_or(|host| !host.eq_ignore_ascii_case(expected)) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    // Over HTTP/2 the host stands in the address.
    if let Some(named) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(named.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    request.extensions_mut().insert(ingress);
    let request: Request = request.map(|body| Body::new(Paced::new(body, pace)));
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The host without its port.
fn host_of(request: &hyper::Request<Incoming>) -> Option<String> {
    let authority = match request.uri().authority() {
        Some(authority) => authority.as_str().to_owned(),
        None => request.headers().get(header::HOST)?.to_str().ok()?.to_owned(),
    };
    Some(authority.split_once(':').map_or(authority.clone(), |(host, _)| host.to_owned()))
}
