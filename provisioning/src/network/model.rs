//! One row that makes a store a network.

use serde::{Deserialize, Serialize};

use crate::authority::AuthorityKeys;
use crate::credentials::PasswordRules;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Network {
    pub name: String,
    pub domain: String,
    pub contact: OfficeContact,
    pub passwords: PasswordRules,
}

/// What error pages, cards and letters tell people who need help.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeContact {
    pub name: String,
    pub phone: String,
    pub hours: String,
    pub address: String,
}

/// Apart from the settings, so that only who needs the keys reads them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptAuthority {
    pub keys: AuthorityKeys,
}
