//! Credentials: how a member proves to be that member, beside the device.
//!
//! Human passwords are hashed with Argon2id; the initial password on a card has 60 random bits
//! and is kept as a keyed hash, because slowness adds nothing to what cannot be guessed.

mod demand;
mod last_login;
mod model;
mod password;
mod tables;
#[cfg(test)]
mod tests;

pub use demand::{PasswordDemand, change_demanded, demand_change};
pub use last_login::LastLogin;
pub use model::{Attempts, Credential, CredentialState, PasswordRules};
pub use password::{Password, PasswordHash, PasswordProblem, spend_equal_time};
pub use tables::{
    ChangeProblem, change_password, claim_attempt, clear_attempts, count_attempt, forgive_attempt,
    set_initial, used_before,
};
