//! From the certificate to the tunnel, for each kind of machine.

mod japanese;

pub use japanese::steps;
