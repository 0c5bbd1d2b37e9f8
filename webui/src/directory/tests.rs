//! Finding people and facilities.
