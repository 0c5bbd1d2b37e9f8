//! When a certificate is renewed, how long a failure waits, and what is worth an alarm.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Id;

use crate::authority::Pkcs8;
use crate::keyed::keyed_enum;
use crate::members::Member;

keyed_enum! {
    /// Each has a certificate of its own: a browser reuses a connection for every host that its
    /// certificate names. `Inside` is the product once more, under a name that leads into the
    /// tunnel.
    Host {
        App = "app",
        Touroku = "touroku",
        Inside = "inside",
    }
}

/// Who we are to an authority. The key is made on the box and never leaves the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub id: [u8; 32],
    pub directory: String,
    /// The account's address there.
    pub url: String,
    pub key: Pkcs8,
    pub contact: String,
    #[serde(with = "store::micros")]
    pub made_at: Timestamp,
}

impl Account {
    /// One a directory, and one a binding to an account that the operator has there.
    pub fn id(directory: &str, bound_to: Option<&str>) -> [u8; 32] {
        let text = format!("{directory}\n{}", bound_to.unwrap_or_default());
        let mut id = [0; 32];
        id.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        id
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicCertificate {
    pub host: Host,
    /// The name it is for; a box that was given another domain does not serve it.
    pub name: String,
    pub chain: Vec<Vec<u8>>,
    pub key: Pkcs8,
    pub issuer: String,
    pub serial: Vec<u8>,
    pub issuer_key: Option<Vec<u8>>,
    #[serde(with = "store::micros")]
    pub not_before: Timestamp,
    #[serde(with = "store::micros")]
    pub not_after: Timestamp,
    #[serde(with = "store::micros")]
    pub renew_at: Timestamp,
    #[serde(with = "store::micros")]
    pub obtained_at: Timestamp,
}

impl PublicCertificate {
    /// A box whose clock runs behind goes on serving it: browsers have clocks of their own.
    pub fn serves(&self, name: &str, now: Timestamp) -> bool {
        self.name.eq_ignore_ascii_case(name) && now < self.not_after
    }

    fn life(&self) -> SignedDuration {
        self.not_after.duration_since(self.not_before)
    }

    /// Until when it is too new to be replaced, by a button or by a clock that runs ahead.
    fn fresh_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = later(self.obtained_at, FRESH.min(self.life() / 3));
        (self.obtained_at <= now).then_some(until.min(self.not_after))
    }

    fn left(&self, now: Timestamp) -> SignedDuration {
        self.not_after.duration_since(now)
    }
}

/// The last try for a host. Noise of the box: what is obtained stands in the trail, a failure in
/// the log and here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub host: Host,
    #[serde(with = "store::micros")]
    pub tried_at: Timestamp,
    /// In a row, since the last success.
    pub failures: u32,
    #[serde(with = "store::micros")]
    pub hold_until: Timestamp,
    /// The authority itself said how long; nobody here may press on.
    pub bidden: bool,
    pub trouble: Option<Trouble>,
    /// The authority's own words or the system's, cut; English.
    pub detail: String,
}

impl Attempt {
    pub const DETAIL_CHARS_MAX: usize = 300;

    /// Until when a failure waits. Nothing holds where the clock was set back: what it says then
    /// is of no use.
    fn hold(&self, now: Timestamp) -> Option<Timestamp> {
        let held = self.failures > 0 && self.tried_at <= now && now < self.hold_until;
        held.then_some(self.hold_until)
    }
}

/// A clerk pressed the button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    #[serde(with = "store::micros")]
    pub asked_at: Timestamp,
    pub by: Id<Member>,
}

keyed_enum! {
    /// Why the last try failed, as far as the office can do something about it.
    Trouble {
        Unreachable = "unreachable",
        NotTrusted = "not_trusted",
        RateLimited = "rate_limited",
        Account = "account",
        Refused = "refused",
        NotValidated = "not_validated",
        NoChallenge = "no_challenge",
        Hook = "hook",
        TookTooLong = "took_too_long",
        BadAnswer = "bad_answer",
        Stopped = "stopped",
        Internal = "internal",
    }
}

/// Let's Encrypt allows five failed validations an hour for a host; with a quarter, a half, one
/// hour and so on the box never comes near.
const WAIT_FIRST: SignedDuration = SignedDuration::from_mins(15);

/// A renewal begins with a third of the life left: fifteen days of forty-five are sixty tries.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(6);

/// Longer than any limit of Let's Encrypt (a week): what asks for more is a mistake.
const BIDDEN_MAX: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Between two presses of the button: five failures an hour are what Let's Encrypt allows.
const PRESS_GAP: SignedDuration = SignedDuration::from_mins(3);

/// Let's Encrypt gives five equal certificates a week, so a new one is left alone for a while.
const FRESH: SignedDuration = SignedDuration::from_hours(36);

/// A telephone call to whoever runs the box takes a week with a holiday in it.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What the renewal of many boxes is spread over: a fifteenth of the life, three days of 45.
const SPREAD_PART: i32 = 15;

/// How long to wait after so many failures in a row. `draw` spreads those who failed together.
pub fn wait_after(failures: u32, bidden: Option<SignedDuration>, draw: u8) -> SignedDuration {
    let doubled = 1_i32 << failures.saturating_sub(1).min(8);
    let own = WAIT_FIRST.saturating_mul(doubled).min(WAIT_MAX);
    let own = own.saturating_add(spread(own / 4, draw));
    bidden.map_or(own, |bidden| bidden.min(BIDDEN_MAX).max(own))
}

