//! A mail server on loopback that keeps every byte that came, and fails as it is told to.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What becomes of one attempt; without a word it is taken.
#[derive(Clone, Debug)]
pub enum Turn {
    Take,
    /// Answered so to the address.
    Refuse(&'static str),
    /// Answered so after the letter.
    RefuseLetter(&'static str),
    /// The line is cut before the letter.
    CutBefore,
    /// The letter is taken, and the line cut before that is said.
    CutAfter,
    /// No word is said any more.
    Silent,
    /// Something else answers, or offers no encryption.
    NoStartTls,
}

/// A letter that was taken, with its envelope.
#[derive(Clone, Debug)]
pub struct Taken {
    pub to: String,
    pub letter: String,
    pub encrypted: bool,
}

#[derive(Default)]
struct Seen {
    turns: VecDeque<Turn>,
    taken: Vec<Taken>,
    /// All that came, as it is read after decryption.
    bytes: Vec<u8>,
    lines: usize,
}

pub struct MailServer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl MailServer {
    /// Its certificate is for 127.0.0.1, and its authority's lies in `ca`.
    pub async fn start(ca: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let acceptor = TlsAcceptor::from(Arc::new(certified(ca)));
        let shared = seen.clone();
        let serving = tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, acceptor.clone(), shared.clone()));
            }
        });
        Self { address, seen, serving }
    }

    pub fn then(&self, turns: impl IntoIterator<Item = Turn>) {
        self.look(|seen| seen.turns.extend(turns));
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.look(|seen| seen.taken.clone())
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.look(|seen| seen.bytes.clone())
    }

    pub fn lines(&self) -> usize {
        self.look(|seen| seen.lines)
    }

    fn look<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn certified(ca: &Path) -> ServerConfig {
    let ca_key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(ca, params.self_signed(&ca_key).expect("a CA").pem()).expect("a file");
    let issuer = Issuer::new(params, ca_key);
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &issuer).expect("a leaf").der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf], key)
        .expect("a certificate")
}

async fn serve(line: TcpStream, acceptor: TlsAcceptor, seen: Arc<Mutex<Seen>>) {
    let turn = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.lines += 1;
        seen.turns.pop_front().unwrap_or(Turn::Take)
    };
    let mut plain = Talk { line: BufStream::new(line), turn: turn.clone(), seen: seen.clone() };
    // Whatever breaks ends this line, as it does with a real server.
    if plain.greet(false).await.unwrap_or(false) {
        let Ok(line) = acceptor.accept(plain.line.into_inner()).await else { return };
        let mut sealed = Talk { line: BufStream::new(line), turn, seen };
        drop(sealed.hear(true).await);
    }
}

struct Talk<S: AsyncRead + AsyncWrite> {
    line: BufStream<S>,
    turn: Turn,
    seen: Arc<Mutex<Seen>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    async fn greet(&mut self, encrypted: bool) -> std::io::Result<bool> {
        if matches!(self.turn, Turn::Silent) {
            std::future::pending::<()>().await;
        }
        self.say("220 mail.test ESMTP").await?;
        self.hear(encrypted).await
    }

    /// Until the end; `true` where encryption is wanted from here on.
    async fn hear(&mut self, encrypted: bool) -> std::io::Result<bool> {
        let mut to = String::new();
        loop {
            let Some(words) = self.read().await? else { return Ok(false) };
            let upper = words.to_uppercase();
            if upper.starts_with("EHLO") {
                let offers = !encrypted && !matches!(self.turn, Turn::NoStartTls);
                let offer = if offers { "250-STARTTLS\r\n" } else { "" };
                self.say(&format!("250-mail.test\r\n{offer}250-AUTH PLAIN LOGIN\r\n250 8BITMIME"))
                    .await?;
            } else if upper.starts_with("STARTTLS") {
                self.say("220 go on").await?;
                return Ok(true);
            } else if upper.starts_with("AUTH PLAIN") {
                // Nul, "user", nul, "himitsu".
                let known = words.ends_with("AHVzZXIAaGltaXRzdQ==");
                self.say(if known { "235 welcome" } else { "535 5.7.8 unknown" }).await?;
            } else if upper.starts_with("RCPT TO:") {
                to = words[8..].to_owned();
                let refused =
                    if let Turn::Refuse(answer) = self.turn { Some(answer) } else { None };
                self.say(refused.unwrap_or("250 good")).await?;
            } else if upper == "DATA" {
                if matches!(self.turn, Turn::CutBefore) {
                    return Ok(false);
                }
                self.say("354 go on").await?;
                if self.take(&to, encrypted).await? {
                    return Ok(false);
                }
            } else if upper == "QUIT" {
                self.say("221 farewell").await?;
                return Ok(false);
            } else {
                self.say("250 good").await?;
            }
        }
    }

    /// Reads the letter; `true` where the line is cut then.
    async fn take(&mut self, to: &str, encrypted: bool) -> std::io::Result<bool> {
        let mut letter = String::new();
        loop {
            match self.read().await? {
                Some(line) if line == "." => break,
                Some(line) => letter.push_str(&format!("{line}\n")),
                None => return Ok(true),
            }
        }
        if let Turn::RefuseLetter(answer) = self.turn {
            self.say(answer).await?;
            return Ok(false);
        }
        let taken = Taken { to: to.to_owned(), letter, encrypted };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).taken.push(taken);
        if matches!(self.turn, Turn::CutAfter) {
            return Ok(true);
        }
        self.say("250 taken").await?;
        Ok(false)
    }

    async fn read(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.line.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.bytes.extend_from_slice(&line);
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    async fn say(&mut self, words: &str) -> std::io::Result<()> {
        self.line.write_all(format!("{words}\r\n").as_bytes()).await?;
        self.line.flush().await
    }
}
