//! Whether one key is in two places.
//!
//! A device that roams leaves an address for another. Two devices with one key make the endpoint
//! go to and fro: each packet of the one brings it back to an endpoint that it left a moment ago.
//! The rule: [`RETURNS`] returns to the endpoint before within [`WITHIN`]. Two idle copies that
//! keep alive every 25 s return 9 times in that time; a router that renumbers a client never does.

use std::net::SocketAddr;
use std::time::Duration;

use super::Moment;

const RETURNS: u32 = 6;
const WITHIN: Duration = Duration::from_secs(120);

#[derive(Debug, Default)]
pub struct Places {
    before: Option<SocketAddr>,
    returns: u32,
    since: Moment,
    alarm: Option<Alarm>,
}

/// Somebody should ask whose devices these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub at: Moment,
    pub places: [SocketAddr; 2],
}

impl Places {
    /// The endpoint goes from one address to another. Whether that raises an alarm.
    pub fn moved(&mut self, now: Moment, from: SocketAddr, to: SocketAddr) -> bool {
        let is_return = self.before == Some(to);
        self.before = Some(from);
        if !is_return {
            return false;
        }
        if now.since(self.since) > WITHIN {
            self.since = now;
            self.returns = 0;
        }
        self.returns += 1;
        if self.returns < RETURNS {
            return false;
        }
        let is_first = self.returns == RETURNS;
        self.alarm = Some(Alarm { at: now, places: [from, to] });
        is_first
    }

    pub fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }
}
