//! How often cards may be tried: per address and over all, in windows of one minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::Timestamp;

/// Somebody with a pile of cards types one in three seconds at best.
const TRIES_OF_ADDRESS_MAX: u32 = 20;

/// A set-up day of two hundred facilities does not reach it.
const TRIES_MAX: u32 = 200;

#[derive(Default)]
struct Window {
    minute: i64,
    all: u32,
    by_address: HashMap<IpAddr, u32>,
}

static WINDOW: LazyLock<Mutex<Window>> = LazyLock::new(Mutex::default);

pub fn may_try(address: IpAddr, now: Timestamp) -> bool {
    let mut window = WINDOW.lock().unwrap_or_else(PoisonError::into_inner);
    window.count(address, now.as_second().div_euclid(60))
}

impl Window {
    fn count(&mut self, address: IpAddr, minute: i64) -> bool {
        if minute != self.minute {
            *self = Self { minute, ..Self::default() };
        }
        let of_address = self.by_address.entry(address).or_default();
        if self.all >= TRIES_MAX || *of_address >= TRIES_OF_ADDRESS_MAX {
            return false;
        }
        *of_address += 1;
        self.all += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_stopped_before_all_are() {
        let mut window = Window::default();
        let one = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..TRIES_OF_ADDRESS_MAX {
            assert!(window.count(one, 1));
        }
        assert!(!window.count(one, 1));
        assert!(window.count(IpAddr::from([192, 0, 2, 2]), 1));
        assert!(window.count(one, 2), "a new minute forgets");
    }

    #[test]
    fn many_addresses_together_are_stopped_too() {
        let mut window = Window::default();
        let tries = (0..=u8::MAX).map(|last| window.count(IpAddr::from([192, 0, 2, last]), 1));
        let let_in = tries.filter(|allowed| *allowed).count();
        assert_eq!(u32::try_from(let_in).unwrap(), TRIES_MAX);
    }
}
