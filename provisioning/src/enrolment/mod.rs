//! Enrolment: from a card to a working device.
//!
//! `WaitingApproval -> Approved -> Issued -> FirstSeen`, with the side exits `Refused` and
//! `Expired`. Every step is one act; what a step needs is looked at inside it.

mod answering;
mod model;
mod replaced;
mod tables;
#[cfg(test)]
mod tests;
mod tickets;
mod timing;
mod tunnelling;
mod unfinished;
mod windows;

pub use answering::{Eyes, check_eyes, waiting_for};
pub use model::{Enrolment, EnrolmentProblem, EnrolmentState, Form, Redemption, SessionToken};
pub use replaced::{
    ReplaceNews, RetireProblem, forget_replace_news, replace_news, replaced_and_silent,
    retire_silent,
};
pub use tables::{
    EnrolmentByMember, EnrolmentBySession, EnrolmentByState, any_unfinished, approve, by_session,
    complete, first_seen, of_member, prepare, recent, redeem, refuse, waiting,
};
pub use tickets::{
    ScriptTicket, TicketToken, complete_by_ticket, enrolment_of_ticket, give_ticket,
    has_open_ticket,
};
pub use timing::{Spread, Timing, timing};
pub use tunnelling::device_for_key;
pub use unfinished::{Ends, Step, Unfinished, cancel, unfinished};
pub use windows::{SetupWindow, WindowProblem, close_window, open_window, open_windows, windows};
