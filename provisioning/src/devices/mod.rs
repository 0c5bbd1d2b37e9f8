//! Devices: which machine of which facility may speak to the box.

mod alarms;
mod model;
mod news;
mod stand_ins;
mod tables;
#[cfg(test)]
mod tests;
mod users;

pub use alarms::{
    Alarm, AlarmByState, AlarmKind, Settled, Settling, open_alarms, open_alarms_of, raise, settle,
};
pub use model::{
    Admission, Certificate, CertificateState, Device, DeviceSeen, DeviceState, Platform, Refusal,
};
pub use news::{DeviceNews, NewsKind, forget_news, news_of};
pub use stand_ins::{
    StandIn, StandInProblem, end_stand_in, grant_stand_in, open_stand_ins, stand_in, stand_ins_at,
};
pub use tables::{
    CertificateByDevice, CertificateByEnd, DeviceByFacility, RevokeProblem, admit, certificates_of,
    ending, ends_at, last_seen, list, of_facility, retire, revoke, revoked_certificates,
};
pub use users::users;
