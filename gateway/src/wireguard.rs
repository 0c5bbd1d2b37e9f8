//! The cipher and the handshake: the only file that knows which library does them.
//!
//! boringtun's `noise` has rules that its documents do not tell. Held here: two limiters, so that
//! no message counts twice; the source address always; nothing queued; padding by the caller;
//! low-order points and overflowing counters refused. Held by the engine: a tick before each
//! handshake and each second, endpoints by authenticated data, a new [`Channel`] for a new key.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use boringtun::noise::errors::WireGuardError;
use boringtun::noise::handshake::parse_handshake_anon;
use boringtun::noise::rate_limiter::RateLimiter;
use boringtun::noise::{Packet, Tunn, TunnResult};
use boringtun::x25519::{PublicKey, StaticSecret};

use crate::config::Secret32;

/// What a data message adds to its packet: type, index, counter and tag.
pub const DATA_OVERHEAD_BYTES: usize = 32;
/// The library panics on shorter buffers: the largest datagram and its overhead.
pub const BUFFER_BYTES_MIN: usize = 65_535 + DATA_OVERHEAD_BYTES;
pub const INITIATION_BYTES: usize = 148;
pub const RESPONSE_BYTES: usize = 92;
pub const COOKIE_REPLY_BYTES: usize = 64;
/// Indices are 24 bits long: the library counts handshakes in the 8 bits below.
pub const INDEX_BITS: u32 = 24;

/// Counters from here on are refused: the protocol rejects them (REJECT_AFTER_MESSAGES), and the
/// library adds to them without a look.
const COUNTER_MAX: u64 = u64::MAX - (1 << 13);

/// Of an initiation: in the clear, and another one each time.
pub const EPHEMERAL_AT: usize = 8;

/// X25519 points of small order, with bit 255 as it may come: their shared secret is zero
/// (<https://cr.yp.to/ecdh.html#validate>).
pub const LOW_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    small(1),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    near_prime(0xec),
    near_prime(0xed),
    near_prime(0xee),
];

const fn small(first: u8) -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = first;
    point
}

/// The prime is 2^255 - 19, little endian.
const fn near_prime(first: u8) -> [u8; 32] {
    let mut point = [0xff; 32];
    point[0] = first;
    point[31] = 0x7f;
    point
}

/// Why a message is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No session has this index, or it is over.
    NoSession,
    /// It was there before, or its counter is too old or impossible.
    Replayed,
    /// The key does not open it.
    Forged,
    /// An initiation that is not younger than the last one.
    Stale,
    LowOrder,
    /// Not what its length and type promise.
    Malformed,
}

/// The gateway's own key pair.
pub struct Identity {
    private: StaticSecret,
    public: PublicKey,
}

impl Identity {
    pub fn new(private_key: &Secret32) -> Self {
        let private = StaticSecret::from(private_key.0);
        let public = PublicKey::from(&private);
        Self { private, public }
    }

    pub fn public_key(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    /// The static key that an initiation claims; costs one X25519 (40 us).
    pub fn claimed_by(&self, initiation: &[u8]) -> Result<[u8; 32], Refused> {
        if has_low_order(initiation) {
            return Err(Refused::LowOrder);
        }
        let Ok(Packet::HandshakeInit(message)) = Tunn::parse_incoming_packet(initiation) else {
            return Err(Refused::Malformed);
        };
        let half = parse_handshake_anon(&self.private, &self.public, &message);
        half.map(|half| half.peer_static_public).map_err(|error| refused(&error))
    }
}

fn has_low_order(initiation: &[u8]) -> bool {
    let Some(point) = initiation.get(EPHEMERAL_AT..).and_then(|rest| rest.first_chunk::<32>())
    else {
        return true;
    };
    let mut point = *point;
    if let Some(last) = point.last_mut() {
        *last &= 0x7f;
    }
    LOW_ORDER.contains(&point)
}

/// Checks the two MACs of handshake messages, and makes cookies.
pub struct Macs {
    /// Never asks for a cookie.
    calm: RateLimiter,
    /// Always does; all cookies are its own.
    loaded: RateLimiter,
    /// Inside every channel, where nothing is to be limited once more.
    inner: Arc<RateLimiter>,
}

pub enum Cookie<'a> {
    Valid,
    /// Send this back to where it came from; it is shorter than what came.
    Ask(&'a [u8]),
    /// Its first MAC is wrong already.
    Malformed,
}

impl Macs {
    pub fn new(identity: &Identity) -> Self {
        Self {
            calm: RateLimiter::new(&identity.public, u64::MAX),
            loaded: RateLimiter::new(&identity.public, 0),
            inner: Arc::new(RateLimiter::new(&identity.public, u64::MAX)),
        }
    }

    /// Whether a handshake message was made by somebody who knows our public key (0.3 us).
    pub fn are_for_us(&self, source: IpAddr, message: &[u8]) -> bool {
        let mut unused = [0; COOKIE_REPLY_BYTES];
        self.calm.verify_packet(Some(source), message, &mut unused).is_ok()
    }

    /// Looks at both MACs; a cookie is good for the address and the port that it was sent to.
    pub fn check_cookie<'a>(
        &self,
        source: SocketAddr,
        message: &[u8],
        out: &'a mut [u8; COOKIE_REPLY_BYTES],
    ) -> Cookie<'a> {
        match self.loaded.verify_packet(Some(place(source)), message, out) {
            Ok(_) => Cookie::Valid,
            Err(TunnResult::WriteToNetwork(reply)) => Cookie::Ask(reply),
            Err(
                TunnResult::Done
                | TunnResult::Err(_)
                | TunnResult::WriteToTunnelV4(..)
                | TunnResult::WriteToTunnelV6(..),
            ) => Cookie::Malformed,
        }
    }
}

