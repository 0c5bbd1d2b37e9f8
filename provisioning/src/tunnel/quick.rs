//! The file that a WireGuard app reads, in the form of `wg-quick`: written, and read back as
//! strictly as it is written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use zeroize::Zeroizing;

use super::{Pair, PresharedKey, PrivateKey, PublicKey};

/// A tunnel as one device has it. The keys stand in it in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickConfig {
    /// `None` where the device made the key, and keeps it.
    pub private_key: Option<PrivateKey>,
    /// The device's own: `/32` and `/128`.
    pub address: Pair,
    /// Names are asked for inside of the tunnel, for a box whose name is nowhere else. Apple's and
    /// Android's apps then ask there for every name.
    pub dns: Option<Dns>,
    /// Bytes of an inner packet: see [`QuickConfig::MTU`].
    pub mtu: u16,
    /// Android's alone: only these apps use the tunnel, e.g. `com.android.chrome`.
    pub applications: Vec<String>,
    pub server: PublicKey,
    pub preshared_key: PresharedKey,
    /// The box's inner addresses, and nothing else, lead into the tunnel.
    pub allowed: Pair,
    pub endpoint: Endpoint,
    pub keepalive_seconds: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    pub server: Ipv4Addr,
    /// The domain that is looked up there.
    pub search: String,
}

/// Where the gateway is reached: `vpn.example.jp:51820`, `203.0.113.7:51820`,
/// `[2001:db8::7]:51820`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an endpoint is a name or an address, a colon, and a port above 0")]
pub struct EndpointProblem;

impl Endpoint {
    /// RFC 1035.
    const NAME_CHARS_MAX: usize = 253;
    const LABEL_CHARS_MAX: usize = 63;

    /// Addresses without brackets.
    pub fn new(host: &str, port: u16) -> Result<Self, EndpointProblem> {
        if port == 0 {
            return Err(EndpointProblem);
        }
        let host = match host.parse() {
            Ok(IpAddr::V4(v4)) => Host::V4(v4),
            Ok(IpAddr::V6(v6)) => Host::V6(v6),
            Err(_) if Self::is_name(host) => Host::Name(host.to_owned()),
            Err(_) => return Err(EndpointProblem),
        };
        Ok(Self { host, port })
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    fn is_name(text: &str) -> bool {
        let is_label = |label: &str| {
            let inner = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
            !label.is_empty()
                && label.len() <= Self::LABEL_CHARS_MAX
                && label.bytes().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // What ends in a number is a wrong address, and no name.
        let last = text.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|c| c.is_ascii_digit());
        text.len() <= Self::NAME_CHARS_MAX && text.split('.').all(is_label) && !numeric
    }
}

impl FromStr for Endpoint {
    type Err = EndpointProblem;

    fn from_str(text: &str) -> Result<Self, EndpointProblem> {
        let (host, port) = text.rsplit_once(':').ok_or(EndpointProblem)?;
        let port = number(port).ok_or(EndpointProblem)?;
        match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(v6) if v6.parse::<Ipv6Addr>().is_ok() => Self::new(v6, port),
            Some(_) => Err(EndpointProblem),
            None if host.contains(':') => Err(EndpointProblem),
            None => Self::new(host, port),
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::V4(v4) => write!(f, "{v4}:{}", self.port),
            Host::V6(v6) => write!(f, "[{v6}]:{}", self.port),
        }
    }
}

/// Digits only: Rust would read a sign, too.
fn number(text: &str) -> Option<u16> {
    let plain = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let first_is_zero = text.len() > 1 && text.starts_with('0');
    if plain && !first_is_zero { text.parse().ok() } else { None }
}

impl QuickConfig {
    /// Fits every line in Japan (FLET'S 1454, MAP-E 1460, mobile networks) with the 80 bytes of an
    /// outer IPv6 header and WireGuard's own, and is the least that IPv6 allows.
    pub const MTU: u16 = 1280;

    /// What stands in a private key's place, until whoever holds it puts it in.
    pub const KEY_PLACE: &str = "PRIVATE-KEY";

    /// UTF-8, each line ended by LF. Without a private key, [`QuickConfig::KEY_PLACE`] stands
    /// there.
    pub fn text(&self) -> Zeroizing<String> {
        let own = self.private_key.as_ref().map(PrivateKey::text);
        let private_key = own.as_deref().map_or(Self::KEY_PLACE, String::as_str);
        let Pair { v4, v6 } = self.address;
        let mut lines = vec![format!("Address = {v4}/32, {v6}/128")];
        if let Some(Dns { server, search }) = &self.dns {
            lines.push(format!("DNS = {server}, {search}"));
        }
        lines.push(format!("MTU = {}", self.mtu));
        if !self.applications.is_empty() {
            lines.push(format!("IncludedApplications = {}", self.applications.join(", ")));
        }
        let Pair { v4, v6 } = self.allowed;
        lines.extend([
            String::new(),
            "[Peer]".to_owned(),
            format!("PublicKey = {}", self.server.text()),
            format!("PresharedKey = {}", *self.preshared_key.text()),
            format!("AllowedIPs = {v4}/32, {v6}/128"),
            format!("Endpoint = {}", self.endpoint),
        ]);
        if let Some(seconds) = self.keepalive_seconds {
            lines.push(format!("PersistentKeepalive = {seconds}"));
        }
        let mut text = Zeroizing::new(format!("[Interface]\nPrivateKey = {private_key}\n"));
        for line in lines {
            text.push_str(&Zeroizing::new(line));
            text.push('\n');
        }
        text
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of a tunnel's file: {why}")]
pub struct ParseProblem {
    pub line: usize,
    pub why: &'static str,
}

/// More than any file of ours; whoever brings more brings something else.
const TEXT_BYTES_MAX: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Before,
    Interface,
    Peer,
}

/// Lines as they come; each key once.
#[derive(Default)]
struct Found {
    private_key: Option<Option<PrivateKey>>,
    address: Option<Pair>,
    dns: Option<Dns>,
    mtu: Option<u16>,
    applications: Option<Vec<String>>,
    server: Option<PublicKey>,
    preshared_key: Option<PresharedKey>,
    allowed: Option<Pair>,
    endpoint: Option<Endpoint>,
    keepalive_seconds: Option<u16>,
}

impl FromStr for QuickConfig {
    type Err = ParseProblem;

