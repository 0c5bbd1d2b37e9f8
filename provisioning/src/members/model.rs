//! What a member is, and when a member may log in.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::Id;

use super::Job;
use crate::facilities::Facility;
use crate::japanese::fold_code;
use crate::keyed::keyed_enum;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: Id<Self>,
    pub facility: Id<Facility>,
    pub login: Login,
    pub details: MemberDetails,
    pub locked: bool,
    #[serde(with = "store::micros")]
    pub registered_at: Timestamp,
}

/// What the office types and may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberDetails {
    pub name: PersonName,
    pub job: Job,
    pub roles: Roles,
    #[serde(with = "store::civil_date::maybe")]
    pub starts: Option<Date>,
    /// The last day on which the member may log in.
    #[serde(with = "store::civil_date::maybe")]
    pub retires: Option<Date>,
}

/// Family name first, always; readings in katakana.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    pub family: String,
    pub given: String,
    pub family_kana: String,
    pub given_kana: String,
}

impl PersonName {
    pub fn full(&self) -> String {
        format!("{} {}", self.family, self.given)
    }

    pub fn kana(&self) -> String {
        format!("{} {}", self.family_kana, self.given_kana)
    }
}

/// Logs hold ids, never names.
impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonName({} chars)", self.family.chars().count() + self.given.chars().count())
    }
}

keyed_enum! {
    /// What a member may do beyond the own mail.
    Role {
        Staff = "staff",
        FacilityManager = "facility_manager",
        Office = "office",
        OfficeAdministrator = "office_administrator",
        Auditor = "auditor",
        EmergencyViewer = "emergency_viewer",
    }
}

/// A member's roles, each once, in the order of `Role`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles(Vec<Role>);

impl Roles {
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Self {
        let mut roles: Vec<Role> = roles.into_iter().collect();
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }

    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    pub fn is_office(&self) -> bool {
        self.has(Role::Office) || self.has(Role::OfficeAdministrator)
    }

    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }
}

/// Whether a member may log in on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Welcome,
    NotStarted,
    Retired,
    Locked,
}

impl Member {
    pub fn standing(&self, today: Date) -> Standing {
        if self.locked {
            Standing::Locked
        } else if self.details.starts.is_some_and(|starts| today < starts) {
            Standing::NotStarted
        } else if self.details.retires.is_some_and(|retires| today > retires) {
            Standing::Retired
        } else {
            Standing::Welcome
        }
    }
}

/// The day in Japan, on which members come and go. There is no summer time.
pub fn today(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date()
}

/// The user id that a member types to log in; unique within the facility.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Login(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    Empty,
    TooLong,
    NotPlain,
}

impl Login {
    /// Long enough for a family name and a number, short enough for a card.
    pub const CHARS_MAX: usize = 20;

    /// ASCII letters, digits, dot and underscore; case does not count.
    pub fn parse(text: &str) -> Result<Self, LoginProblem> {
        let login = fold_code(text).to_lowercase();
        if login.is_empty() {
            return Err(LoginProblem::Empty);
        }
        if login.chars().count() > Self::CHARS_MAX {
            return Err(LoginProblem::TooLong);
        }
        let plain = login.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
        if plain { Ok(Self(login)) } else { Err(LoginProblem::NotPlain) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, thiserror::Error)]
pub enum MemberProblem {
    #[error("another member of the facility has this login")]
    LoginTaken,
    #[error("no such facility")]
    NoFacility,
    #[error("no such member")]
    Unknown,
    #[error(transparent)]
    Store(#[from] store::StoreError),
}
