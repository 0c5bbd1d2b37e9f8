//! Ways outside, what waits for them, and when it may be told.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use provisioning::devices::Device;
use provisioning::facilities::Facility;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

/// What the owner of the box has set up.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Without it nothing is sent by e-mail, and no page speaks of it.
    pub smtp: Option<Smtp>,
    /// Without it there is no Web Push.
    pub push: Option<PushRules>,
}

impl Outside {
    pub const fn is_open(&self) -> bool {
        self.smtp.is_some() || self.push.is_some()
    }
}

/// The server that takes our e-mail.
#[derive(Clone, Debug)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub access: Option<SmtpAccess>,
    /// The sender's address.
    pub from: String,
    /// Where the server's certificate is not signed by an authority of the system.
    pub ca: Option<PathBuf>,
    /// One address is told once in this time, until its member was seen.
    pub bundle: SignedDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    StartTls,
    Tls,
    /// Only to a server on the box itself.
    None,
}

/// The password stays out of every log.
#[derive(Clone)]
pub struct SmtpAccess {
    pub user: String,
    pub password: String,
}

impl std::fmt::Debug for SmtpAccess {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("SmtpAccess(..)")
    }
}

/// Which push services may be spoken to.
#[derive(Clone, Debug, Default)]
pub struct PushRules {
    /// Instead of the known services: for tests.
    pub hosts: Option<Vec<String>>,
    /// Instead of the system's authorities: for tests.
    pub ca: Option<PathBuf>,
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holder {
    Member(Id<Member>),
    Facility(Id<Facility>),
}

impl Holder {
    pub const fn bytes(self) -> [u8; 16] {
        match self {
            Self::Member(id) => id.bytes(),
            Self::Facility(id) => id.bytes(),
        }
    }
}

/// One place outside where somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub id: Id<Self>,
    pub holder: Holder,
    pub to: To,
    #[serde(with = "store::micros")]
    pub since: Timestamp,
    /// When it is looked at next; there is a `Due` row of the same moment.
    #[serde(with = "store::micros::maybe")]
    pub due: Option<Timestamp>,
    pub attempt: Option<Attempt>,
    pub failures: u8,
    #[serde(with = "store::micros::maybe")]
    pub told_at: Option<Timestamp>,
    /// A device shows a notification that nobody has answered.
    pub shown: bool,
    pub stopped: Option<Stopped>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum To {
    Mail(Address),
    Push(Subscription),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayKind {
    Mail,
    Push,
}

impl To {
    pub const fn kind(&self) -> WayKind {
        match self {
            Self::Mail(_) => WayKind::Mail,
            Self::Push(_) => WayKind::Push,
        }
    }
}

/// An e-mail address that its holder has shown to read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address(String);

impl Address {
    /// As people write it; `None` where no mail could go there.
    pub fn parse(text: &str) -> Option<Self> {
        /// What the standard allows.
        const BYTES_MAX: usize = 254;
        let plain = text.trim();
        // Full-width signs come from input methods; they mean the plain ones.
        let plain: String = unicode_normalization::UnicodeNormalization::nfkc(plain).collect();
        let (local, domain) = plain.rsplit_once('@')?;
        let fits = plain.is_ascii()
            && plain.len() <= BYTES_MAX
            && !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && plain
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>(),;:\\\"[]".contains(&byte));
        (fits && plain.parse::<lettre::Address>().is_ok()).then_some(Self(plain))
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

/// People's addresses stay out of logs.
impl std::fmt::Debug for Address {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Address(..)")
    }
}

/// A browser that takes pushes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    pub endpoint: String,
    /// The browser's public key, as a point.
    pub key: Vec<u8>,
    pub secret: Vec<u8>,
    pub device: Id<Device>,
}

/// Somebody is sending; whoever finds it after its end may begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub number: [u8; 16],
    #[serde(with = "store::micros")]
    pub until: Timestamp,
}

/// A place that said that it will never take anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub reason: Reason,
}

