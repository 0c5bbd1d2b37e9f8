//! The real binary: founding a network, running it, killing it.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use appliance::config::{Config, MailRules};
use appliance::migrations::MIGRATIONS;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use store::{Clock, MasterKey, Store};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::line::{Identity, Way};
use crate::network::DOMAIN;

pub const OFFICE_CODE: &str = "9900000010";

/// The binary that `cargo build --release` makes, or another one that `TOKINET_BINARY` names.
pub fn binary() -> PathBuf {
    if let Some(other) = std::env::var_os("TOKINET_BINARY") {
        return PathBuf::from(other);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/tokinet");
    assert!(path.exists(), "{} is missing: run `cargo build --release` first", path.display());
    path
}

/// A network of the binary's, in a folder of its own.
pub struct Appliance {
    pub folder: TempDir,
    pub fingerprint: String,
    pub recovery_key: String,
    pub office_card: Issued,
}

/// What a card says, once.
#[derive(Clone, Debug)]
pub struct Issued {
    pub number: String,
    pub secret: String,
    pub initial_password: String,
}

impl Appliance {
    pub fn init() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(binary());
        command
            .current_dir(folder.path())
            .env("TOKINET_ROOT_PASSPHRASE", "six words on a sheet of paper")
            .args(["init", "--network", "TestNet", "--domain", DOMAIN])
            .args(["--listen", "127.0.0.1:0", "--administrator", "Oda", "Tomoko"]);
        let told = success(&command.output().expect("init"));
        let after = |mark: &str| {
            let (_, rest) = told.split_once(mark).unwrap_or_else(|| panic!("{mark}: {told}"));
            rest.trim_start().lines().next().unwrap_or_default().trim().to_owned()
        };
        let office_card = Issued {
            number: after("card number"),
            secret: after("enrolment code"),
            initial_password: after("initial password"),
        };
        let recovery_key = after("it is shown once):");
        let file = folder.path().join("tokinet.toml");
        let config = std::fs::read_to_string(&file).expect("a config");
        let usual = format!("undo_seconds = {}", MailRules::default().undo_seconds);
        assert!(config.contains(&usual), "{config}");
        // Nobody waits for second thoughts here.
        std::fs::write(&file, config.replace(&usual, "undo_seconds = 0")).expect("a config");
        Self { fingerprint: after("root fingerprint"), recovery_key, office_card, folder }
    }

    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("tokinet.toml")
    }

    pub fn config(&self) -> Config {
        Config::read(&self.config_file()).expect("a config")
    }

    /// A command that must succeed; its answer in JSON.
    pub fn ask(&self, words: &[&str]) -> Value {
        let told = success(&self.run([words, &["--json"]].concat().as_slice()));
        serde_json::from_str(&told).unwrap_or_else(|_| panic!("{words:?}: {told}"))
    }

    pub fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.current_dir(self.folder.path()).args(words);
        command.output().expect("the binary runs")
    }

    pub fn issue_card(&self, facility: &str, login: &str) -> Issued {
        let issued = self.ask(&["card", "issue", facility, login, "--without-approval"]);
        let text = |name: &str| issued[name].as_str().expect("a text").to_owned();
        Issued {
            number: text("card"),
            secret: text("secret"),
            initial_password: text("initial_password"),
        }
    }

    /// Redeems a card with the real client.
    pub fn enrol(&self, program: &Program, card: &Issued, name: &str) -> Enrolled {
        let (host, out) = (format!("touroku.{DOMAIN}"), self.folder.path().join(name));
        let mut command = Command::new(binary());
        command
            .args(["enrol", "--host", &host, "--connect", &program.address.to_string()])
            .args(["--fingerprint", &self.fingerprint, "--card", &card.number])
            .args(["--name", name, "--out"])
            .arg(&out)
            .env("TOKINET_CARD_SECRET", &card.secret);
        success(&command.output().expect("enrol"));
        let read = |file: &str| std::fs::read(out.join(file)).expect("a file of the device");
        let identity =
            Identity { chain: certificates(&read("chain.pem")), pkcs8: read("device.key.der") };
        let root = certificates(&read("root.pem")).remove(0);
        std::fs::remove_dir_all(&out).expect("the device's files");
        Enrolled { identity, root }
    }

    /// Opens the store of a box that does not run.
    pub fn open(&self) -> Store {
        let config = self.config();
        let file = config.master_key.as_ref().expect("a key file");
        let text = std::fs::read_to_string(file).expect("a key file");
        let bytes = HEXLOWER.decode(text.trim().as_bytes()).expect("hex");
        let master = MasterKey::new(bytes.try_into().expect("32 bytes"));
        Store::open(&config.layout(), &master, Clock::system(), MIGRATIONS).expect("it opens")
    }
}

/// What `tokinet enrol` brought home.
#[derive(Clone)]
pub struct Enrolled {
    pub identity: Identity,
    pub root: Vec<u8>,
}

impl Enrolled {
    pub fn browser(&self, address: SocketAddr) -> Browser {
        let host = format!("app.{DOMAIN}");
        Browser::at(Way::new(address, &host, &self.root, Some(&self.identity)))
    }
}

fn certificates(pem: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(pem).expect("PEM");
    let parts = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let inner = parts.map(|part| part.split("-----END").next().unwrap_or_default());
    inner.map(|base64| BASE64.decode(base64.replace('\n', "").as_bytes()).unwrap()).collect()
}

/// The output of a command that succeeded.
pub fn success(output: &Output) -> String {
    let (told, complained) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{}: {told}{complained}", output.status);
    told
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// `tokinet run` or `tokinet try`, until it is killed or dropped.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    pub ready_after: Duration,
    /// What it said beside the first words.
    pub said: String,
}

impl Program {
    pub fn run(of: &Appliance) -> Self {
        let mut command = Command::new(binary());
        command.arg("run").arg("--config").arg(of.config_file());
        Self::start(command, &of.folder.path().join("log"), "ready on ")
    }

    /// The same, by a program that makes the system what it shall be and then becomes it.
    pub fn run_within(of: &Appliance, within: &[&str]) -> Self {
        let [first, rest @ ..] = within else { panic!("a program") };
        let mut command = Command::new(first);
        command.args(rest).arg(binary()).arg("run").arg("--config").arg(of.config_file());
        Self::start(command, &of.folder.path().join("log"), "ready on ")
    }

    /// The fictional network, kept in a folder.
    pub fn try_out(folder: &Path) -> Self {
        let mut command = Command::new(binary());
        command.args(["try", "--port", "0", "--doors", "--keep"]).arg(folder);
        Self::start(command, &folder.join("log"), "doors ")
    }

    /// Started once it says where it is reached; its log is appended to a file.
    fn start(mut command: Command, log: &Path, mark: &str) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("a log");
        command.env("RUST_LOG", "debug").stdout(Stdio::piped()).stderr(log);
        let started = Instant::now();
        let mut child = command.spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut said = String::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended: {said}"));
            let line = line.expect("a line");
            if let Some(address) = line.strip_prefix(mark) {
                break address.parse().expect("an address");
            }
            said.push_str(&line);
            said.push('\n');
        };
        let ready_after = started.elapsed();
        // Read on, so that it never writes into a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, ready_after, said }
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("a running process");
        self.child.wait().expect("its end");
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
