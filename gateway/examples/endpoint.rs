//! The gateway alone, for measurements: `endpoint free|serve FILE`. `scripts/bench vpn` calls it.
//!
//! `free` leaves the service's ports to programs that enter the namespace; `serve` answers on 443
//! itself: a line `ping` by `pong`, a line `zeros` by zeros for ever. A line `revoke` on standard
//! input takes the first peer off the list.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use gateway::{Config, Gateway, Inside, Outside, Peer, PeerId, Secret32};
use serde::Deserialize;
use tokio::sync::watch;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// Room for five thousand peers.
const V4_PREFIX: u8 = 10;
const V6_PREFIX: u8 = 64;
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

#[derive(Deserialize)]
struct Asked {
    private_key: String,
    port: u16,
    mtu: u16,
    v4: Ipv4Addr,
    v6: Ipv6Addr,
    peers: Vec<AskedPeer>,
}

#[derive(Deserialize)]
struct AskedPeer {
    public_key: String,
    preshared_key: String,
    v4: Ipv4Addr,
    v6: Ipv6Addr,
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().collect();
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["namespace"] => gateway::namespace::run_hidden(),
        ["free", file] => ended(run(file, false)),
        ["serve", file] => ended(run(file, true)),
        _ => ended(Err("endpoint free|serve FILE".into())),
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn ended(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("endpoint: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: &str, serves: bool) -> Outcome {
    let asked: Asked = serde_json::from_slice(&fs::read(file)?)?;
    let peers: Result<Vec<Peer>, _> = asked.peers.iter().zip(1_u128..).map(peer).collect();
    let (list, peers) = watch::channel(Arc::<[Peer]>::from(peers?));
    let config = Config {
        private_key: Secret32(key(&asked.private_key)?),
        outside: Outside { address: Some(ADDRESS), port: asked.port, second_port: None },
        inside: Inside { v4: asked.v4, v6: asked.v6, v4_prefix: V4_PREFIX, v6_prefix: V6_PREFIX },
        name: "endpoint.test".to_owned(),
        mtu: asked.mtu,
        helper: vec![env::current_exe()?.into(), "namespace".into()],
        before: Vec::new(),
    };
    let mut gateway = Gateway::start(&config, peers)?;
    for warning in gateway.warnings() {
        eprintln!("endpoint: {warning}");
    }
    let listeners = gateway.listeners();
    if serves {
        for listener in listeners.https {
            listener.set_nonblocking(false)?;
            thread::spawn(move || serve(&listener));
        }
    } else {
        drop(listeners);
    }
    let pid = std::process::id();
    say(&format!("ready {pid} /proc/{pid}/fd/{}", gateway.namespaces().1.as_raw_fd()));
    for line in std::io::stdin().lines() {
        if line? == "revoke" {
            list.send_modify(|peers| *peers = peers.iter().skip(1).cloned().collect());
        }
    }
    // Whoever gave no orders ends it by a signal.
    loop {
        thread::park();
    }
}

fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "the caller waits for this line")]
    {
        println!("{line}");
    }
}

fn serve(listener: &TcpListener) {
    while let Ok((stream, _)) = listener.accept() {
        // A client that goes is the end of its stream, and nothing to report.
        thread::spawn(move || drop(answer(stream)));
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let lines = BufReader::new(stream.try_clone()?).lines();
    for line in lines {
        match line?.as_str() {
            "ping" => stream.write_all(b"pong\n")?,
            "zeros" => loop {
                stream.write_all(&ZEROS)?;
            },
            _ => return Ok(()),
        }
    }
    Ok(())
}

fn peer((asked, number): (&AskedPeer, u128)) -> Result<Peer, String> {
    Ok(Peer {
        id: PeerId(number.to_be_bytes()),
        public_key: key(&asked.public_key)?,
        preshared_key: Secret32(key(&asked.preshared_key)?),
        v4: asked.v4,
        v6: asked.v6,
    })
}

fn key(text: &str) -> Result<[u8; 32], String> {
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        let digits = text.get(2 * at..2 * at + 2);
        let parsed = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        *byte = parsed.ok_or("a key is 64 hexadecimal digits")?;
    }
    Ok(key)
}
