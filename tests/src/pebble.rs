//! A real ACME server on loopback: Debian's pebble, its DNS, and somebody who stands between.

use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use webui::acme::{Challenge, Hook, Settings};

use crate::line::{Body, Way, whole};
use crate::network::poll;

/// How the server behaves.
#[derive(Clone)]
pub struct Wanted {
    /// Where it looks for answers over TLS: the product's own port.
    pub tls_port: u16,
    pub valid: Duration,
    /// Of a hundred good nonces, how many it calls bad.
    pub bad_nonces: u8,
    /// Accounts need this binding, id and key.
    pub binding: Option<(String, String)>,
}

impl Wanted {
    pub fn at(tls_port: u16) -> Self {
        let valid = Duration::from_secs(90 * 24 * 3600);
        Self { tls_port, valid, bad_nonces: 0, binding: None }
    }
}

/// The server and its DNS; both end with this.
pub struct Pebble {
    pub folder: TempDir,
    pub port: u16,
    /// PEM of the root behind its own web server.
    pub web_root: PathBuf,
    dns_manager: u16,
    /// Root of the certificates that it issues; DER.
    pub root: Vec<u8>,
    web: Web,
    children: Vec<Child>,
}

/// The web server's own certificate, which the one between shows as well.
#[derive(Clone)]
struct Web {
    root: Vec<u8>,
    chain: Vec<Vec<u8>>,
    key: Vec<u8>,
}

impl Web {
    fn make(folder: &Path) -> Self {
        let mut ca = CertificateParams::new(Vec::new()).expect("a CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key"));
        let ca = ca.expect("a CA");
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("a leaf");
        let leaf = leaf.signed_by(&key, &ca).expect("a leaf");
        for (name, text) in
            [("cert.pem", leaf.pem()), ("key.pem", key.serialize_pem()), ("root.pem", ca.pem())]
        {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        let chain = vec![leaf.der().to_vec()];
        Self { root: ca.der().to_vec(), chain, key: key.serialize_der() }
    }

