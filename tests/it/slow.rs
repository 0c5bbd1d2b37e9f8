//! Clients that are slow, silent, many or long-winded cost nobody else anything.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tests::line::{Way, whole};
use tests::network::{TestNetwork, poll};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

const NURSE: &str = "fujita-sayaka";

/// What the listener gives a handshake, and a head.
const LIMIT: Duration = Duration::from_secs(10);

/// What a busy machine may add to it.
const GRACE: Duration = Duration::from_secs(4);

/// What one address may hold open.
const CONNECTIONS_OF_ADDRESS_MAX: usize = 1_000;

/// The first bytes of any hello.
const HALF_A_HELLO: &[u8] = &[22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

#[tokio::test]
async fn silent_and_half_open_connections_delay_nobody() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let address = network.running.address;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(address).await.unwrap());
    }
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(HALF_A_HELLO).await.unwrap();
        held.push(stream);
    }
    let all = || (network.app.connections.total() >= held.len()).then_some(());
    poll(Duration::from_secs(5), all).await.expect("all of them are held");
    let way = network.app_way(Some(&device.identity));
    let began = Instant::now();
    let answer = way.ask(way.get("/login")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    let took = began.elapsed();
    println!("one page beside {} half-open handshakes: {took:?}", held.len());
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_drips_is_cut_at_the_limit() {
    let network = TestNetwork::start().await;
    let way = network.app_way(Some(&network.device(NURSE).await.identity));
    let connect = || TcpStream::connect(way.address);
    let second = Duration::from_secs(1);
    let mut cases = JoinSet::new();
    let (silent, dripping) = (connect().await.unwrap(), connect().await.unwrap());
    cases.spawn(async move { ("silence before the hello", drip(silent, b"", second).await) });
    let hello = [HALF_A_HELLO, &[0; 500]].concat();
    cases.spawn(async move { ("a dripping hello", drip(dripping, &hello, second).await) });
    let (quiet, slow, half) =
        (way.tls().await.unwrap(), way.tls().await.unwrap(), way.tls().await.unwrap());
    cases.spawn(async move { ("silence after the handshake", drip(quiet, b"", second).await) });
    let head = b"GET / HTTP/1.1\r\nhost: app.tokinet.test\r\nx-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let quick = second / 2;
    cases.spawn(async move { ("a dripping head", drip(slow, head, quick).await) });
    let started = b"GET / HTTP/1.1\r\nhost: app.tok";
    cases.spawn(async move { ("half a head", drip(half, &started[..], Duration::ZERO).await) });
    while let Some(case) = cases.join_next().await {
        let (what, took) = case.unwrap();
        println!("{what}: cut after {took:?}");
        assert!(took <= LIMIT + GRACE, "{what} was cut after {took:?}");
        assert!(took >= LIMIT / 2, "{what} was cut after {took:?} already");
    }
    let gone = || (network.app.connections.total() == 0).then_some(());
    poll(GRACE, gone).await.expect("every place is given back");
}

/// Sends byte by byte; answers how long the other side put up with it.
async fn drip(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
    pause: Duration,
) -> Duration {
    let began = Instant::now();
    let (mut from, mut into) = tokio::io::split(stream);
    let writing = async {
        for byte in bytes {
            if into.write_all(&[*byte]).await.is_err() || into.flush().await.is_err() {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut heard = Vec::new();
        // An end by reset is an end.
        drop(from.read_to_end(&mut heard).await);
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
        () = tokio::time::sleep(LIMIT * 2) => {}
    }
    began.elapsed()
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let network = TestNetwork::start().await;
    let way = network.app_way(Some(&network.device(NURSE).await.identity));
    let with_header = |bytes: usize| {
        let request = Request::get("/login").header("host", &way.host);
        request.header("x-long", "x".repeat(bytes)).body(whole("")).unwrap()
    };
    let fair = way.ask(with_header(8 * 1024)).await.unwrap();
    assert_eq!(fair.status, StatusCode::OK);
    for bytes in [100 * 1024, 1024 * 1024] {
        let outcome = way.ask(with_header(bytes)).await;
        let refused = outcome
            .as_ref()
            .map_or(true, |answer| answer.status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert!(refused, "{bytes}: {outcome:?}");
    }
    let mut many = Request::get("/login").header("host", &way.host);
    for number in 0..200 {
        many = many.header(format!("x-{number}"), "x");
    }
    let outcome = way.ask(many.body(whole("")).unwrap()).await;
    let refused = outcome
        .as_ref()
        .map_or(true, |answer| answer.status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert!(refused, "{outcome:?}");
}

#[tokio::test]
async fn over_http_2_the_same_doors_open() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let mut config = (*network.app_way(Some(&device.identity)).config).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let way = Way { config: Arc::new(config), ..network.app_way(None) };
    let stream = TokioIo::new(way.tls().await.unwrap());
    let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await;
    let (mut sender, connection) = made.unwrap();
    tokio::spawn(connection);
    let at = |host: &str| Request::get(format!("https://{host}/login")).body(whole("")).unwrap();
    let answer = sender.send_request(at(&way.host)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let page = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&page).contains("医療機関コード"));
    let answer = sender.send_request(at(&network.app.touroku_host())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
    let mut long = at(&way.host);
    long.headers_mut().insert("x-long", "x".repeat(100 * 1024).parse().unwrap());
    let outcome = sender.send_request(long).await;
    let too_large = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    assert!(outcome.map_or(true, |answer| answer.status() == too_large));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_cannot_take_every_place() {
    let network = TestNetwork::start().await;
    let address = network.running.address;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_OF_ADDRESS_MAX {
        held.push(connect_from(Ipv4Addr::new(127, 0, 0, 2), address).await);
    }
    let all = || (network.app.connections.total() >= held.len()).then_some(());
    poll(Duration::from_secs(10), all).await.expect("all of them are held");
    let mut one_more = connect_from(Ipv4Addr::new(127, 0, 0, 2), address).await;
    let mut heard = Vec::new();
    let ended = tokio::time::timeout(LIMIT / 2, one_more.read_to_end(&mut heard)).await;
    assert!(ended.is_ok(), "one more than the limit is sent away at once");
    let way = network.app_way(Some(&network.device(NURSE).await.identity));
    assert_eq!(way.ask(way.get("/login")).await.unwrap().status, StatusCode::OK);
}

async fn connect_from(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0)).unwrap();
    socket.connect(to).await.unwrap()
}
