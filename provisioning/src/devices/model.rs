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

/// When a device last came each way; written as seldom as [`DeviceSeen`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRoutes {
    pub device: Id<Device>,
    #[serde(with = "store::micros::maybe")]
    pub outside_at: Option<Timestamp>,
    #[serde(with = "store::micros::maybe")]
    pub tunnel_at: Option<Timestamp>,
}

impl DeviceRoutes {
    pub fn latest(&self) -> Option<LastRoute> {
        match (self.outside_at, self.tunnel_at) {
            (None, None) => None,
            (outside, tunnel) if tunnel > outside => Some(LastRoute::Tunnel),
            (Some(_) | None, _) => Some(LastRoute::Outside),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastRoute {
    Outside,
    Tunnel,
}
