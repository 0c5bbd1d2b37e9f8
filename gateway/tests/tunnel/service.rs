//! The gateway's process with a service behind it, and the client of that service.
//!
//! The client says on port 443 which way and how much; then bytes flow of which both ends know
//! what they are.

use std::io::{self, BufRead as _, Read, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use data_encoding::HEXLOWER;
use gateway::{Config, Gateway, Inside, Outside, Peer, PeerId, Secret32, public_key};
use tokio::sync::watch;

use crate::net::{GATEWAY_KEY, SERVICE};

const PIECE: usize = 1 << 16;
/// A client that hears nothing for so long was not told.
const SILENCE: Duration = Duration::from_secs(10);

/// Connections that said what they want.
static BEGUN: AtomicU64 = AtomicU64::new(0);
/// Connections that ended before they were done.
static CUT: AtomicU64 = AtomicU64::new(0);

pub fn run_gateway() -> ExitCode {
    let mut config = Config {
        private_key: GATEWAY_KEY,
        outside: Outside { address: None, port: 51_820, second_port: Some(4443) },
        inside: Inside {
            v4: SERVICE[0].parse().unwrap(),
            v6: SERVICE[1].parse().unwrap(),
            v4_prefix: 10,
            v6_prefix: 64,
        },
        name: "care.example".to_owned(),
        mtu: 1280,
        helper: vec![std::env::current_exe().unwrap().into(), "inside".into()],
        before: Vec::new(),
    };
    let (list, peers) = watch::channel(Arc::from(Vec::new()));
    let mut gateway = begin(&config, &peers);
    println!("ready {:?}", gateway.outside());
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["peers", numbers @ ..] => {
                let peers = numbers.iter().map(|number| peer(number.parse().unwrap()));
                list.send(peers.collect()).unwrap();
                println!("changed");
            }
            ["who", address] => println!("{:?}", gateway.peer_at(address.parse().unwrap())),
            ["begun"] => println!("{}", BEGUN.load(Ordering::SeqCst)),
            ["cut"] => println!("{}", CUT.load(Ordering::SeqCst)),
            ["namespace"] => println!("{}", gateway.namespaces().1.as_raw_fd()),
            ["drops"] => println!("{:?}", gateway.status().drops),
            ["outside"] => println!("{:?}", gateway.status().peers[0].outside),
            ["handshakes"] => println!("{}", gateway.status().peers[0].handshakes),
            ["sessions"] => {
                config.before = gateway.sessions();
                println!("{}", config.before.len());
            }
            ["begin"] => {
                gateway.stop();
                gateway = begin(&config, &peers);
                println!("begun");
            }
            ["stop"] => {
                gateway.stop();
                println!("stopped");
                return ExitCode::SUCCESS;
            }
            other => panic!("{other:?}"),
        }
    }
    ExitCode::SUCCESS
}

fn begin(config: &Config, peers: &watch::Receiver<Arc<[Peer]>>) -> Gateway {
    let mut gateway = Gateway::start(config, peers.clone()).unwrap();
    for listener in gateway.listeners().https {
        thread::spawn(move || serve(&listener));
    }
    gateway
}

fn peer(number: u8) -> Peer {
    Peer {
        id: PeerId([number; 16]),
        public_key: public_key(&Secret32([number; 32])),
        preshared_key: Secret32([number ^ 0xff; 32]),
        v4: [100, 64, 1, number].into(),
        v6: [0xfd00, 0x6465, 0, 0, 0, 0, 1, number.into()].into(),
    }
}

