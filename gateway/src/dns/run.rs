//! One thread that moves questions and answers over UDP and TCP, within bounds.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec};

use super::answer::{Zone, answer};
use super::{ANSWER_BYTES_MAX, QUESTION_BYTES_MAX};

/// Datagrams of one socket before the others have their turn.
const DATAGRAMS_A_TURN: usize = 32;
/// Over TCP ask only those whose UDP gets lost, for an instant each.
const CONNECTIONS_MAX: usize = 64;
/// One device asks a question or two at a time; others keep their room.
const CONNECTIONS_A_PEER_MAX: usize = 4;
/// Of one connection from its first to its last byte.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);
/// Clients ask for two kinds of address and leave.
const QUESTIONS_A_CONNECTION_MAX: usize = 32;

/// With a full table of handles, knocking is not heard for this long, or nothing else would be.
const DEAF: Duration = Duration::from_secs(1);

/// A question over TCP stands behind its length.
const LENGTH_BYTES: usize = 2;

/// A running answerer; it ends when this is dropped.
#[derive(Debug)]
pub struct Answerer {
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Answerer {
    /// Answers on these sockets, which must not block.
    ///
    /// # Errors
    ///
    /// When the system has no thread or handle left.
    pub fn start(udp: Vec<UdpSocket>, tcp: Vec<TcpListener>, zone: Zone) -> io::Result<Self> {
        let stop = Arc::new(rustix::event::eventfd(0, EventfdFlags::CLOEXEC)?);
        let mut serving = Serving {
            stop: Arc::clone(&stop),
            udp,
            tcp,
            zone,
            connections: Vec::new(),
            deaf_until: None,
        };
        let thread = std::thread::Builder::new().name("tunnel-names".to_owned());
        let thread = thread.spawn(move || {
            if let Err(error) = serving.run() {
                log::error!("names in the tunnel are not answered any more: {error}");
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        let rung = rustix::io::write(&*self.stop, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take().filter(|_| rung.is_ok()) {
            // A panic in it was told on its way.
            drop(thread.join());
        }
    }
}

struct Serving {
    stop: Arc<OwnedFd>,
    udp: Vec<UdpSocket>,
    tcp: Vec<TcpListener>,
    zone: Zone,
    connections: Vec<Connection>,
    deaf_until: Option<Instant>,
}

struct Connection {
    stream: TcpStream,
    peer: IpAddr,
    received: Vec<u8>,
    answered: usize,
    until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Goes,
    Over,
}

impl Serving {
    fn run(&mut self) -> io::Result<()> {
        loop {
            let ready = self.wait()?;
            let mut ready = ready.into_iter();
            if ready.next() == Some(true) {
                return Ok(());
            }
            for socket in &self.udp {
                if ready.next() == Some(true) {
                    answer_datagrams(socket, &self.zone);
                }
            }
            let knocked: Vec<_> = self.tcp.iter().map(|_| ready.next() == Some(true)).collect();
            let now = Instant::now();
            let zone = &self.zone;
            self.connections.retain_mut(|connection| {
                let life = match ready.next() {
                    Some(true) => connection.read(zone),
                    Some(false) | None => Life::Goes,
                };
                life == Life::Goes && now < connection.until
            });
            for (at, _) in knocked.into_iter().enumerate().filter(|(_, knocked)| *knocked) {
                self.welcome(at, now);
            }
        }
    }

    /// Which are ready: the bell, each UDP socket, each listener, each connection.
    fn wait(&self) -> io::Result<Vec<bool>> {
        let now = Instant::now();
        let deaf_until = self.deaf_until.filter(|until| *until > now);
        let knocking = if deaf_until.is_some() { PollFlags::empty() } else { PollFlags::IN };
        let hearing = |handle| PollFd::from_borrowed_fd(handle, PollFlags::IN);
        let mut waits = vec![hearing(self.stop.as_fd())];
        waits.extend(self.udp.iter().map(|socket| hearing(socket.as_fd())));
        waits.extend(self.tcp.iter().map(|tcp| PollFd::from_borrowed_fd(tcp.as_fd(), knocking)));
        waits.extend(self.connections.iter().map(|one| hearing(one.stream.as_fd())));
        let until = self.connections.iter().map(|one| one.until).chain(deaf_until).min();
        let limit = until.map(|until| until.saturating_duration_since(now));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        rustix::io::retry_on_intr(|| rustix::event::poll(&mut waits, limit.as_ref()))?;
        Ok(waits.iter().map(|wait| !wait.revents().is_empty()).collect())
    }

    fn welcome(&mut self, at: usize, now: Instant) {
        let Some(listener) = self.tcp.get(at) else { return };
        let (stream, from) = match listener.accept() {
            Ok(accepted) => accepted,
            // It went away again.
            Err(error) if is_transient(&error) => return,
            Err(_) => {
                self.deaf_until = Some(now + DEAF);
                return;
            }
        };
        let peer = from.ip();
        let own = self.connections.iter().filter(|other| other.peer == peer).count();
        if self.connections.len() >= CONNECTIONS_MAX || own >= CONNECTIONS_A_PEER_MAX {
            return;
        }
        if stream.set_nonblocking(true).is_ok() {
            let until = now + CONNECTION_WAIT;
            let received = Vec::new();
            self.connections.push(Connection { stream, peer, received, answered: 0, until });
        }
    }
}

fn answer_datagrams(socket: &UdpSocket, zone: &Zone) {
    let mut question = [0; QUESTION_BYTES_MAX];
    for _ in 0..DATAGRAMS_A_TURN {
        // An error is an empty queue, or word of an answer that nobody took.
        let Ok((length, from)) = socket.recv_from(&mut question) else { return };
        let question = question.get(..length).unwrap_or_default();
        if let Some(answer) = answer(question, zone) {
            // A full queue loses it, as any network may.
            drop(socket.send_to(answer.as_bytes(), from));
        }
    }
}

impl Connection {
    fn read(&mut self, zone: &Zone) -> Life {
        let mut piece = [0; LENGTH_BYTES + QUESTION_BYTES_MAX];
        match self.stream.read(&mut piece) {
            Ok(0) => return Life::Over,
            Ok(length) => {
                self.received.extend_from_slice(piece.get(..length).unwrap_or_default());
            }
            Err(error) if is_transient(&error) => return Life::Goes,
            Err(_) => return Life::Over,
        }
        loop {
            match take_question(&mut self.received) {
                Taken::Nothing => return Life::Goes,
                Taken::TooLong => return Life::Over,
                Taken::Question(question) => {
                    self.answered += 1;
                    if self.answered > QUESTIONS_A_CONNECTION_MAX {
                        return Life::Over;
                    }
                    if self.write(&question, zone).is_err() {
                        return Life::Over;
                    }
                }
            }
        }
    }

    /// An asker who does not read is not waited for.
    fn write(&mut self, question: &[u8], zone: &Zone) -> io::Result<()> {
        let answer = answer(question, zone).ok_or(ErrorKind::InvalidData)?;
        let length = u16::try_from(answer.as_bytes().len()).map_err(io::Error::other)?;
        let mut framed = Vec::with_capacity(LENGTH_BYTES + ANSWER_BYTES_MAX);
        framed.extend_from_slice(&length.to_be_bytes());
        framed.extend_from_slice(answer.as_bytes());
        self.stream.write_all(&framed)
    }
}

fn is_transient(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
    [ConnectionAborted, Interrupted, WouldBlock].contains(&error.kind())
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Nothing,
    TooLong,
    Question(Vec<u8>),
}

/// Takes the first whole question out of what came so far.
pub(super) fn take_question(received: &mut Vec<u8>) -> Taken {
    let Some((length, rest)) = received.split_first_chunk::<LENGTH_BYTES>() else {
        return Taken::Nothing;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    if length > QUESTION_BYTES_MAX {
        return Taken::TooLong;
    }
    let Some(question) = rest.get(..length).map(<[u8]>::to_vec) else { return Taken::Nothing };
    received.drain(..LENGTH_BYTES + length);
    Taken::Question(question)
}
