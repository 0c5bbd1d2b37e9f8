//! What an absence is.

use jiff::civil::Date;
use provisioning::members::Member;
use serde::{Deserialize, Serialize};
use store::Id;

/// A member's days away; one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    pub member: Id<Member>,
    #[serde(with = "store::civil_date")]
    pub from: Date,
    /// The last day.
    #[serde(with = "store::civil_date")]
    pub until: Date,
    /// A colleague of the same facility, who receives what comes.
    pub deputy: Option<Id<Member>>,
}

impl Absence {
    /// A year of parental leave; who is away for longer has left.
    pub const DAYS_MAX: i32 = 400;

    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && day <= self.until
    }

    /// Its days are in order, not over, and not too many.
    pub fn is_sound(&self, today: Date) -> bool {
        let days = self.until.since(self.from).map(|span| span.get_days());
        self.from <= self.until
            && self.until >= today
            && days.is_ok_and(|days| days <= Self::DAYS_MAX)
    }
}