/// A part of the span, chosen by the draw.
pub fn spread(span: SignedDuration, draw: u8) -> SignedDuration {
    span.saturating_mul(draw.into()) / 256
}

/// At two thirds of the life, or a little before.
pub fn renew_at(not_before: Timestamp, not_after: Timestamp, draw: u8) -> Timestamp {
    let life = not_after.duration_since(not_before);
    let early = spread(life / SPREAD_PART, draw);
    later(not_before, life / 3 * 2 - early)
}

/// The moment within the window that the authority suggests, yet never with less than three
/// tenths of the life left: an authority's mistake must not end in none.
pub fn planned(
    certificate: &PublicCertificate,
    window: (Timestamp, Timestamp),
    draw: u8,
) -> Timestamp {
    let (start, end) = window;
    let within = later(start, spread(end.duration_since(start).max(SignedDuration::ZERO), draw));
    let latest = later(certificate.not_before, certificate.life() / 10 * 7);
    within.min(latest)
}

fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.saturating_add(by).unwrap_or(from)
}

/// What keeps a press of the button from being followed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// The authority said so.
    Bidden(Timestamp),
    /// A try was made a moment ago.
    JustTried(Timestamp),
    /// The certificate is new.
    Fresh(Timestamp),
}

impl Barrier {
    pub fn of(
        certificate: Option<&PublicCertificate>,
        attempt: Option<&Attempt>,
        now: Timestamp,
    ) -> Option<Self> {
        if let Some(attempt) = attempt.filter(|attempt| attempt.tried_at <= now) {
            if attempt.bidden
                && let Some(until) = attempt.hold(now)
            {
                return Some(Self::Bidden(until));
            }
            let gap_ends = later(attempt.tried_at, PRESS_GAP);
            if attempt.failures > 0 && now < gap_ends {
                return Some(Self::JustTried(gap_ends));
            }
        }
        let fresh_until = certificate?.fresh_until(now)?;
        (now < fresh_until).then_some(Self::Fresh(fresh_until))
    }

    pub const fn until(self) -> Timestamp {
        match self {
            Self::Bidden(until) | Self::JustTried(until) | Self::Fresh(until) => until,
        }
    }
}

/// What came of a press of the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Taken,
    Not(Barrier),
}

/// When the next try is due; in the past or now means at once.
pub fn due(
    name: &str,
    certificate: Option<&PublicCertificate>,
    attempt: Option<&Attempt>,
    wish: Option<&Wish>,
    now: Timestamp,
) -> Timestamp {
    let tried_at = attempt.map_or(Timestamp::MIN, |attempt| attempt.tried_at);
    let wished = wish.is_some_and(|wish| tried_at < wish.asked_at && wish.asked_at <= now);
    if wished && Barrier::of(certificate, attempt, now).is_none() {
        return now;
    }
    let wanted = match certificate {
        Some(one) if one.serves(name, now) => {
            one.fresh_until(now).map_or(one.renew_at, |fresh| one.renew_at.max(fresh))
        }
        Some(_) | None => now,
    };
    attempt.and_then(|attempt| attempt.hold(now)).map_or(wanted, |hold| wanted.max(hold))
}

/// What the office is told until a renewal succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// A third of the life is left, and the renewal has failed.
    Late,
    /// The end is near.
    Soon,
    /// There is no valid public certificate: browsers are shown one of our own authority.
    Fallback,
}

impl Alarm {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Soon => "soon",
            Self::Fallback => "fallback",
        }
    }
}

/// How a host's public certificate is, at one moment.
#[derive(Clone, Debug)]
pub struct Standing {
    pub host: Host,
    pub name: String,
    /// The valid one, if there is one.
    pub certificate: Option<PublicCertificate>,
    pub attempt: Option<Attempt>,
    pub next_try: Timestamp,
    pub alarm: Option<Alarm>,
}

impl Standing {
    pub(super) fn of(
        host: Host,
        name: String,
        kept: Option<PublicCertificate>,
        attempt: Option<Attempt>,
        wish: Option<&Wish>,
        now: Timestamp,
    ) -> Self {
        let next_try = due(&name, kept.as_ref(), attempt.as_ref(), wish, now);
        let ended = kept.is_some();
        let certificate = kept.filter(|one| one.serves(&name, now));
        let failed = attempt.as_ref().is_some_and(|attempt| attempt.failures > 0);
        let alarm = match &certificate {
            None => (failed || ended).then_some(Alarm::Fallback),
            Some(one) => alarm_of(one, failed, now),
        };
        Self { host, name, certificate, attempt, next_try, alarm }
    }
}

fn alarm_of(certificate: &PublicCertificate, failed: bool, now: Timestamp) -> Option<Alarm> {
    let (life, left) = (certificate.life(), certificate.left(now));
    // Certificates of six days would always be near their end.
    if left <= SOON.min(life / 6) {
        return Some(Alarm::Soon);
    }
    // A quarter: whatever the reason, the renewal should have been long ago.
    let late = (failed && left <= life / 3 && certificate.renew_at <= now) || left <= life / 4;
    late.then_some(Alarm::Late)
}
