//! `tokinet enrol`: the client's side for Linux PCs, and for tests: a card becomes files.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hyper::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use hyper::{Request, Response, StatusCode};
use provisioning::authority::{DeviceKey, Pkcs12Form, check_pkcs12_words, pkcs12};
use provisioning::tunnel::{PrivateKey, QuickConfig};
use serde_json::Value;
use store::Clock;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::{runtime, say};
use crate::client::{Body, Trust, read_body, send, tls, whole};

#[derive(clap::Args)]
pub struct Args {
    /// The enrolment host on the card, e.g. touroku.example.jp
    #[arg(long)]
    host: String,
    /// Where the host is reached, if not at its own name and port 443
    #[arg(long)]
    connect: Option<String>,
    /// SHA-256 of the network's root certificate, as printed on the card; a card without one means
    /// that the host has a public certificate
    #[arg(long)]
    fingerprint: Option<String>,
    /// The card's number
    #[arg(long)]
    card: String,
    /// The card's enrolment code; safer in the environment than on the command line
    #[arg(long, env = "TOKINET_CARD_SECRET", hide_env_values = true)]
    secret: String,
    /// What this machine is called
    #[arg(long)]
    name: String,
    /// The folder for key, certificates, .p12 and the tunnel's .conf
    #[arg(long, default_value = "tokinet-device")]
    out: PathBuf,
    /// The .p12's password; without it no .p12 is written
    #[arg(long, env = "TOKINET_P12_PASSWORD", hide_env_values = true)]
    p12_password: Option<String>,
}

/// How often the program asks whether somebody has approved.
const ASKED_EVERY: Duration = Duration::from_secs(2);

pub fn run(args: Args) -> anyhow::Result<()> {
    runtime()?.block_on(enrol(&args))?;
    say(format_args!("this machine is a device now: see {}", args.out.display()));
    Ok(())
}

/// Where an enrolment host is, and how it is known.
pub struct Place {
    pub host: String,
    pub address: String,
    pub tls: TlsConnector,
}

/// What enrolment hands over.
pub struct Enrolled {
    pub key: DeviceKey,
    pub certificate: Vec<u8>,
    pub device_ca: Vec<u8>,
    pub root: Vec<u8>,
    /// Of the session that redeemed the card.
    cookie: String,
}

/// A file for WireGuard, whole.
pub struct TunnelFile {
    pub name: String,
    pub text: Zeroizing<String>,
}

async fn enrol(args: &Args) -> anyhow::Result<()> {
    let trust = match &args.fingerprint {
        Some(fingerprint) => Trust::Fingerprint(read_fingerprint(fingerprint)?),
        None => Trust::Public,
    };
    if let Some(password) = &args.p12_password {
        check_pkcs12_words(password, &args.name)?;
    }
    let place = Place {
        host: args.host.clone(),
        address: args.connect.clone().unwrap_or_else(|| format!("{}:443", args.host)),
        tls: tls(&trust, None)?,
    };
    let enrolled = redeem(&place, &args.card, &args.secret, &args.name, |digits| {
        say(format_args!("waiting for approval; tell the office these digits: {digits}"));
    })
    .await?;
    write_device(&args.out, &args.name, args.p12_password.as_deref(), &enrolled)?;
    if let Some(file) = tunnel_file(&place, &enrolled).await? {
        write(&args.out.join(&file.name), file.text.as_bytes())?;
        say(format_args!("the tunnel's file is {}", args.out.join(&file.name).display()));
    }
    Ok(())
}

fn read_fingerprint(text: &str) -> anyhow::Result<[u8; 32]> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok();
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes.context("the fingerprint is 64 hex digits")
}

/// Redeems a card, waits for approval, has a new key certified.
pub async fn redeem(
    place: &Place,
    card: &str,
    secret: &str,
    name: &str,
    tell_digits: impl Fn(&str),
) -> anyhow::Result<Enrolled> {
    let form = [
        ("card", card),
        ("secret", secret),
        ("name", name),
        ("platform", "linux"),
        ("form", "request"),
    ];
    let form: Vec<_> = form.iter().map(|(k, v)| format!("{k}={}", percent(v))).collect();
    let answer = place.post("/e", None, whole(form.join("&"))).await?;
    let cookie = cookie_of(&answer).context("the card was refused: check number and code")?;
    let digits = json(answer).await?;
    let digits = digits.get("digits").and_then(Value::as_str).unwrap_or_default();
    tell_digits(digits);
    loop {
        let status = json(place.get("/e/status", &cookie).await?).await?;
        match status.get("state").and_then(Value::as_str) {
            Some("approved") => break,
            Some("waiting") => tokio::time::sleep(ASKED_EVERY).await,
            state => bail!("the enrolment ended: {}", state.unwrap_or("no answer")),
        }
    }
    let key = DeviceKey::generate()?;
    let request = whole(key.signing_request()?);
    let answer = json(place.post("/e/certificate", Some(&cookie), request).await?).await?;
    let field = |name: &str| -> anyhow::Result<Vec<u8>> {
        let text = answer.get(name).and_then(Value::as_str).context("no certificate came")?;
        Ok(BASE64.decode(text.as_bytes())?)
    };
    let (certificate, device_ca, root) =
        (field("certificate")?, field("device_ca")?, field("root")?);
    Ok(Enrolled { key, certificate, device_ca, root, cookie })
}