fn serve(listener: &TcpListener) {
    listener.set_nonblocking(false).unwrap();
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || {
            if answer(stream).is_err() {
                CUT.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut order = [0; 9];
    stream.read_exact(&mut order)?;
    BEGUN.fetch_add(1, Ordering::SeqCst);
    let [way, bytes @ ..] = order;
    let bytes = u64::from_le_bytes(bytes);
    match way {
        b'u' => {
            receive(&mut stream, bytes)?;
            stream.write_all(b"ok")
        }
        b'd' => send(&mut stream, bytes),
        _ => {
            stream.write_all(b"h")?;
            stream.read_exact(&mut [0])
        }
    }
}

/// Sends the question by UDP; the answer, in hex, is printed.
pub fn ask(address: &str, question: &str) -> ExitCode {
    let question = HEXLOWER.decode(question.as_bytes()).unwrap();
    let any: IpAddr = Ipv4Addr::UNSPECIFIED.into();
    let socket = UdpSocket::bind((any, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.connect((address, 53)).unwrap();
    socket.send(&question).unwrap();
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).unwrap();
    println!("{}", HEXLOWER.encode(&answer[..length]));
    ExitCode::SUCCESS
}

/// The largest datagram that IPv4 carries, and that of IPv6.
const LARGEST: [usize; 2] = [65_507, 65_527];

/// Datagrams of every kind and of lengths that no app sends, and data for receivers by chance.
pub fn stray(address: &str) -> ExitCode {
    let address: SocketAddr = address.parse().unwrap();
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).unwrap();
    socket.connect(address).unwrap();
    let largest = LARGEST[usize::from(address.is_ipv6())];
    for kind in 0..=5 {
        for length in [0, 1, 4, 31, 32, 64, 92, 148, 1_280, 9_000, largest] {
            let mut datagram = vec![0; length];
            if let Some(first) = datagram.first_mut() {
                *first = kind;
            }
            socket.send(&datagram).unwrap();
        }
    }
    let mut chance = Piece::new();
    for index in chance.next().chunks_exact(4).take(10_000) {
        let mut datagram = [0; 128];
        datagram[0] = 4;
        datagram[4..8].copy_from_slice(index);
        socket.send(&datagram).unwrap();
    }
    ExitCode::SUCCESS
}

/// Its client's half: success when every byte that came was the right one.
pub fn download(address: &str, bytes: u64) -> ExitCode {
    let mut stream = connect(address, b'd', bytes);
    code(receive(&mut stream, bytes))
}

pub fn upload(address: &str, bytes: u64) -> ExitCode {
    let mut stream = connect(address, b'u', bytes);
    let mut answer = [0; 2];
    let done = send(&mut stream, bytes).and_then(|()| stream.read_exact(&mut answer));
    code(done.map(|()| assert_eq!(answer, *b"ok")))
}

/// As a page that waits for news.
pub fn hold(address: &str) -> ExitCode {
    let mut stream = connect(address, b'h', 0);
    stream.read_exact(&mut [0]).unwrap();
    println!("held");
    code(stream.read_exact(&mut [0]))
}

/// Says how a connection ended that was not done.
fn code(done: io::Result<()>) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    println!("{:?}", error.kind());
    ExitCode::FAILURE
}

fn connect(address: &str, way: u8, bytes: u64) -> TcpStream {
    let address = SocketAddr::new(address.parse().unwrap(), 443);
    let mut stream = TcpStream::connect_timeout(&address, SILENCE).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    stream.set_write_timeout(Some(SILENCE)).unwrap();
    stream.write_all(&[[way].as_slice(), &bytes.to_le_bytes()].concat()).unwrap();
    stream
}

fn send(stream: &mut TcpStream, bytes: u64) -> io::Result<()> {
    let mut piece = Piece::new();
    let mut rest = usize::try_from(bytes).unwrap();
    while rest > 0 {
        let length = rest.min(PIECE);
        stream.write_all(&piece.next()[..length])?;
        rest -= length;
    }
    Ok(())
}

fn receive(stream: &mut TcpStream, bytes: u64) -> io::Result<()> {
    let mut piece = Piece::new();
    let mut rest = usize::try_from(bytes).unwrap();
    let mut came = vec![0; PIECE];
    while rest > 0 {
        let length = rest.min(PIECE);
        stream.read_exact(&mut came[..length])?;
        assert!(came[..length] == piece.next()[..length], "other bytes, {rest} before the end");
        rest -= length;
    }
    Ok(())
}

/// Bytes that look like noise and are the same every time.
struct Piece {
    state: u64,
    bytes: Vec<u8>,
}

impl Piece {
    fn new() -> Self {
        Self { state: 0x1234_5678_9abc_def1, bytes: vec![0; PIECE] }
    }

    fn next(&mut self) -> &[u8] {
        for chunk in self.bytes.chunks_exact_mut(8) {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            chunk.copy_from_slice(&self.state.to_le_bytes());
        }
        &self.bytes
    }
}
