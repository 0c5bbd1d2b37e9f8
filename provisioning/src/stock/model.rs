//! What a stock-take is, and what may be answered.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use store::Id;

use crate::devices::Device;
use crate::keyed::keyed_enum;
use crate::members::Member;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockTake {
    pub id: Id<Self>,
    pub started_by: Id<Member>,
    #[serde(with = "store::micros")]
    pub started_at: Timestamp,
    #[serde(with = "store::micros::maybe")]
    pub closed_at: Option<Timestamp>,
}

impl StockTake {
    /// A month finds every facility's manager at work once.
    pub const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);

    pub fn answer_by(&self) -> Timestamp {
        self.started_at + Self::ANSWERED_WITHIN
    }
}

/// The latest answer about one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAnswer {
    pub take: Id<StockTake>,
    pub device: Id<Device>,
    pub there: There,
    pub by: Id<Member>,
    #[serde(with = "store::micros")]
    pub at: Timestamp,
}

keyed_enum! {
    There {
        Here = "here",
        Missing = "missing",
        Unsure = "unsure",
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StockProblem {
    #[error("a stock-take is going on")]
    GoingOn,
    #[error("no stock-take is going on")]
    NotGoingOn,
    #[error("the device is not asked about")]
    Unknown,
    #[error(transparent)]
    Store(#[from] store::StoreError),
}
