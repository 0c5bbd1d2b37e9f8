//! What a device is, and when it is let in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::facilities::Facility;
use crate::keyed::keyed_enum;
use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: Id<Self>,
    pub facility: Id<Facility>,
    /// What its people call it; never a person's name by rule, so that it may be shown.
    pub name: String,
    pub platform: Platform,
    /// Office pages open on these devices only.
    pub office: bool,
    pub state: DeviceState,
    /// Whose card enrolled it.
    pub enrolled_by: Id<Member>,
    #[serde(with = "store::micros")]
    pub enrolled_at: Timestamp,
    #[serde(with = "store::micros::maybe")]
    pub first_seen_at: Option<Timestamp>,
}

keyed_enum! {
    Platform {
        Windows = "windows",
        Ipad = "ipad",
        Android = "android",
        Mac = "mac",
        Linux = "linux",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceState {
    Active,
    /// Lost or stolen: cut at once, never comes back.
    Revoked {
        #[serde(with = "store::micros")]
        at: Timestamp,
    },
    /// Replaced or given away.
    Retired {
        #[serde(with = "store::micros")]
        at: Timestamp,
    },
}

/// A device certificate by the hash of its key: authority is looked up here, never in its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    pub spki: [u8; 32],
    pub device: Id<Device>,
    pub serial: Vec<u8>,
    #[serde(with = "store::micros")]
    pub not_before: Timestamp,
    #[serde(with = "store::micros")]
    pub not_after: Timestamp,
    pub state: CertificateState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CertificateState {
    Active,
    Revoked {
        #[serde(with = "store::micros")]
        at: Timestamp,
    },
}

/// When a device last spoke; written seldom, so it may be some minutes old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSeen {
    pub device: Id<Device>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

/// A device that may speak now, with the end of its certificate.
#[derive(Clone, Debug)]
pub struct Admission {
    pub device: Device,
    pub facility: Facility,
    /// Of the key that speaks.
    pub spki: [u8; 32],
    pub not_after: Timestamp,
    /// A renewed certificate that waited for this first use.
    pub waited: bool,
}

/// Why a device may not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Unknown,
    CertificateRevoked,
    /// The device goes on with another certificate.
    CertificateReplaced,
    NotYetValid,
    Expired,
    DeviceRevoked,
    DeviceRetired,
    FacilitySuspended,
    RouteNotAllowed,
}

/// The rules that need no row beyond these.
pub(super) fn judge(
    certificate: &Certificate,
    device: &Device,
    facility: &Facility,
    now: Timestamp,
) -> Result<(), Refusal> {
    use crate::facilities::{FacilityState, RoutePolicy};

    match (&certificate.state, &device.state) {
        (CertificateState::Active, _) => {}
        (CertificateState::Revoked { .. }, DeviceState::Active) => {
            return Err(Refusal::CertificateReplaced);
        }
        (
            CertificateState::Revoked { .. },
            DeviceState::Revoked { .. } | DeviceState::Retired { .. },
        ) => return Err(Refusal::CertificateRevoked),
    }
    match device.state {
        DeviceState::Active => {}
        DeviceState::Revoked { .. } => return Err(Refusal::DeviceRevoked),
        DeviceState::Retired { .. } => return Err(Refusal::DeviceRetired),
    }
    if now < certificate.not_before {
        return Err(Refusal::NotYetValid);
    }
    if now > certificate.not_after {
        return Err(Refusal::Expired);
    }
    match facility.state {
        FacilityState::Active => {}
        FacilityState::Suspended => return Err(Refusal::FacilitySuspended),
    }
    match facility.policy {
        RoutePolicy::Either | RoutePolicy::Tls => Ok(()),
        RoutePolicy::Vpn => Err(Refusal::RouteNotAllowed),
    }
}
