//! What the TLS listener lets through, by certificate, by name and by version.

use std::sync::{Arc, Mutex};

use hyper::{Request, StatusCode};
use jiff::SignedDuration;
use provisioning::authority::{Authority, Names};
use provisioning::cards::Approval;
use rustls::client::Tls13ClientSessionValue;
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue};
use rustls::pki_types::ServerName;
use rustls::{HandshakeKind, NamedGroup};
use tests::browser::links;
use tests::forged;
use tests::line::{Identity, Way, client_config, whole};
use tests::network::{DOMAIN, TestNetwork};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use webui::kit::routes::Verb;

const NURSE: &str = "fujita-sayaka";

#[tokio::test]
async fn a_stranger_gets_one_page_and_nothing_else() {
    let network = TestNetwork::start().await;
    let way = network.app_way(None);
    let page = way.ask(way.get("/")).await.unwrap();
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert!(page.text().contains("未登録端末"));
    for route in webui::routes().list() {
        let path = route.path.replace(['{', '}'], "");
        let method = route.method.name();
        let body = if route.method == Verb::Get { "" } else { "a=b" };
        let answer = way.ask(way.request(method, &path, body)).await.unwrap();
        let seen = (answer.status, still(&answer.text()));
        assert_eq!(seen, (page.status, still(&page.text())), "{method} {path}");
    }
    for path in ["/nothing", "/e", "/../etc/passwd", "/assets", "/.well-known/security.txt"] {
        let answer = way.ask(way.get(path)).await.unwrap();
        let seen = (answer.status, still(&answer.text()));
        assert_eq!(seen, (page.status, still(&page.text())), "{path}");
    }
    let mut needed = links(&page.text(), "/assets/");
    assert!(!needed.is_empty(), "the page has its style");
    needed.push("/assets/x/app.css".to_owned());
    for path in needed {
        assert_eq!(way.ask(way.get(&path)).await.unwrap().status, StatusCode::OK, "{path}");
    }
    for name in ["app.js", "office.js", "office.css", "live.js", "upload.js", "step-ipad-allow.svg"]
    {
        let answer = way.ask(way.get(&format!("/assets/x/{name}"))).await.unwrap();
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "a stranger's page needs no {name}");
    }
}

/// Without what asks for the same address once more, and what says so.
fn still(page: &str) -> String {
    let page = without(page, "<meta http-equiv=\"refresh\"", ">");
    without(&page, "<p class=\"waiting\"", "</p>")
}

fn without(page: &str, opens: &str, closes: &str) -> String {
    let Some((before, rest)) = page.split_once(opens) else { return page.to_owned() };
    format!("{before}{}", rest.split_once(closes).map_or("", |(_, after)| after))
}

#[tokio::test]
async fn certificates_that_are_not_a_devices_get_no_further_than_the_handshake() {
    let network = TestNetwork::start().await;
    let (ours, now) = (&network.app.authority, network.app.now());
    let (theirs, _) = Authority::found(
        &Names::parse(&network.data.network.short, DOMAIN).unwrap(),
        "six words on a sheet of paper",
        now,
    )
    .unwrap();
    let server = ours.issue_server(&[&network.app.app_host()], now).unwrap();
    let server = Identity { chain: server.chain, pkcs8: server.key.as_bytes().to_vec() };
    let device = network.device(NURSE).await;
    let years = SignedDuration::from_hours(24 * 1000);
    // A signature by another key than the certificate's is refused as well.
    let stolen = Identity {
        chain: device.identity.chain.clone(),
        pkcs8: forged::issued_at(ours, now).pkcs8,
    };
    let good = network.app_way(Some(&device.identity));
    assert_eq!(good.ask(good.get("/login")).await.unwrap().status, StatusCode::OK);
    for (what, identity) in [
        ("another CA with equal names", forged::issued_at(&theirs, now)),
        ("expired", forged::issued_at(ours, now - years)),
        ("not yet valid", forged::issued_at(ours, now + years)),
        ("a server's", server),
        ("a server's purpose", forged::with_purposes(ours, &forged::server_purpose())),
        ("a leaf below a leaf", forged::below(&device.identity)),
    ] {
        let way = network.app_way(Some(&identity));
        let outcome = way.ask(way.get("/login")).await;
        assert!(outcome.is_err(), "{what}: {outcome:?}");
    }
    assert!(!tls_accepts(&network, &stolen).await, "a key that is not the certificate's");
}

