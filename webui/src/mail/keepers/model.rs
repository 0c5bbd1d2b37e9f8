//! Keepers, and whose eyes see what they keep.

use provisioning::facilities::Facility;
use provisioning::members::{Member, Role};
use serde::{Deserialize, Serialize};
use store::Id;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keeper {
    Own(Id<Member>),
    Facility(Id<Facility>),
    Network,
}

impl Keeper {
    /// Members and facilities share one space of ids; the network has the one that nobody gets.
    pub const fn id(self) -> Id<Self> {
        match self {
            Self::Own(member) => Id::from_bytes(member.bytes()),
            Self::Facility(facility) => Id::from_bytes(facility.bytes()),
            Self::Network => Id::from_bytes([0; 16]),
        }
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::Own(_) => "own",
            Self::Facility(_) => "facility",
            Self::Network => "network",
        }
    }

    /// What a keeper may choose from, the usual first.
    pub const fn sights(self) -> &'static [SeenBy] {
        match self {
            Self::Own(_) => &[SeenBy::Circle],
            Self::Facility(_) => &[SeenBy::Circle, SeenBy::Managers, SeenBy::Everybody],
            Self::Network => &[SeenBy::Circle, SeenBy::Managers],
        }
    }
}

/// Who sees it beside its keeper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeenBy {
    /// The facility's staff, or everybody of the network.
    #[default]
    Circle,
    /// Those of the circle who manage.
    Managers,
    /// Everybody of the network, where a facility shares it.
    Everybody,
}

impl SeenBy {
    pub fn of_key(key: &str) -> Self {
        match key {
            "managers" => Self::Managers,
            "everybody" => Self::Everybody,
            _ => Self::Circle,
        }
    }

    pub const fn key(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Managers => "managers",
            Self::Everybody => "everybody",
        }
    }

    pub const fn number(self) -> u8 {
        match self {
            Self::Circle => 0,
            Self::Managers => 1,
            Self::Everybody => 2,
        }
    }
}

/// Somebody who looks, with what decides what is seen.
#[derive(Clone, Copy, Debug)]
pub struct Onlooker {
    pub member: Id<Member>,
    pub facility: Id<Facility>,
    leads: bool,
}

impl Onlooker {
    pub fn of(member: &Member) -> Self {
        let roles = &member.details.roles;
        let leads = roles.has(Role::FacilityManager) || roles.is_office();
        Self { member: member.id, facility: member.facility, leads }
    }

    pub fn sees(&self, keeper: Keeper, seen_by: SeenBy) -> bool {
        match (keeper, seen_by) {
            (Keeper::Own(member), _) => member == self.member,
            (Keeper::Facility(facility), SeenBy::Circle) => facility == self.facility,
            (Keeper::Facility(facility), SeenBy::Managers) => {
                facility == self.facility && self.leads
            }
            (Keeper::Network, SeenBy::Managers) => self.leads,
            (Keeper::Facility(_), SeenBy::Everybody)
            | (Keeper::Network, SeenBy::Circle | SeenBy::Everybody) => true,
        }
    }

    /// The keepers that one looks at first, the nearest first.
    pub const fn keepers(&self) -> [Keeper; 3] {
        [Keeper::Own(self.member), Keeper::Facility(self.facility), Keeper::Network]
    }
}
