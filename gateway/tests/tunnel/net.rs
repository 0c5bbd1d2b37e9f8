//! Two namespaces, a cable, the gateway at one end and a device with an app at the other; all of it
//! goes when this is dropped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::{BASE64, HEXLOWER};
use gateway::{Secret32, public_key};

pub const GATEWAY_KEY: Secret32 = Secret32([0x48; 32]);
pub const SERVICE: [&str; 2] = ["100.64.0.1", "fd00:6465::1"];
pub const OUTSIDE: [&str; 2] = ["10.9.0.1:51820", "[fd09::1]:51820"];
/// Nobody's, and with no right at all.
const NOBODY: &str = "23456";

const COUNTERS: [&str; 3] = ["cat", "/proc/net/snmp", "/proc/net/snmp6"];

/// What runs on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    WireguardGo,
    Boringtun,
}

impl App {
    pub const fn program(self) -> &'static str {
        match self {
            Self::WireguardGo => "wireguard-go",
            Self::Boringtun => "boringtun-cli",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::WireguardGo => &["--foreground"],
            // Dropping them is made for sudo, whose user is not there.
            Self::Boringtun => &["--foreground", "--disable-drop-privileges"],
        }
    }
}

static COUNT: AtomicU32 = AtomicU32::new(0);

pub struct Net {
    client: String,
    server: String,
    pub device: String,
    gateway: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    app: App,
    wireguard: Child,
}

impl Net {
    /// With peer 1 connected as far as its files go: nothing was sent yet.
    pub fn new(app: App) -> Self {
        Self::with_cable(app, "1500")
    }