/// A key for the tunnel, made here: only its public half leaves this machine. `None` where the box
/// or the facility has no tunnel.
pub async fn tunnel_file(place: &Place, enrolled: &Enrolled) -> anyhow::Result<Option<TunnelFile>> {
    let private = PrivateKey::random(&Clock::system());
    let public = percent(&private.public()?.text());
    let form = whole(format!("as=json&public={public}"));
    let answer = place.post("/e/tunnel", Some(&enrolled.cookie), form).await?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let answer = json(answer).await?;
    let field = |name: &str| answer.get(name).and_then(Value::as_str).context("no tunnel came");
    let (name, place_of_key) = (field("name")?, field("place")?);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let stem = name.strip_suffix(".conf").unwrap_or_default();
    if stem.is_empty() || !stem.chars().all(is_plain) {
        bail!("the enrolment host names the tunnel's file {name:?}");
    }
    let text = Zeroizing::new(field("text")?.replace(place_of_key, &private.text()));
    // What leads more than the box into the tunnel is refused here, not by the owner's eyes.
    let read: QuickConfig = text.parse().context("the tunnel's file is not one of ours")?;
    if read.private_key.as_ref() != Some(&private) {
        bail!("the tunnel's file holds another key");
    }
    Ok(Some(TunnelFile { name: name.to_owned(), text }))
}

impl Place {
    async fn get(
        &self,
        path: &str,
        cookie: &str,
    ) -> anyhow::Result<Response<hyper::body::Incoming>> {
        let request = Request::get(path)
            .header(HOST, &self.host)
            .header(ACCEPT, "application/json")
            .header(COOKIE, cookie)
            .body(whole(""))?;
        send(&self.tls, &self.address, &self.host, request).await
    }

    async fn post(
        &self,
        path: &str,
        cookie: Option<&str>,
        body: Body,
    ) -> anyhow::Result<Response<hyper::body::Incoming>> {
        let mut request = Request::post(path)
            .header(HOST, &self.host)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        send(&self.tls, &self.address, &self.host, request.body(body)?).await
    }
}

async fn json(answer: Response<hyper::body::Incoming>) -> anyhow::Result<Value> {
    let status = answer.status();
    let body = read_body(answer).await?;
    if !status.is_success() {
        bail!("the enrolment host answered {status}");
    }
    serde_json::from_slice(&body).context("the enrolment host's answer is not understood")
}

fn cookie_of(answer: &Response<hyper::body::Incoming>) -> Option<String> {
    let cookie = answer.headers().get(SET_COOKIE)?.to_str().ok()?;
    cookie.split(';').next().map(str::to_owned)
}

/// Key, certificates, and with a password the `.p12`, in a folder of their own.
pub fn write_device(
    folder: &Path,
    name: &str,
    p12_password: Option<&str>,
    enrolled: &Enrolled,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write(&folder.join("device.key.der"), enrolled.key.pkcs8().as_bytes())?;
    write(&folder.join("device.pem"), pem(&enrolled.certificate).as_bytes())?;
    let chain = format!("{}{}", pem(&enrolled.certificate), pem(&enrolled.device_ca));
    write(&folder.join("chain.pem"), chain.as_bytes())?;
    write(&folder.join("root.pem"), pem(&enrolled.root).as_bytes())?;
    if let Some(password) = p12_password {
        let chain =
            [enrolled.certificate.clone(), enrolled.device_ca.clone(), enrolled.root.clone()];
        let packed = pkcs12(&enrolled.key, &chain, password, Pkcs12Form::Aes256, name)?;
        write(&folder.join("device.p12"), &packed)?;
    }
    Ok(())
}

/// For nobody else to read.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes)?;
    Ok(())
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
