//! What a facility is, and which codes are well-formed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Id;

use crate::japanese::fold_code;
use crate::keyed::keyed_enum;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facility {
    pub id: Id<Self>,
    pub code: FacilityCode,
    pub details: FacilityDetails,
    pub state: FacilityState,
    pub policy: RoutePolicy,
    #[serde(with = "store::micros")]
    pub registered_at: Timestamp,
}

/// What the office types and may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilityDetails {
    pub kind: FacilityKind,
    pub name: String,
    /// The name's reading in katakana.
    pub kana: String,
    /// The short name used in lists; the name itself where it is empty.
    pub short: String,
    pub postal: String,
    pub address: String,
    pub phone: String,
    pub fax: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FacilityState {
    Active,
    /// Its devices and members stop at once; nothing is deleted.
    Suspended,
}

keyed_enum! {
    /// Which ways in a facility's devices may take.
    RoutePolicy {
        Either = "either",
        Tls = "tls",
        Vpn = "vpn",
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FacilityProblem {
    #[error("another facility has this code")]
    CodeTaken,
    #[error("no such facility")]
    Unknown,
    #[error("somebody changed the facility in between")]
    Changed,
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

/// The ten-digit code by which a facility logs in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FacilityCode(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    Empty,
    WrongLength,
    NotDigits,
}

impl FacilityCode {
    pub const LENGTH: usize = 10;

    /// Ten digits; the third may be a letter (care-insurance numbers use A and B).
    pub fn parse(text: &str) -> Result<Self, CodeProblem> {
        let code = fold_code(text);
        if code.is_empty() {
            return Err(CodeProblem::Empty);
        }
        if code.chars().count() != Self::LENGTH {
            return Err(CodeProblem::WrongLength);
        }
        let well_formed = code
            .chars()
            .enumerate()
            .all(|(place, c)| c.is_ascii_digit() || (place == 2 && c.is_ascii_uppercase()));
        if well_formed { Ok(Self(code)) } else { Err(CodeProblem::NotDigits) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Modulus 10, weights 2 and 1, digits added. Real lists hold codes that fail it, so it is a
    /// warning and never refuses; a code with a letter has no such digit.
    pub fn check_digit_fits(&self) -> bool {
        let digits: Option<Vec<u32>> = self.0.chars().map(|c| c.to_digit(10)).collect();
        let Some(digits) = digits else { return true };
        luhn_sum(&digits).is_multiple_of(10)
    }

    /// The code that nine digits lead to, for codes that the office gives out itself.
    pub fn with_check_digit(nine: [u8; 9]) -> Self {
        let mut digits: Vec<u32> = nine.iter().map(|digit| u32::from(digit % 10)).collect();
        digits.push(0);
        let check = (10 - luhn_sum(&digits) % 10) % 10;
        digits.pop();
        digits.push(check);
        Self(digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect())
    }
}

fn luhn_sum(digits: &[u32]) -> u32 {
    let weighted = digits.iter().rev().zip([1, 2].into_iter().cycle());
    weighted.map(|(digit, weight)| digit * weight).map(|n| n / 10 + n % 10).sum()
}

keyed_enum! {
    /// What kind of facility it is; the order is the order of choice lists and stored bytes.
    FacilityKind {
        Hospital = "hospital",
        ClinicWithBeds = "clinic_with_beds",
        Clinic = "clinic",
        DentalClinic = "dental_clinic",
        Pharmacy = "pharmacy",
        HomeNursing = "home_nursing",
        CareManagement = "care_management",
        CommunitySupportCenter = "community_support_center",
        HomeCare = "home_care",
        DayCare = "day_care",
        GroupHome = "group_home",
        SpecialNursingHome = "special_nursing_home",
        HealthFacility = "health_facility",
        WelfareEquipment = "welfare_equipment",
        Municipality = "municipality",
        FireDepartment = "fire_department",
        Association = "association",
        Office = "office",
    }
}
