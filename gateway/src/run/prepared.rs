//! What may take rights, before there is a second thread: rights belong to threads.

use std::ffi::OsString;

use super::outside::Outside;
use crate::config;
use crate::namespace::{Helper, StartProblem};

/// The ports outside, and the process that goes inside once there is an order for it.
pub struct Prepared {
    pub(super) outside: Outside,
    pub(super) helper: Helper,
}

impl Prepared {
    /// Takes the ports and starts the process; [`crate::namespace::drop_rights`] may follow.
    ///
    /// # Errors
    ///
    /// By what the administrator can do about it.
    pub fn new(outside: &config::Outside, helper: &[OsString]) -> Result<Self, StartProblem> {
        Ok(Self { outside: Outside::bind(outside)?, helper: Helper::start(helper)? })
    }
}