    /// A path that carries packets of so many bytes.
    pub fn with_cable(app: App, mtu: &str) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = |end| format!("gw{}-{number}{end}", std::process::id());
        let (client, server) = (name("c"), name("s"));
        for end in [&client, &server] {
            run(&["ip", "netns", "add", end]);
            run(&["ip", "-n", end, "link", "set", "lo", "up"]);
        }
        let peer = ["type", "veth", "peer", "name", "cable", "netns", &server];
        let cable = ["ip", "link", "add", "cable", "netns", &client];
        run(&[cable.as_slice(), &peer].concat());
        for (end, last) in [(&client, 2), (&server, 1)] {
            let (v4, v6) = (format!("10.9.0.{last}/24"), format!("fd09::{last}/64"));
            run(&["ip", "-n", end, "addr", "add", &v4, "dev", "cable"]);
            run(&["ip", "-n", end, "addr", "add", &v6, "dev", "cable", "nodad"]);
            run(&["ip", "-n", end, "link", "set", "cable", "mtu", mtu, "up"]);
        }
        let own = std::env::current_exe().unwrap();
        let own = own.to_str().unwrap();
        let rights = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs"];
        let unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
        let mut gateway = within(&server)
            .args(unprivileged)
            .args(rights)
            .args([own, "gateway"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = gateway.stdin.take().unwrap();
        let answers = BufReader::new(gateway.stdout.take().unwrap());
        // Its control socket lies in the one file system that all namespaces share.
        let device = name("w");
        let wireguard = within(&client)
            .arg(app.program())
            .args(app.arguments())
            .arg(&device)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut net = Self { client, server, device, gateway, orders, answers, app, wireguard };
        assert!(net.answer().starts_with("ready"));
        net.order("peers 1");
        net.connect();
        net
    }

    fn connect(&self) {
        let mut tries = 0;
        while !self.within(&["ip", "link", "show", &self.device]).status.success() {
            tries += 1;
            assert!(tries < 1_000, "{:?} makes no interface", self.app);
        }
        let key = BASE64.encode(&public_key(&GATEWAY_KEY));
        let file = format!(
            "[Interface]\nPrivateKey = {}\n[Peer]\nPublicKey = {key}\nPresharedKey = {}\n\
             AllowedIPs = 100.64.0.0/10, fd00:6465::/64\nEndpoint = {}\n",
            BASE64.encode(&[1; 32]),
            BASE64.encode(&[0xfe; 32]),
            OUTSIDE[0],
        );
        let mut setting = within(&self.client)
            .args(["wg", "setconf", &self.device, "/dev/stdin"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        setting.stdin.take().unwrap().write_all(file.as_bytes()).unwrap();
        assert!(setting.wait().unwrap().success());
        for words in [
            ["addr", "add", "100.64.1.1/32", "dev", &self.device].as_slice(),
            &["addr", "add", "fd00:6465::1:1/128", "dev", &self.device, "nodad"],
            &["link", "set", &self.device, "mtu", "1280", "up"],
            &["route", "add", "100.64.0.0/10", "dev", &self.device],
            &["route", "add", "fd00:6465::/64", "dev", &self.device],
        ] {
            run(&[["ip", "-n", &self.client].as_slice(), words].concat());
        }
    }

    /// In the client's namespace.
    pub fn within(&self, words: &[&str]) -> Output {
        within(&self.client).args(words).output().unwrap()
    }

    pub fn start_within(&self, words: &[&str]) -> Child {
        within(&self.client).args(words).stdout(Stdio::piped()).spawn().unwrap()
    }

    pub fn within_servers(&self, words: &[&str]) -> String {
        let output = within(&self.server).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn change_client(&self, words: &[&str]) {
        run(&[["ip", "-n", &self.client].as_slice(), words].concat());
    }

    pub fn pings(&self, address: &str) -> bool {
        self.within(&["ping", "-c", "1", "-W", "2", address]).status.success()
    }

    /// Where the client writes to from now on.
    pub fn write_to(&self, endpoint: &str) {
        let key = BASE64.encode(&public_key(&GATEWAY_KEY));
        self.within(&["wg", "set", &self.device, "peer", &key, "endpoint", endpoint]);
    }

    /// Packets that either end had to cut in pieces since the start, of both families.
    pub fn fragments(&self) -> u64 {
        let client = String::from_utf8(self.within(&COUNTERS).stdout).unwrap();
        created(&client) + created(&self.within_servers(&COUNTERS))
    }

    /// Bytes that came out of the client's tunnel.
    pub fn received(&self) -> u64 {
        self.received_in_packets().0
    }

    /// The same, and in how many packets.
    pub fn received_in_packets(&self) -> (u64, u64) {
        let mut counter = within(&self.client);
        counter.args(COUNTER).arg(&self.device);
        received(&mut counter)
    }

    /// Packets that came out of the gateway's end of the tunnel, as its kernel counts them.
    pub fn written(&mut self) -> u64 {
        let handle = self.order("namespace");
        let namespace = format!("--net=/proc/{}/fd/{}", self.gateway.id(), handle.trim());
        let mut counter = Command::new("nsenter");
        counter.arg(namespace).args(COUNTER).arg("tunnel");
        received(&mut counter).1
    }

    /// Asks the service for a name.
    pub fn ask(&self, question: &[u8]) -> Vec<u8> {
        let own = std::env::current_exe().unwrap();
        let question = HEXLOWER.encode(question);
        let asked = self.within(&[own.to_str().unwrap(), "ask", SERVICE[0], &question]);
        let answer = String::from_utf8(asked.stdout).unwrap();
        HEXLOWER.decode(answer.trim().as_bytes()).unwrap()
    }

    pub fn gateway_pid(&self) -> u32 {
        self.gateway.id()
    }

    /// Tells the gateway's process something, and gives its answer.
    pub fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for child in [&mut self.gateway, &mut self.wireguard] {
            // What was killed already is what was wanted.
            drop(child.kill());
            drop(child.wait());
        }
        for end in [&self.client, &self.server] {
            drop(Command::new("ip").args(["netns", "del", end]).status());
        }
    }
}

const COUNTER: [&str; 6] = ["ip", "-s", "-j", "link", "show", "dev"];

/// Bytes and packets that came in by an interface.
fn received(counter: &mut Command) -> (u64, u64) {
    let counted = counter.output().unwrap();
    let links: serde_json::Value = serde_json::from_slice(&counted.stdout).unwrap();
    let of = |what: &str| links[0]["stats64"]["rx"][what].as_u64().unwrap();
    (of("bytes"), of("packets"))
}

/// `FragCreates` of IPv4 is the last of its line; IPv6 has a line of its own.
fn created(counters: &str) -> u64 {
    let v4 = counters.lines().rfind(|line| line.starts_with("Ip: ")).unwrap();
    let v6 = counters.lines().find(|line| line.starts_with("Ip6FragCreates")).unwrap();
    let heads = counters.lines().find(|line| line.starts_with("Ip: ")).unwrap();
    let at = heads.split(' ').position(|head| head == "FragCreates").unwrap();
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    number(v4.split(' ').nth(at).unwrap()) + number(v6.split_whitespace().nth(1).unwrap())
}

fn within(namespace: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]);
    command
}

fn run(words: &[&str]) {
    let status = Command::new(words[0]).args(&words[1..]).status().unwrap();
    assert!(status.success(), "{words:?}");
}
