//! A gateway and nothing else, for measurements: `endpoint PORT MTU`, and peers on standard input,
//! each a line of `PUBLIC_KEY PRESHARED_KEY V4 V6` in hex. An empty line makes the list count;
//! more lists may follow. It tells what it listens on, and its status for a line of `?`.

use std::io::{BufRead as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;

use gateway::{Config, Gateway, Inside, Outside, Peer, PeerId, Secret32};
use tokio::sync::watch;

/// A key that everybody knows: nothing but measurements runs under it.
const PRIVATE_KEY: [u8; 32] = [0x58; 32];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|argument| argument == "namespace") {
        let _code = gateway::namespace::run_hidden();
        return Ok(());
    }
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u16>().ok());
    let config = Config {
        private_key: Secret32(PRIVATE_KEY),
        outside: Outside { address: None, port: number(1).unwrap_or(51_820), second_port: None },
        inside: Inside {
            v4: Ipv4Addr::new(100, 64, 0, 1),
            v6: Ipv6Addr::new(0xfd00, 0x6465, 0, 0, 0, 0, 0, 1),
            v4_prefix: 10,
            v6_prefix: 64,
        },
        name: "gateway.example".to_owned(),
        mtu: number(2).unwrap_or(1280),
        helper: vec![std::env::current_exe()?.into(), "namespace".into()],
    };
    let (list, peers) = watch::channel(Arc::from(Vec::new()));
    let mut gateway = Gateway::start(&config, peers)?;
    drop(gateway.listeners());
    let (_, network) = gateway.namespaces();
    let mut out = std::io::stdout();
    writeln!(out, "ready {:?} {}", gateway.outside(), network.as_raw_fd())?;
    let mut next = Vec::new();
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            "?" => writeln!(out, "{:?}", gateway.status())?,
            "" => {
                list.send(Arc::from(std::mem::take(&mut next)))?;
                writeln!(out, "changed")?;
            }
            line => next.push(parse(line).ok_or("a line that is no peer")?),
        }
    }
    gateway.stop();
    Ok(())
}

fn parse(line: &str) -> Option<Peer> {
    let mut words = line.split(' ');
    let public_key = hex(words.next()?)?;
    let preshared_key = Secret32(hex(words.next()?)?);
    let (v4, v6) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let id = PeerId(*public_key.first_chunk()?);
    Some(Peer { id, public_key, preshared_key, v4, v6 })
}

fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