/// Address and port in the one address that the library makes a cookie of, under a secret key:
/// whose places come out as one share their cookies, and that is all.
///
/// An IPv4 place has an address of its own in a network that nobody has. Of IPv6 the network stays
/// whole; the port is folded into the other half, where only a neighbour in the same network can
/// choose an address that comes out the same, and a network counts as one source anyway.
fn place(source: SocketAddr) -> IpAddr {
    let port = source.port();
    match source.ip().to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            let halves = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            Ipv6Addr::from([0, 0, 0, 0, 0, port, halves[0], halves[1]]).into()
        }
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() ^ u128::from(port)).into(),
    }
}

/// The sessions with one peer. About 11 KB.
pub struct Channel(Tunn);

#[derive(Debug)]
pub enum Opened<'a> {
    Packet(&'a mut [u8]),
    Keepalive,
}

impl Channel {
    /// Costs an X25519 (70 us). `index` has [`INDEX_BITS`] bits and no other channel has it.
    pub fn new(
        identity: &Identity,
        macs: &Macs,
        public_key: [u8; 32],
        preshared_key: &Secret32,
        index: u32,
    ) -> Self {
        let peer = PublicKey::from(public_key);
        let limiter = Some(Arc::clone(&macs.inner));
        let preshared = Some(preshared_key.0);
        Self(Tunn::new(identity.private.clone(), peer, preshared, None, index, limiter))
    }

    /// Moves the library's clock; what it wants sent meanwhile, if anything, is in `out`.
    pub fn tick<'a>(&mut self, out: &'a mut [u8]) -> Option<&'a [u8]> {
        match self.0.update_timers(out) {
            TunnResult::WriteToNetwork(datagram) => Some(datagram),
            // A peer that was away for long expires on every tick, and lives again by a handshake.
            TunnResult::Done
            | TunnResult::Err(_)
            | TunnResult::WriteToTunnelV4(..)
            | TunnResult::WriteToTunnelV6(..) => None,
        }
    }

    /// A handshake message (initiation, response, cookie), and what to send back if anything.
    pub fn take_handshake<'a>(
        &mut self,
        source: IpAddr,
        message: &[u8],
        out: &'a mut [u8],
    ) -> Result<Option<&'a [u8]>, Refused> {
        match self.0.decapsulate(Some(source), message, out) {
            TunnResult::WriteToNetwork(answer) => Ok(Some(answer)),
            TunnResult::Done => Ok(None),
            TunnResult::Err(error) => Err(refused(&error)),
            TunnResult::WriteToTunnelV4(..) | TunnResult::WriteToTunnelV6(..) => {
                Err(Refused::Malformed)
            }
        }
    }

    /// `out` is at least as long as `datagram`, a data message.
    pub fn open<'a>(
        &mut self,
        source: IpAddr,
        datagram: &[u8],
        out: &'a mut [u8],
    ) -> Result<Opened<'a>, Refused> {
        let Some(counter) = datagram.get(8..).and_then(|rest| rest.first_chunk()) else {
            return Err(Refused::Malformed);
        };
        if u64::from_le_bytes(*counter) >= COUNTER_MAX {
            return Err(Refused::Replayed);
        }
        match self.0.decapsulate(Some(source), datagram, out) {
            TunnResult::WriteToTunnelV4(packet, _) | TunnResult::WriteToTunnelV6(packet, _) => {
                Ok(Opened::Packet(packet))
            }
            TunnResult::Done => Ok(Opened::Keepalive),
            TunnResult::Err(error) => Err(refused(&error)),
            TunnResult::WriteToNetwork(_) => Err(Refused::Malformed),
        }
    }

    /// Without this, [`Self::seal`] would queue packets and start a handshake.
    pub fn has_session(&self) -> bool {
        self.0.time_since_last_handshake().is_some()
    }

    /// `None` without a session. `packet` is padded; `out` has room for it and
    /// [`DATA_OVERHEAD_BYTES`].
    pub fn seal(&mut self, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        match self.0.encapsulate(packet, out) {
            TunnResult::WriteToNetwork(datagram) => Some(datagram.len()),
            TunnResult::Done
            | TunnResult::Err(_)
            | TunnResult::WriteToTunnelV4(..)
            | TunnResult::WriteToTunnelV6(..) => None,
        }
    }

    /// Asks the other end for new keys.
    pub fn initiate<'a>(&mut self, out: &'a mut [u8]) -> Option<&'a [u8]> {
        match self.0.format_handshake_initiation(out, true) {
            TunnResult::WriteToNetwork(datagram) => Some(datagram),
            TunnResult::Done
            | TunnResult::Err(_)
            | TunnResult::WriteToTunnelV4(..)
            | TunnResult::WriteToTunnelV6(..) => None,
        }
    }
}

fn refused(error: &WireGuardError) -> Refused {
    match error {
        WireGuardError::NoCurrentSession
        | WireGuardError::ConnectionExpired
        | WireGuardError::WrongIndex => Refused::NoSession,
        WireGuardError::InvalidCounter | WireGuardError::DuplicateCounter => Refused::Replayed,
        WireGuardError::InvalidMac | WireGuardError::InvalidAeadTag | WireGuardError::WrongKey => {
            Refused::Forged
        }
        WireGuardError::WrongTai64nTimestamp => Refused::Stale,
        WireGuardError::DestinationBufferTooSmall
        | WireGuardError::IncorrectPacketLength
        | WireGuardError::UnexpectedPacket
        | WireGuardError::WrongPacketType
        | WireGuardError::InvalidTai64nTimestamp
        | WireGuardError::InvalidPacket
        | WireGuardError::LockFailed
        | WireGuardError::UnderLoad => Refused::Malformed,
    }
}