/// rustls refuses to show a certificate with another key, so the shape of it is checked there.
async fn tls_accepts(network: &TestNetwork, identity: &Identity) -> bool {
    let root = network.app.authority.root_certificate().to_vec();
    let (host, address) = (network.app.app_host(), network.running.address);
    let identity = identity.clone();
    let made = std::panic::catch_unwind(move || Way::new(address, &host, &root, Some(&identity)));
    match made {
        Ok(way) => way.ask(way.get("/login")).await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test]
async fn what_the_verifier_lets_through_the_gate_does_not() {
    let network = TestNetwork::start().await;
    let ours = &network.app.authority;
    for (what, identity) in [
        ("no purpose at all", forged::with_purposes(ours, &[])),
        ("our CA's, yet of no device in the store", forged::issued_at(ours, network.app.now())),
    ] {
        let way = network.app_way(Some(&identity));
        let answer = way.ask(way.get("/login")).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        assert!(answer.text().contains("未登録端末"), "{what}");
    }
}

#[tokio::test]
async fn nothing_older_than_tls_13_is_spoken() {
    let network = TestNetwork::start().await;
    // A hello that knows TLS 1.2 and nothing newer, as old software sends it.
    let mut stream = TcpStream::connect(network.running.address).await.unwrap();
    stream.write_all(&old_hello(&network.app.app_host())).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    const ALERT: u8 = 21;
    const PROTOCOL_VERSION: u8 = 70;
    assert_eq!(answer.first(), Some(&ALERT), "{answer:?}");
    assert_eq!(answer.get(6), Some(&PROTOCOL_VERSION), "{answer:?}");
}

/// ClientHello, TLS 1.2: one ECDHE suite, the name, groups, signature schemes.
fn old_hello(host: &str) -> Vec<u8> {
    let short = |bytes: &[u8]| -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length, bytes].concat()
    };
    let extension = |kind: u16, body: &[u8]| [&kind.to_be_bytes()[..], &short(body)].concat();
    let group = u16::from(NamedGroup::secp256r1).to_be_bytes();
    let name = [&[0][..], &short(host.as_bytes())].concat();
    let extensions = [
        extension(0, &short(&name)),
        extension(10, &short(&group)),
        extension(11, &[1, 0]),
        extension(13, &short(&[4, 3, 8, 4])),
    ]
    .concat();
    let body =
        [&[3, 3][..], &[7; 32], &[0], &short(&[0xc0, 0x2b]), &[1, 0], &short(&extensions)].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    [&[22, 3, 1][..], &short(&message)].concat()
}

#[tokio::test]
async fn a_wrong_name_or_none_hears_not_a_byte_of_http() {
    let network = TestNetwork::start().await;
    network.card(NURSE, Approval::Waived).await;
    let good = network.app_way(None);
    for name in ["localhost", "app.tokinet.example", DOMAIN, "127.0.0.1"] {
        let name = ServerName::try_from(name).unwrap();
        let stream = TcpStream::connect(good.address).await.unwrap();
        let connected = TlsConnector::from(good.config.clone()).connect(name.clone(), stream).await;
        assert!(connected.is_err(), "{name:?}");
    }
    let mut stream = TcpStream::connect(good.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: app.tokinet.test\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // However it ends: only what was said counts.
    drop(stream.read_to_end(&mut answer).await);
    assert!(!answer.windows(4).any(|word| word == b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn each_name_answers_for_its_own_host_alone() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    network.card(NURSE, Approval::Waived).await;
    let (app, touroku) = (network.app_way(Some(&device.identity)), network.touroku_way());
    for (way, other) in [(&app, &touroku), (&touroku, &app)] {
        for path in ["/", "/login", "/e", "/assets/x/app.css"] {
            let asked = Request::get(path).header("host", &other.host).body(whole("")).unwrap();
            let answer = way.ask(asked).await.unwrap();
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path} at {}", way.host);
            assert!(answer.body.is_empty());
        }
    }
    let answer = touroku.ask(touroku.get("/login")).await.unwrap();
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "the product is not behind it");
    assert_eq!(touroku.ask(touroku.get("/e")).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn the_enrolment_host_is_open_only_while_a_card_is() {
    let network = TestNetwork::start().await;
    let touroku = network.touroku_way();
    assert!(touroku.tls().await.is_err(), "no card, no handshake");
    let printed = network.card(NURSE, Approval::Waived).await;
    assert_eq!(touroku.ask(touroku.get("/e")).await.unwrap().status, StatusCode::OK);
    let number = printed.card.number;
    let cancel = network
        .app
        .store
        .write(network.act("card.cancel"), move |write| provisioning::cards::cancel(write, number));
    cancel.await.unwrap();
    assert!(touroku.tls().await.is_err(), "closed again");
}

#[derive(Debug, Default)]
struct Tickets(Mutex<usize>);

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        *self.0.lock().unwrap() += 1;
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

#[tokio::test]
async fn no_ticket_is_given_and_every_handshake_is_whole() {
    let network = TestNetwork::start().await;
    let device = network.device(NURSE).await;
    let root = network.app.authority.root_certificate();
    let mut config = client_config(root, Some(&device.identity));
    let tickets = Arc::new(Tickets::default());
    config.resumption = Resumption::store(tickets.clone());
    let plain = Arc::new(client_config(root, Some(&device.identity)));
    for config in [Arc::new(config), plain] {
        let way = Way { config, ..network.app_way(None) };
        for _ in 0..2 {
            let mut stream = way.tls().await.unwrap();
            let request = b"GET /login HTTP/1.1\r\nhost: app.tokinet.test\r\n\
                            connection: close\r\n\r\n";
            stream.write_all(request).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200"));
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
    assert_eq!(*tickets.0.lock().unwrap(), 0);
}
