//! What a renewal is, and when it may begin.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Id, Read};

use crate::authority::AuthorityError;
use crate::devices::Device;
use crate::enrolment::Form;
use crate::members::Member;

/// Two months leave time for holidays, and for a telephone call where it does not work.
pub const RENEWAL_FROM: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The latest renewal of a device: a newer one takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    pub id: Id<Self>,
    pub device: Id<Device>,
    pub member: Id<Member>,
    pub form: Form,
    #[serde(with = "store::micros")]
    pub begun_at: Timestamp,
    /// The key of the new certificate, once it was taken.
    pub taken: Option<[u8; 32]>,
    #[serde(with = "store::micros::maybe")]
    pub taken_at: Option<Timestamp>,
}

impl Renewal {
    /// As long as an enrolment's session: somebody reads the steps and goes for coffee.
    pub const VALID: SignedDuration = SignedDuration::from_mins(30);

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.taken.is_none() && now.duration_since(self.begun_at) < Self::VALID
    }

    /// The password of the `.p12`: derived from what only this box can derive it from, so it is
    /// kept nowhere. Shown to the member who began, at this device.
    pub fn p12_password(&self, read: &Read<'_>) -> String {
        let word = [b"renewal p12\0".as_slice(), &self.id.bytes(), &self.member.bytes()].concat();
        crate::symbols::grouped(&crate::symbols::of_bytes(read.blind(&word)))
    }
}

/// Whose session asks, and with which of the device's keys it speaks.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub member: Id<Member>,
    pub device: Id<Device>,
    pub spki: [u8; 32],
}

#[derive(Debug, thiserror::Error)]
pub enum RenewalProblem {
    #[error("the device, its certificate or its member may not renew")]
    NotAllowed,
    #[error("the certificate lasts for more than two months")]
    TooEarly,
    /// Taken before, begun by somebody else in between, or too long ago.
    #[error("the renewal is not at this step")]
    OtherStep,
    #[error("this key was certified before")]
    KeyKnown,
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

pub fn is_due(ends_at: Timestamp, now: Timestamp) -> bool {
    now < ends_at && ends_at.duration_since(now) <= RENEWAL_FROM
}

/// Days on the calendar in Japan that a certificate lasts; 0 on its last day.
pub fn days_left(ends_at: Timestamp, now: Timestamp) -> i64 {
    let day = |at: Timestamp| at.to_zoned(japan()).date();
    (day(ends_at).duration_since(day(now)).as_hours() / 24).max(0)
}

fn japan() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::fixed(jiff::tz::offset(9))
}

/// What the number of a certificate that was taken then begins with: the minute, in Japan.
pub fn mark(taken_at: Timestamp) -> String {
    let at = taken_at.to_zoned(japan());
    at.strftime("%Y%m%d-%H%M").to_string()
}
