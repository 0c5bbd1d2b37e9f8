//! The gateway's process with a service behind it, and the client of that service.
//!
//! The client says on port 443 which way and how much; then bytes flow of which both ends know
//! what they are.

use std::io::{BufRead as _, Read, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
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
            ["cut"] => println!("{}", CUT.load(Ordering::SeqCst)),
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
            if answer(stream).is_none() {
                CUT.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
}

fn answer(mut stream: TcpStream) -> Option<()> {
    let mut order = [0; 9];
    stream.read_exact(&mut order).ok()?;
    let [way, bytes @ ..] = order;
    let bytes = u64::from_le_bytes(bytes);
    if way == b'u' {
        receive(&mut stream, bytes)?;
        return stream.write_all(b"ok").ok();
    }
    send(&mut stream, bytes)
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

/// Its client's half: success when every byte that came was the right one.
pub fn download(address: &str, bytes: u64) -> ExitCode {
    let mut stream = connect(address, b'd', bytes);
    code(receive(&mut stream, bytes))
}

pub fn upload(address: &str, bytes: u64) -> ExitCode {
    let mut stream = connect(address, b'u', bytes);
    let mut answer = [0; 2];
    let done = send(&mut stream, bytes).and_then(|()| stream.read_exact(&mut answer).ok());
    code(done.filter(|()| answer == *b"ok"))
}

fn code(done: Option<()>) -> ExitCode {
    if done.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn connect(address: &str, way: u8, bytes: u64) -> TcpStream {
    let address = SocketAddr::new(address.parse().unwrap(), 443);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&[[way].as_slice(), &bytes.to_le_bytes()].concat()).unwrap();
    stream
}

fn send(stream: &mut TcpStream, bytes: u64) -> Option<()> {
    let mut piece = Piece::new();
    let mut rest = usize::try_from(bytes).unwrap();
    while rest > 0 {
        let length = rest.min(PIECE);
        stream.write_all(&piece.next()[..length]).ok()?;
        rest -= length;
    }
    Some(())
}

fn receive(stream: &mut TcpStream, bytes: u64) -> Option<()> {
    let mut piece = Piece::new();
    let mut rest = usize::try_from(bytes).unwrap();
    let mut came = vec![0; PIECE];
    while rest > 0 {
        let length = rest.min(PIECE);
        stream.read_exact(&mut came[..length]).ok()?;
        assert!(came[..length] == piece.next()[..length], "other bytes, {rest} before the end");
        rest -= length;
    }
    Some(())
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