    fn way(&self, port: u16) -> Way {
        Way::new((Ipv4Addr::LOCALHOST, port).into(), "localhost", &self.root, None)
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in &mut self.children {
            // They may have ended by themselves, which some test notices elsewhere.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A port that nobody has now.
pub fn free_port() -> u16 {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Pebble {
    pub async fn start(wanted: &Wanted) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let web = Web::make(folder.path());
        let [port, manager, dns, dns_manager] = [(); 4].map(|()| free_port());
        let here = |port: u16| format!("127.0.0.1:{port}");
        let mut config = serde_json::json!({
            "listenAddress": here(port),
            "managementListenAddress": here(manager),
            "certificate": folder.path().join("cert.pem"),
            "privateKey": folder.path().join("key.pem"),
            "httpPort": free_port(),
            "tlsPort": wanted.tls_port,
            "certificateValidityPeriod": wanted.valid.as_secs(),
            "externalAccountBindingRequired": wanted.binding.is_some(),
        });
        if let Some((id, key)) = &wanted.binding {
            config["externalAccountMACKeys"][id.as_str()] = key.as_str().into();
        }
        let file = folder.path().join("pebble.json");
        let config = serde_json::json!({ "pebble": config });
        std::fs::write(&file, config.to_string()).expect("a config");
        let log = || {
            let mut file = std::fs::File::options();
            file.create(true).append(true);
            Stdio::from(file.open(folder.path().join("log")).expect("a log"))
        };
        let names = Command::new("pebble-challtestsrv")
            .args(["-dns01", &here(dns), "-management", &here(dns_manager)])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""])
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("pebble-challtestsrv");
        let server = Command::new("pebble")
            .arg("-config")
            .arg(&file)
            .args(["-dnsserver", &here(dns)])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_AUTHZREUSE", "0")
            .env("PEBBLE_WFE_NONCEREJECT", wanted.bad_nonces.to_string())
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("pebble");
        let children = vec![names, server];
        for port in [port, manager, dns_manager] {
            let up = || StdStream::connect((Ipv4Addr::LOCALHOST, port)).ok();
            poll(Duration::from_secs(20), up).await.expect("pebble comes up");
        }
        let way = web.way(manager);
        let root = way.ask(way.get("/roots/0")).await.expect("pebble's root");
        let root = CertificateDer::from_pem_slice(&root.body).expect("a root").to_vec();
        let web_root = folder.path().join("root.pem");
        Self { folder, port, web_root, dns_manager, root, web, children }
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// The directory as the server itself gives it out.
    pub async fn directory_as_given(&self) -> serde_json::Value {
        let way = self.web.way(self.port);
        let host = format!("localhost:{}", self.port);
        let asked = Request::get("/dir").header("host", host).body(whole("")).expect("a request");
        way.ask(asked).await.expect("a directory").json()
    }

    pub fn settings(&self, challenge: Challenge) -> Settings {
        Settings {
            directory: self.directory(),
            contact: Some("office@tokinet.test".to_owned()),
            challenge,
            root: Some(self.web_root.clone()),
            external: None,
        }
    }

    /// A program for the DNS. It writes down how it was called, then does what `body` says;
    /// `put` and `take` in it change the real record.
    pub fn hook(&self, body: &str) -> Hook {
        let calls = self.calls();
        let program = self.folder.path().join("hook");
        let text = format!(
            r#"#!/bin/bash
change=$1 name=$2 value=$3
echo "$change $name $value" >> {calls}
post() {{
    exec 3<>/dev/tcp/127.0.0.1/{port}
    printf 'POST /%s HTTP/1.1\r\nhost: localhost\r\n' "$1" >&3
    printf 'connection: close\r\ncontent-length: %d\r\n\r\n%s' "${{#2}}" "$2" >&3
    grep -q '200 OK' <&3
}}
put() {{ post set-txt "{{\"host\":\"$name.\",\"value\":\"$value\"}}"; }}
take() {{ post clear-txt "{{\"host\":\"$name.\"}}"; }}
{body}
"#,
            calls = calls.display(),
            port = self.dns_manager,
        );
        std::fs::write(&program, text).expect("a program");
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&program, mode).expect("a program");
        Hook { program, limit: Duration::from_secs(30), propagation: Duration::ZERO }
    }

    pub fn good_hook(&self) -> Hook {
        self.hook("case $change in add) put ;; remove) take ;; esac")
    }

    fn calls(&self) -> PathBuf {
        self.folder.path().join("calls")
    }

    /// How the program was called: change, name, value.
    pub fn called(&self) -> Vec<[String; 3]> {
        let text = std::fs::read_to_string(self.calls()).unwrap_or_default();
        let words = |line: &str| {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            <[String; 3]>::try_from(words).expect("three words")
        };
        text.lines().map(words).collect()
    }

    /// Somebody between the product and this server.
    pub async fn between(&self) -> Between {
        Between::start(self.web.clone(), self.port).await
    }
}

type Meddling = dyn Fn(&str, &str) -> Option<Response<Body>> + Send + Sync;

/// Passes everything on, but for what it answers itself.
pub struct Between {
    pub port: u16,
    shared: Arc<Shared>,
    serving: tokio::task::JoinHandle<()>,
}

struct Shared {
    upstream: Mutex<Way>,
    meddling: Mutex<Option<Box<Meddling>>>,
    seen: Mutex<Vec<String>>,
}

impl Drop for Between {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Between {
    async fn start(web: Web, upstream: u16) -> Self {
        let chain = web.chain.iter().cloned().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(web.key.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a server");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            upstream: Mutex::new(web.way(upstream)),
            meddling: Mutex::default(),
            seen: Mutex::default(),
        });
        let serving = tokio::spawn(serve(listener, acceptor, shared.clone()));
        Self { port, shared, serving }
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// From now on answers what this answers, by method and path.
    pub fn meddle(
        &self,
        how: impl Fn(&str, &str) -> Option<Response<Body>> + Send + Sync + 'static,
    ) {
        *self.shared.meddling.lock().unwrap() = Some(Box::new(how));
    }

    pub fn stand_aside(&self) {
        *self.shared.meddling.lock().unwrap() = None;
    }

    /// Another server takes over, as after one lost all it knew.
    pub fn lead_to(&self, other: &Pebble) {
        *self.shared.upstream.lock().unwrap() = other.web.way(other.port);
    }

    /// How often a path that begins so was asked for.
    pub fn asked(&self, path: &str) -> usize {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|one| one.starts_with(path)).count()
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), shared.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = hyper::service::service_fn(move |request| {
                let shared = shared.clone();
                async move { Ok::<_, std::convert::Infallible>(pass(&shared, request).await) }
            });
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            // Clients go as they like.
            drop(serving.await);
        });
    }
}

async fn pass(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let (method, path) = (request.method().as_str().to_owned(), request.uri().path().to_owned());
    shared.seen.lock().unwrap().push(path.clone());
    let meddled = shared.meddling.lock().unwrap().as_ref().and_then(|how| how(&method, &path));
    if let Some(answer) = meddled {
        return answer;
    }
    let way = shared.upstream.lock().unwrap().clone();
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    match way.ask(Request::from_parts(head, whole(body))).await {
        Ok(answer) => {
            let mut passed = Response::new(whole(answer.body));
            *passed.status_mut() = answer.status;
            *passed.headers_mut() = answer.headers;
            passed
        }
        Err(_) => problem(502, "serverInternal", &[]),
    }
}

/// An answer as an ACME server refuses.
pub fn problem(status: u16, kind: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let text = serde_json::json!({
        "type": format!("urn:ietf:params:acme:error:{kind}"),
        "detail": "a test says so",
    });
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(whole(text.to_string())).expect("an answer")
}

/// A listener for the product, whose port the ACME server must know before.
pub async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}
