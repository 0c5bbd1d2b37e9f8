//! Token buckets: one, and a bounded table of them by source.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::Moment;

/// How fast something may go on, and how much at once.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub per_second: u32,
    pub burst: u32,
}

/// Starts full.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    rate: Rate,
    /// How much time is saved up, in seconds divided by the rate.
    saved: Duration,
    at: Moment,
}

impl Bucket {
    pub fn new(rate: Rate) -> Self {
        Self { rate, saved: price(rate) * rate.burst, at: Moment::default() }
    }

    fn fill(&mut self, now: Moment) {
        let most = price(self.rate) * self.rate.burst;
        self.saved = self.saved.saturating_add(now.since(self.at)).min(most);
        self.at = self.at.max(now);
    }

    pub fn has(&mut self, now: Moment) -> bool {
        self.fill(now);
        self.saved >= price(self.rate)
    }

    /// Whether there was one.
    pub fn take(&mut self, now: Moment) -> bool {
        let has = self.has(now);
        if has {
            self.saved -= price(self.rate);
        }
        has
    }

    fn is_full(&mut self, now: Moment) -> bool {
        self.fill(now);
        self.saved == price(self.rate) * self.rate.burst
    }
}

fn price(rate: Rate) -> Duration {
    Duration::from_secs(1) / rate.per_second
}

/// As many sources as are told apart; beyond it they share one bucket. 4,096 sources that were
/// all proven by a cookie within two seconds are a botnet, not clinics.
const SOURCES_MAX: usize = 4_096;

#[derive(Debug)]
pub struct Buckets {
    rate: Rate,
    by_source: HashMap<IpAddr, Bucket>,
    others: Bucket,
}

impl Buckets {
    pub fn new(rate: Rate) -> Self {
        Self { rate, by_source: HashMap::new(), others: Bucket::new(rate) }
    }

    pub fn take(&mut self, now: Moment, source: IpAddr) -> bool {
        let source = network(source);
        if let Some(bucket) = self.by_source.get_mut(&source) {
            return bucket.take(now);
        }
        if self.by_source.len() >= SOURCES_MAX {
            return self.others.take(now);
        }
        let bucket = self.by_source.entry(source).or_insert(Bucket::new(self.rate));
        bucket.take(now)
    }

    /// Forgets who has been quiet for long enough.
    pub fn tick(&mut self, now: Moment) {
        self.by_source.retain(|_, bucket| !bucket.is_full(now));
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.by_source.len()
    }
}

/// One subscriber has a whole /64 of IPv6.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}
