//! Knocks at an endpoint for measurements: handshakes of known peers, or a flood of packets that
//! are worth nothing. `scripts/bench vpn` calls it; it prints what it counted as JSON.

use std::env;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use boringtun::noise::{Tunn, TunnResult};
use boringtun::x25519::{PublicKey, StaticSecret};
use serde_json::{Value, json};

/// As many clients' houses as the handshakes come from: each may send some fifty a second.
const SOURCES: u16 = 256;
/// Addresses for measurements (RFC 2544); the caller lets every one of them be its own.
const SOURCE_NETWORK: [u8; 2] = [198, 18];
/// A peer's handshakes are counted too: one a second for long.
const PEER_RESTS: Duration = Duration::from_millis(1_050);
/// Different enough for any table, few enough to be made before the flood begins.
const FLOOD_PACKETS: u64 = 1_024;
const INITIATION_BYTES: usize = 148;
const BATCH: u32 = 32;

const RESPONSE: u8 = 2;
const COOKIE_REPLY: u8 = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answer =
        match words.as_slice() {
            ["peers", count] => peers(count.parse()?),
            ["handshakes", to, server, count, seconds] => handshakes(
                to.parse()?,
                server_key(server)?,
                count.parse()?,
                Duration::from_secs(seconds.parse()?),
            )?,
            ["flood", to, server, kind, rate, seconds] => flood(
                to.parse()?,
                &packets(kind, server_key(server)?)?,
                rate.parse()?,
                Duration::from_secs(seconds.parse()?),
            )?,
            _ => return Err(
                "peers COUNT | handshakes TO KEY COUNT SECONDS | flood TO KEY KIND RATE SECONDS"
                    .into(),
            ),
        };
    say(&answer);
    Ok(())
}

fn say(answer: &Value) {
    #[expect(clippy::print_stdout, reason = "answering is what a command is for")]
    {
        println!("{answer}");
    }
}

