//! Devices: which machine of which facility may speak to the box.

mod admitting;
mod alarms;
mod model;
mod news;
mod reminders;
mod stand_ins;
mod successors;
mod tables;
#[cfg(test)]
mod tests;
mod users;

pub use admitting::{Admission, Came, CertificateShown, PeerShown, Refusal, Route, admit};
pub use alarms::{
    Alarm, AlarmByState, AlarmKind, Settled, Settling, open_alarms, open_alarms_of, raise, settle,
};
pub use model::{
    Certificate, CertificateState, Device, DeviceRoutes, DeviceSeen, DeviceState, LastRoute,
    Platform,
};
pub use news::{DeviceNews, NewsKind, forget_news, news_of};
pub use reminders::{
    Due, Reminder, ReminderByTime, ReminderProblem, Told, due_reminders, forget_reminder, remind,
    reminders_of, reminders_since,
};
pub use stand_ins::{
    StandIn, StandInProblem, end_stand_in, grant_stand_in, open_stand_ins, stand_in, stand_ins_at,
};
pub use successors::{
    SuccessionProblem, Successor, first_used, lapse, overdue_successors, waiting_successor,
};
pub(crate) use tables::{CERTIFICATES_OF_DEVICE_MAX, certificates_within};
pub use tables::{
    CertificateByDevice, CertificateByEnd, DeviceByFacility, RevokeProblem, certificates_of,
    devices_ending, ending, ends_at, last_route, last_seen, list, of_facility, retire, revoke,
    revoked_certificates,
};
pub use users::{COMES_AGAIN, PASSWORD_LEFT, users};