    /// Takes comments and blank lines; refuses every key and section that a file of ours lacks.
    fn from_str(text: &str) -> Result<Self, ParseProblem> {
        let too_long = ParseProblem { line: 0, why: "it is too long" };
        if text.len() > TEXT_BYTES_MAX {
            return Err(too_long);
        }
        let mut found = Found::default();
        let mut section = Section::Before;
        let mut line_number = 0;
        for raw in text.lines() {
            line_number += 1;
            let problem = |why| ParseProblem { line: line_number, why };
            let line = raw.trim();
            match (line, section) {
                ("", _) => {}
                (comment, _) if comment.starts_with('#') => {}
                ("[Interface]", Section::Before) => section = Section::Interface,
                ("[Peer]", Section::Interface) => section = Section::Peer,
                (line, section) => {
                    let (key, value) =
                        line.split_once('=').ok_or_else(|| problem("no key = value"))?;
                    found.take(section, key.trim(), value.trim()).map_err(problem)?;
                }
            }
        }
        let file = found.whole().map_err(|why| ParseProblem { line: line_number, why })?;
        // Written again it has blanks that may not have come.
        if file.text().len() > TEXT_BYTES_MAX { Err(too_long) } else { Ok(file) }
    }
}

/// Sets what must not be there yet.
fn once<T>(place: &mut Option<T>, value: Option<T>, why: &'static str) -> Result<(), &'static str> {
    if place.is_some() {
        return Err("this key stands here twice");
    }
    *place = Some(value.ok_or(why)?);
    Ok(())
}

impl Found {
    fn take(&mut self, section: Section, key: &str, value: &str) -> Result<(), &'static str> {
        match (section, key) {
            (Section::Interface, "PrivateKey") => {
                let key = match value {
                    QuickConfig::KEY_PLACE => Some(None),
                    value => PrivateKey::parse(value).ok().map(Some),
                };
                once(&mut self.private_key, key, "no private key")
            }
            (Section::Interface, "Address") => {
                once(&mut self.address, pair(value), "no pair of inner addresses")
            }
            (Section::Interface, "DNS") => once(&mut self.dns, dns(value), "no name server"),
            (Section::Interface, "MTU") => {
                // What IPv6 needs, and what Ethernet has.
                let mtu = number(value).filter(|mtu| (1280..=1500).contains(mtu));
                once(&mut self.mtu, mtu, "no MTU from 1280 to 1500")
            }
            (Section::Interface, "IncludedApplications") => {
                once(&mut self.applications, applications(value), "no names of applications")
            }
            (Section::Peer, "PublicKey") => {
                once(&mut self.server, PublicKey::parse(value).ok(), "no public key")
            }
            (Section::Peer, "PresharedKey") => {
                once(&mut self.preshared_key, PresharedKey::parse(value).ok(), "no preshared key")
            }
            (Section::Peer, "AllowedIPs") => {
                once(&mut self.allowed, pair(value), "no pair of inner addresses")
            }
            (Section::Peer, "Endpoint") => {
                once(&mut self.endpoint, value.parse().ok(), "no endpoint")
            }
            (Section::Peer, "PersistentKeepalive") => {
                let seconds = number(value).filter(|seconds| *seconds > 0);
                once(&mut self.keepalive_seconds, seconds, "no number of seconds")
            }
            (Section::Before | Section::Interface | Section::Peer, _) => {
                Err("this key has no place here")
            }
        }
    }

    fn whole(self) -> Result<QuickConfig, &'static str> {
        Ok(QuickConfig {
            private_key: self.private_key.ok_or("PrivateKey is missing")?,
            address: self.address.ok_or("Address is missing")?,
            dns: self.dns,
            mtu: self.mtu.ok_or("MTU is missing")?,
            applications: self.applications.unwrap_or_default(),
            server: self.server.ok_or("PublicKey is missing")?,
            preshared_key: self.preshared_key.ok_or("PresharedKey is missing")?,
            allowed: self.allowed.ok_or("AllowedIPs is missing")?,
            endpoint: self.endpoint.ok_or("Endpoint is missing")?,
            keepalive_seconds: self.keepalive_seconds,
        })
    }
}

fn pair(text: &str) -> Option<Pair> {
    let (v4, v6) = text.split_once(',')?;
    let v4 = v4.trim().strip_suffix("/32")?.parse().ok()?;
    let v6 = v6.trim().strip_suffix("/128")?.parse().ok()?;
    Some(Pair { v4, v6 })
}

fn dns(text: &str) -> Option<Dns> {
    let (server, search) = text.split_once(',')?;
    let search = search.trim();
    let server = server.trim().parse().ok()?;
    Endpoint::is_name(search).then(|| Dns { server, search: search.to_owned() })
}

fn applications(text: &str) -> Option<Vec<String>> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let good = |name: &String| !name.is_empty() && name.chars().all(is_plain);
    names.iter().all(good).then_some(names)
}
