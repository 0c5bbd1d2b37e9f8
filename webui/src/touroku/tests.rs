//! Enrolment pages.
