//! Datagrams that leave by one call.

use std::mem;

use super::outside::{PIECES_MAX, SEND_BYTES_MAX};
use crate::engine::Route;

/// Side by side, for one peer, of one size but for the last.
#[derive(Debug, Default)]
pub struct Batch {
    route: Option<Route>,
    /// Of all: where the next one goes.
    pub used: usize,
    /// Of each.
    pub size: usize,
    count: usize,
    is_closed: bool,
}

impl Batch {
    pub fn takes(&self, route: &Route, datagram: usize) -> bool {
        self.count == 0
            || (!self.is_closed
                && self.route == Some(*route)
                && datagram <= self.size
                && self.count < PIECES_MAX
                && self.used + datagram <= SEND_BYTES_MAX)
    }

    pub fn add(&mut self, route: &Route, length: usize) {
        if self.count == 0 {
            self.route = Some(*route);
            self.size = length;
        }
        self.is_closed = length < self.size;
        self.used += length;
        self.count += 1;
    }

    /// Begins anew.
    pub fn take(&mut self) -> Self {
        mem::take(self)
    }

    /// Where it goes, and how long it is; `None` when there is nothing to send.
    pub fn filled(&self) -> Option<(Route, usize)> {
        self.route.map(|route| (route, self.used))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;

    fn route(number: u8) -> Route {
        let remote = SocketAddr::new(Ipv4Addr::new(192, 0, 2, number).into(), 1);
        Route { remote, local: None, port: 0 }
    }

    fn filled(lengths: &[usize]) -> Batch {
        let mut batch = Batch::default();
        for length in lengths {
            assert!(batch.takes(&route(1), *length), "{length}");
            batch.add(&route(1), *length);
        }
        batch
    }

    #[test]
    fn acknowledgements_of_one_peer_leave_together() {
        let mut batch = filled(&[96; PIECES_MAX]);
        assert!(!batch.takes(&route(1), 96), "the kernel's limit");
        assert_eq!(batch.filled(), Some((route(1), 96 * PIECES_MAX)));
        assert_eq!(batch.take().size, 96);
        assert_eq!(batch.filled(), None);
        assert!(batch.takes(&route(2), 1_312));
    }

    #[test]
    fn only_the_last_is_shorter_and_none_is_longer() {
        assert!(!filled(&[96]).takes(&route(1), 1_312));
        let closed = filled(&[1_312, 1_312, 96]);
        assert!(!closed.takes(&route(1), 96));
        assert_eq!((closed.used, closed.size), (2 * 1_312 + 96, 1_312));
    }

    #[test]
    fn another_peer_or_another_way_to_it_begins_anew() {
        let batch = filled(&[96]);
        assert!(!batch.takes(&route(2), 96));
        let other_port = Route { port: 1, ..route(1) };
        assert!(!batch.takes(&other_port, 96));
        let other_address = Route { local: Some(Ipv4Addr::LOCALHOST.into()), ..route(1) };
        assert!(!batch.takes(&other_address, 96));
    }

    #[test]
    fn no_send_is_longer_than_the_kernel_takes() {
        let mut batch = Batch::default();
        while batch.takes(&route(1), 1_312) {
            batch.add(&route(1), 1_312);
        }
        assert_eq!(batch.used, SEND_BYTES_MAX / 1_312 * 1_312);
    }
}