/// Keys that both calls of this program agree on; they are worth nothing elsewhere.
fn drawn(number: u64, what: u64) -> [u8; 32] {
    let mut state = number.wrapping_mul(3).wrapping_add(what).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut bytes = [0; 32];
    for part in bytes.chunks_mut(8) {
        // Splitmix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        part.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes
}

fn private(number: u64) -> StaticSecret {
    StaticSecret::from(drawn(number, 0))
}

fn shared(number: u64) -> [u8; 32] {
    drawn(number, 1)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn server_key(text: &str) -> Result<PublicKey, Box<dyn std::error::Error>> {
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        let digits = text.get(2 * at..2 * at + 2).ok_or("a key is 64 hexadecimal digits")?;
        *byte = u8::from_str_radix(digits, 16)?;
    }
    Ok(PublicKey::from(key))
}

fn peers(count: u64) -> Value {
    (0..count)
        .map(|number| {
            let host = number + 256;
            json!({
                "public_key": hex(PublicKey::from(&private(number)).as_bytes()),
                "preshared_key": hex(&shared(number)),
                "v4": format!("100.65.{}.{}", host >> 8, host & 255),
                "v6": format!("fd00:9::1:{host:x}"),
            })
        })
        .collect()
}

struct Knocker {
    tunnel: Tunn,
    source: usize,
    last: Option<Instant>,
}

fn handshakes(to: SocketAddr, server: PublicKey, count: u32, lasts: Duration) -> io::Result<Value> {
    let sockets = sockets(to)?;
    let mut knockers: Vec<Knocker> = (0..count)
        .map(|number| Knocker {
            tunnel: Tunn::new(
                private(number.into()),
                server,
                Some(shared(number.into())),
                None,
                number,
                None,
            ),
            source: usize::try_from(number).unwrap_or(0) % sockets.len(),
            last: None,
        })
        .collect();
    let began = Instant::now();
    let (mut sent, mut answered, mut cookies, mut next) = (0_u64, 0_u64, 0_u64, 0);
    while began.elapsed() < lasts {
        for _ in 0..BATCH {
            let Some(knocker) = knockers.get_mut(next) else {
                next = 0;
                continue;
            };
            next += 1;
            let Some(socket) = sockets.get(knocker.source) else { continue };
            if knocker.last.is_none_or(|last| last.elapsed() > PEER_RESTS) {
                knocker.last = Some(Instant::now());
                sent += u64::from(knock(knocker, socket));
            }
        }
        for (source, socket) in sockets.iter().enumerate() {
            let mut answer = [0; 2_048];
            while let Ok(length) = receive(socket, &mut answer) {
                match answer.first() {
                    Some(&RESPONSE) => answered += 1,
                    Some(&COOKIE_REPLY) => {
                        cookies += 1;
                        take_cookie(&mut knockers, source, answer.get(..length).unwrap_or(&[]));
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(json!({
        "sent": sent, "answered": answered, "cookies": cookies,
        "seconds": began.elapsed().as_secs_f64(),
    }))
}

fn knock(knocker: &mut Knocker, socket: &UdpSocket) -> bool {
    let mut room = [0; 2_048];
    match knocker.tunnel.format_handshake_initiation(&mut room, true) {
        TunnResult::WriteToNetwork(packet) => socket.send(packet).is_ok(),
        TunnResult::Done
        | TunnResult::Err(_)
        | TunnResult::WriteToTunnelV4(..)
        | TunnResult::WriteToTunnelV6(..) => false,
    }
}

/// The receiver's index says who was meant: its upper 24 bits are the number of the tunnel.
fn take_cookie(knockers: &mut [Knocker], source: usize, answer: &[u8]) {
    let Some(index) = answer.get(4..8).and_then(|bytes| bytes.try_into().ok()) else { return };
    let number = usize::try_from(u32::from_le_bytes(index) >> 8).unwrap_or(usize::MAX);
    let Some(knocker) = knockers.get_mut(number).filter(|one| one.source == source) else { return };
    let mut room = [0; 2_048];
    // Whether it was good shows in the next initiation's answer.
    let _ = knocker.tunnel.decapsulate(None, answer, &mut room);
    knocker.last = None;
}

fn sockets(to: SocketAddr) -> io::Result<Vec<UdpSocket>> {
    (0..SOURCES)
        .map(|number| {
            let [high, low] = number.to_be_bytes();
            let address = Ipv4Addr::new(SOURCE_NETWORK[0], SOURCE_NETWORK[1], high, low.max(1));
            let socket = UdpSocket::bind((address, 0))?;
            socket.connect(to)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        })
        .collect()
}

fn receive(socket: &UdpSocket, into: &mut [u8]) -> io::Result<usize> {
    match socket.recv(into) {
        // A port that is closed for a moment.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => socket.recv(into),
        other => other,
    }
}

/// `junk` is noise, `bad-mac` looks like an initiation, `good-mac` is one of a key nobody knows.
fn packets(kind: &str, server: PublicKey) -> Result<Vec<Vec<u8>>, Box<dyn std::error::Error>> {
    let noise = |number: u64| -> Vec<u8> {
        (0..5).flat_map(|part| drawn(number * 8 + part, 2)).take(INITIATION_BYTES).collect()
    };
    (0..FLOOD_PACKETS)
        .map(|number| match kind {
            "junk" => Ok(noise(number)),
            "bad-mac" => {
                let mut packet = noise(number);
                packet.splice(..4, [1, 0, 0, 0]);
                Ok(packet)
            }
            "good-mac" => {
                let own = StaticSecret::from(drawn(number, 3));
                let mut room = [0; 2_048];
                let mut tunnel = Tunn::new(own, server, None, None, 1, None);
                match tunnel.format_handshake_initiation(&mut room, true) {
                    TunnResult::WriteToNetwork(packet) => Ok(packet.to_vec()),
                    TunnResult::Done
                    | TunnResult::Err(_)
                    | TunnResult::WriteToTunnelV4(..)
                    | TunnResult::WriteToTunnelV6(..) => Err("no initiation".into()),
                }
            }
            _ => Err("a flood is junk, bad-mac or good-mac".into()),
        })
        .collect()
}

fn flood(to: SocketAddr, packets: &[Vec<u8>], rate: u32, lasts: Duration) -> io::Result<Value> {
    let sockets = sockets(to)?;
    let began = Instant::now();
    let mut sent = 0_u32;
    let pairs = packets.iter().cycle().zip(sockets.iter().cycle());
    for (packet, socket) in pairs {
        // A full queue drops the packet, as a line would.
        let _ = socket.send(packet);
        sent = sent.wrapping_add(1);
        if sent.is_multiple_of(BATCH) {
            let due = Duration::from_secs_f64(f64::from(sent) / f64::from(rate));
            if due > lasts {
                break;
            }
            #[expect(clippy::disallowed_methods, reason = "a rate is kept by waiting")]
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
    }
    Ok(json!({"sent": sent, "seconds": began.elapsed().as_secs_f64()}))
}
