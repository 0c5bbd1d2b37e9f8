//! Devices: which machine of which facility may speak to the box.

mod model;
mod tables;
#[cfg(test)]
mod tests;

pub use model::{
    Admission, Certificate, CertificateState, Device, DeviceSeen, DeviceState, Platform, Refusal,
};
pub use tables::{
    CertificateByDevice, CertificateByEnd, DeviceByFacility, RevokeProblem, admit, certificates_of,
    ending, ends_at, last_seen, list, of_facility, revoke, revoked_certificates,
};
