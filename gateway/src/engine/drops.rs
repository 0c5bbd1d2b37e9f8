//! Why something was dropped, and how often.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::filter::Blocked;
use crate::wireguard::Refused;

macro_rules! drops {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Each reason has a code that never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Drop { $($(#[$doc])* $name,)* }

        impl Drop {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }

        /// Counts since the start.
        #[derive(Debug, Default)]
        #[expect(non_snake_case, reason = "one counter a variant, under its name")]
        pub struct Drops { $($name: AtomicU64,)* }

        impl Drops {
            fn counter(&self, why: Drop) -> &AtomicU64 {
                match why { $(Drop::$name => &self.$name,)* }
            }
        }
    };
}

drops! {
    /// No message of the protocol.
    Junk = "junk",
    BadMac = "bad-mac",
    UnknownKey = "unknown-key",
    UnknownIndex = "unknown-index",
    NoSession = "no-session",
    Replayed = "replayed",
    Forged = "forged",
    /// There was a later one; this may be a replay.
    StaleInitiation = "stale-initiation",
    /// The same, and no replay: the device's clock was set back.
    ClockBehind = "clock-behind",
    LowOrder = "low-order",
    Malformed = "malformed",
    Revoked = "revoked",
    /// A source that showed its cookie, and then asked too often.
    SourceTooFast = "source-too-fast",
    PeerTooFast = "peer-too-fast",
    Overload = "overload",
    InnerSource = "inner-source",
    InnerDestination = "inner-destination",
    InnerDoor = "inner-door",
    InnerShape = "inner-shape",
    InnerMalformed = "inner-malformed",
    /// From inside, and for nobody: the TUN's own router solicitations too.
    NoPeer = "no-peer",
    /// From inside, for a peer that is not there.
    NotConnected = "not-connected",
    /// From inside, and not what its virtio header says.
    Unsplittable = "unsplittable",
    /// The system would not take it.
    SendFailed = "send-failed",
    TunFailed = "tun-failed",
    /// A fault of ours, contained to one peer.
    Panicked = "panicked",
}

impl Drops {
    pub fn count(&self, why: Drop) {
        self.counter(why).fetch_add(1, Ordering::Relaxed);
    }

    pub fn of(&self, why: Drop) -> u64 {
        self.counter(why).load(Ordering::Relaxed)
    }

    /// Those that happened.
    pub fn all(&self) -> Vec<(Drop, u64)> {
        let counted = Drop::ALL.iter().map(|why| (*why, self.of(*why)));
        counted.filter(|(_, count)| *count > 0).collect()
    }
}

impl From<Refused> for Drop {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSession => Self::NoSession,
            Refused::Replayed => Self::Replayed,
            Refused::Forged => Self::Forged,
            Refused::Stale => Self::StaleInitiation,
            Refused::LowOrder => Self::LowOrder,
            Refused::Malformed => Self::Malformed,
        }
    }
}

impl From<Blocked> for Drop {
    fn from(blocked: Blocked) -> Self {
        match blocked {
            Blocked::Source => Self::InnerSource,
            Blocked::Destination => Self::InnerDestination,
            Blocked::Door => Self::InnerDoor,
            Blocked::Shape => Self::InnerShape,
            Blocked::Malformed => Self::InnerMalformed,
        }
    }
}
