//! Inner addresses: one block of each family, and a number in it for each key.
//!
//! Clinics use 10/8, 172.16/12 and 192.168/16. Clients route nothing but the box's own two
//! addresses, so a random block out of 100.64/10 collides least.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store::Clock;

/// The blocks that a network's tunnel has its addresses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    pub v4: Block,
    pub v6: Prefix,
}

/// An IPv4 block for private use, e.g. `100.81.128.0/17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    base: Ipv4Addr,
    bits: u8,
}

/// An IPv6 /64 for private use, e.g. `fd3a:91c4:7e20:1::/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefix(Ipv6Addr);

/// The two inner addresses of the box or of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub v4: Ipv4Addr,
    pub v6: Ipv6Addr,
}

/// What the owner of a box decided; the rest is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub v4: Option<Block>,
    pub v6: Option<Prefix>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    #[error("an inner block is written as an address and its length, e.g. 100.81.128.0/17")]
    Form,
    #[error(
        "an inner block lies in 100.64.0.0/10, 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, or \
         for IPv6 in fc00::/7"
    )]
    Public,
    #[error(
        "an inner block is a /{} to a /{}, and for IPv6 a /64",
        Block::BITS_MIN,
        Block::BITS_MAX
    )]
    Size,
    #[error("an inner block begins at a multiple of its size")]
    Unaligned,
}

impl Inside {
    pub fn drawn(clock: &Clock, wanted: Wanted) -> Self {
        let v4 = wanted.v4.unwrap_or_else(|| Block::random(clock));
        let v6 = wanted.v6.unwrap_or_else(|| Prefix::random(clock));
        Self { v4, v6 }
    }

    /// Where the box itself answers.
    pub fn server(self) -> Pair {
        self.at(SERVER)
    }

    /// `None` beyond the block.
    pub fn pair(self, number: u32) -> Option<Pair> {
        (FIRST..=self.last()).contains(&number).then(|| self.at(number))
    }

    /// The number of the key whose inner address this is.
    pub fn number_of(self, address: IpAddr) -> Option<u32> {
        let number = match address.to_canonical() {
            IpAddr::V4(v4) => u32::from(v4).checked_sub(u32::from(self.v4.base))?,
            IpAddr::V6(v6) => {
                u32::try_from(u128::from(v6).checked_sub(u128::from(self.v6.0))?).ok()?
            }
        };
        self.pair(number).map(|_| number)
    }

    pub const fn first(self) -> u32 {
        FIRST
    }

    /// Below the block's broadcast address.
    pub const fn last(self) -> u32 {
        (1 << (32 - self.v4.bits)) - 2
    }

    fn at(self, number: u32) -> Pair {
        Pair {
            v4: Ipv4Addr::from(u32::from(self.v4.base).saturating_add(number)),
            v6: Ipv6Addr::from(u128::from(self.v6.0) | u128::from(number)),
        }
    }
}

/// The block's first address is its name, the second the box's.
const SERVER: u32 = 1;
const FIRST: u32 = 2;

impl Block {
    /// The whole of 100.64/10, and a small office.
    pub const BITS_MIN: u8 = 8;
    pub const BITS_MAX: u8 = 24;

    /// 32,765 keys: four for each device that a network of 9,000 members has.
    const BITS_DRAWN: u8 = 17;

    /// What may be had without asking anybody (RFC 1918, RFC 6598), and its length.
    const PRIVATE: [(Ipv4Addr, u8); 4] = [
        (Ipv4Addr::new(100, 64, 0, 0), 10),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
    ];

    fn random(clock: &Clock) -> Self {
        let shared = u32::from(Ipv4Addr::new(100, 64, 0, 0));
        let drawn = u32::from_be_bytes(clock.random()) & !mask(10) & mask(Self::BITS_DRAWN);
        Self { base: Ipv4Addr::from(shared | drawn), bits: Self::BITS_DRAWN }
    }

    /// How long its network part is.
    pub const fn bits(self) -> u8 {
        self.bits
    }

    pub fn new(base: Ipv4Addr, bits: u8) -> Result<Self, PlanProblem> {
        if !(Self::BITS_MIN..=Self::BITS_MAX).contains(&bits) {
            return Err(PlanProblem::Size);
        }
        let lies_in = |(home, length): &(Ipv4Addr, u8)| {
            bits >= *length && u32::from(base) & mask(*length) == u32::from(*home)
        };
        if !Self::PRIVATE.iter().any(lies_in) {
            return Err(PlanProblem::Public);
        }
        if u32::from(base) & !mask(bits) != 0 {
            return Err(PlanProblem::Unaligned);
        }
        Ok(Self { base, bits })
    }
}

const fn mask(bits: u8) -> u32 {
    if bits == 0 { 0 } else { u32::MAX << (32 - bits) }
}

impl Prefix {
    /// How long its network part is.
    pub const BITS: u8 = 64;

    /// As RFC 4193 wants it: `fd`, forty random bits, a subnet.
    fn random(clock: &Clock) -> Self {
        let [a, b, c, d, e, f, g] = clock.random::<7>();
        Self(Ipv6Addr::from([0xfd, a, b, c, d, e, f, g, 0, 0, 0, 0, 0, 0, 0, 0]))
    }

    pub fn new(base: Ipv6Addr) -> Result<Self, PlanProblem> {
        let [first, ..] = base.octets();
        if first & 0xfe != 0xfc {
            return Err(PlanProblem::Public);
        }
        if u128::from(base) & u128::from(u64::MAX) != 0 {
            return Err(PlanProblem::Unaligned);
        }
        Ok(Self(base))
    }
}

fn halves<A: FromStr>(text: &str) -> Result<(A, u8), PlanProblem> {
    let (base, bits) = text.trim().split_once('/').ok_or(PlanProblem::Form)?;
    let base = base.parse().map_err(|_| PlanProblem::Form)?;
    Ok((base, bits.parse().map_err(|_| PlanProblem::Form)?))
}

impl FromStr for Block {
    type Err = PlanProblem;

    fn from_str(text: &str) -> Result<Self, PlanProblem> {
        let (base, bits) = halves(text)?;
        Self::new(base, bits)
    }
}

impl FromStr for Prefix {
    type Err = PlanProblem;

    fn from_str(text: &str) -> Result<Self, PlanProblem> {
        let (base, bits): (_, u8) = halves(text)?;
        if bits == Self::BITS { Self::new(base) } else { Err(PlanProblem::Size) }
    }
}

impl std::fmt::Display for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/64", self.0)
    }
}
