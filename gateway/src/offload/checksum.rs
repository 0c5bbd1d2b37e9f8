//! The internet checksum (RFC 1071), eight bytes at a time.

use std::net::IpAddr;

/// A sum in progress: one's complement, not yet folded. Big enough for 2^32 additions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// `bytes` begin at an even place of what is summed, and only the last piece is odd.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<8>();
        // Halves of 32 bits, so that no carry is lost; wrapping, so that the compiler may add
        // several at a time: 64 KB are 2^14 halves, which cannot overflow.
        let mut sum = self.0;
        for word in words {
            // Native order: the sum of swapped bytes is the swapped sum (RFC 1071, 2 B).
            let word = u64::from_ne_bytes(*word);
            sum = sum.wrapping_add(word & 0xffff_ffff).wrapping_add(word >> 32);
        }
        let (pairs, last) = rest.as_chunks::<2>();
        for pair in pairs {
            sum = sum.wrapping_add(u16::from_ne_bytes(*pair).into());
        }
        if let [byte] = last {
            sum = sum.wrapping_add(u16::from_ne_bytes([*byte, 0]).into());
        }
        Self(sum)
    }

    #[must_use]
    pub fn number(self, number: u16) -> Self {
        Self(self.0 + u64::from(number.to_be()))
    }

    /// What stands in a header while the rest is still to be added.
    pub fn partial(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        u16::from_be(u16::try_from(sum).unwrap_or(u16::MAX))
    }

    pub fn checksum(self) -> u16 {
        !self.partial()
    }
}

/// Of TCP and UDP: `length` is that of header and payload.
pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, length: u16) -> Sum {
    let add = |sum: Sum, address| match address {
        IpAddr::V4(address) => sum.bytes(&address.octets()),
        IpAddr::V6(address) => sum.bytes(&address.octets()),
    };
    add(add(Sum::default(), source), destination).number(protocol.into()).number(length)
}
