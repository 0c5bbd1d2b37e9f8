//! Rules without a system.
