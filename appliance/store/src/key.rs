//! Keys: bytes whose order is the order of what they say.
//!
//! Every part but the last has a fixed width, so that a shorter tuple is a prefix of a longer
//! one. Keys are stored in clear: they hold ids, times and blinded names, never people's words.

use jiff::Timestamp;

use crate::Id;

/// A key's bytes under construction.
pub struct KeyBytes(Vec<u8>);

impl KeyBytes {
    pub fn of(key: &impl Key) -> Vec<u8> {
        let mut bytes = Self(Vec::with_capacity(48));
        key.write(&mut bytes);
        bytes.0
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

pub trait Key {
    fn write(&self, to: &mut KeyBytes);
}

/// A time that sorts newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest(pub Timestamp);

impl Key for Newest {
    fn write(&self, to: &mut KeyBytes) {
        to.push(&(u64::MAX - ordered(self.0)).to_be_bytes());
    }
}

impl Key for Timestamp {
    fn write(&self, to: &mut KeyBytes) {
        to.push(&ordered(*self).to_be_bytes());
    }
}

/// Moved up by half the range, so that times before 1970 sort first.
fn ordered(at: Timestamp) -> u64 {
    at.as_microsecond().cast_unsigned() ^ (1 << 63)
}

impl<T> Key for Id<T> {
    fn write(&self, to: &mut KeyBytes) {
        to.push(&self.bytes());
    }
}

impl<const N: usize> Key for [u8; N] {
    fn write(&self, to: &mut KeyBytes) {
        to.push(self);
    }
}

impl Key for u8 {
    fn write(&self, to: &mut KeyBytes) {
        to.push(&[*self]);
    }
}

impl Key for u64 {
    fn write(&self, to: &mut KeyBytes) {
        to.push(&self.to_be_bytes());
    }
}

/// Only as the last part. Codes, never names.
impl Key for &str {
    fn write(&self, to: &mut KeyBytes) {
        to.push(self.as_bytes());
    }
}

impl Key for () {
    fn write(&self, _: &mut KeyBytes) {}
}

macro_rules! tuple_key {
    ($($part:ident),+) => {
        impl<$($part: Key),+> Key for ($($part,)+) {
            fn write(&self, to: &mut KeyBytes) {
                #[expect(non_snake_case, reason = "the parts are named by their types")]
                let ($($part,)+) = self;
                $($part.write(to);)+
            }
        }
    };
}

tuple_key!(A);
tuple_key!(A, B);
tuple_key!(A, B, C);
tuple_key!(A, B, C, D);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_like_what_they_say() {
        let at = |micros| Timestamp::from_microsecond(micros).unwrap();
        assert!(KeyBytes::of(&at(-5)) < KeyBytes::of(&at(3)));
        assert!(KeyBytes::of(&Newest(at(3))) < KeyBytes::of(&Newest(at(-5))));
        assert!(KeyBytes::of(&(7u64, 1u8)) < KeyBytes::of(&(7u64, 2u8)));
        assert!(KeyBytes::of(&(7u64, 9u8)) < KeyBytes::of(&(256u64, 0u8)));
    }
}