/// What has not been told over one way. Reading deletes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub way: Id<Way>,
    pub about: [u8; 16],
    pub wish: Wish,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    /// The attempt that tells it at this moment.
    pub claimed: Option<[u8; 16]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    Tell,
    TellUrgently,
    /// Take a shown notification away: it was read elsewhere.
    Close,
}

/// A way by the moment at which it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub way: Id<Way>,
}

/// Told nobody, and given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    pub id: Id<Self>,
    pub holder: Holder,
    pub mail: bool,
    pub notices: u16,
    pub tries: u8,
    pub reason: Reason,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

/// Why something could not be sent, without a word of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// No line to the server.
    Unreachable,
    /// Its certificate or its TLS is not what was agreed.
    Tls,
    /// It did not answer in time.
    Slow,
    /// The line broke off.
    Cut,
    /// It does not take our user and password.
    Login,
    /// It answered with this code.
    Answered(u16),
    /// It knows no such address.
    NoSuchAddress(u16),
    /// The subscription is over.
    Gone,
    /// The host is not one of the push services.
    ForeignHost,
    /// The box could not make the message.
    Own,
}

/// How sending went last; one row for e-mail and one for pushes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub mail: bool,
    #[serde(with = "store::micros::maybe")]
    pub good_at: Option<Timestamp>,
    pub trouble: Option<Trouble>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    #[serde(with = "store::micros")]
    pub at: Timestamp,
    pub reason: Reason,
}

/// Whose addresses the office allows. Without a row nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsidePolicy {
    pub members: bool,
    pub facilities: bool,
    /// Where the office's own tests go.
    pub office: Option<Address>,
}

/// An address that waits for the code that was sent to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub holder: Holder,
    pub address: Address,
    /// A keyed hash.
    pub code: [u8; 16],
    #[serde(with = "store::micros")]
    pub sent_at: Timestamp,
    pub tries: u8,
}

impl Proof {
    /// Long enough to look into another program, on a telephone too.
    pub const VALID: SignedDuration = SignedDuration::from_mins(30);
    /// Of a million codes.
    pub const TRIES_MAX: u8 = 5;
    /// Nobody's mailbox is to be filled from here.
    pub const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(60);

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.tries < Self::TRIES_MAX && now.duration_since(self.sent_at) < Self::VALID
    }
}

/// Who sits at the screen reads first, and then need not be told.
pub const fn patience(kind: WayKind) -> SignedDuration {
    match kind {
        WayKind::Mail => SignedDuration::from_secs(60),
        WayKind::Push => SignedDuration::from_secs(5),
    }
}

/// A send takes seconds; after this its worker has died.
pub const LEASE: SignedDuration = SignedDuration::from_mins(3);

/// Eight tries in about six hours: a server that is repaired in a working day gets everything.
pub const FAILURES_MAX: u8 = 8;

/// Half a minute, then twice as long each time, at most two hours.
pub fn back_off(failures: u8) -> SignedDuration {
    const FIRST_SECS: i64 = 30;
    const LONGEST_SECS: i64 = 2 * 60 * 60;
    let doubled = FIRST_SECS.saturating_mul(1_i64 << failures.saturating_sub(1).min(20));
    // Growing steps, so that the eighth try comes after a long pause.
    SignedDuration::from_secs(doubled.saturating_mul(3).min(LONGEST_SECS))
}

/// What decides when a way may tell.
#[derive(Clone, Copy, Debug)]
pub struct Peace {
    /// The end of quiet hours, if these are.
    pub quiet_until: Option<Timestamp>,
    /// Until when one telling stands for all.
    pub bundled_until: Option<Timestamp>,
}

impl Waiting {
    /// When this may be told. What is urgent breaks through.
    pub fn ripe_at(&self, kind: WayKind, peace: Peace) -> Timestamp {
        if self.wish != Wish::Tell {
            return self.at;
        }
        let first = self.at.saturating_add(patience(kind)).unwrap_or(self.at);
        [peace.quiet_until, peace.bundled_until].into_iter().flatten().fold(first, Timestamp::max)
    }
}
