//! The acts on a mail's row in one's own folder, as one value each: a button for one mail and the
//! bar for many do the same.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use store::Id;

use crate::kit::app::App;
use crate::kit::form::Fields;
use crate::kit::japanese;
use crate::kit::member::SignedIn;
use crate::mail::acts;
use crate::mail::model::{Mail, Owner};
use crate::mail::tables::MailProblem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Bin,
    Restore,
    Star(bool),
    Later(Timestamp),
    Done(bool),
}

impl Doing {
    pub fn of_key(key: &str, now: Timestamp) -> Option<Self> {
        match key {
            "bin" => Some(Self::Bin),
            "restore" => Some(Self::Restore),
            "star" => Some(Self::Star(true)),
            "unstar" => Some(Self::Star(false)),
            "done" => Some(Self::Done(true)),
            "later" => Some(Self::Later(wakes_at("tomorrow", now)?)),
            _ => None,
        }
    }

    const fn action(self) -> &'static str {
        match self {
            Self::Bin => "mail.bin",
            Self::Restore => "mail.restore",
            Self::Star(_) => "mail.star",
            Self::Later(_) => "mail.later",
            Self::Done(_) => "mail.done",
        }
    }
}

/// The day begins before the first visit, the evening after the last.
const MORNING: Time = Time::constant(8, 0, 0, 0);
const EVENING: Time = Time::constant(17, 0, 0, 0);

/// This evening, tomorrow morning, or the morning of next week's first day.
pub fn wakes_at(key: &str, now: Timestamp) -> Option<Timestamp> {
    let today = japanese::today(now);
    let at = match key {
        "evening" => japanese::moment(today, EVENING)?,
        "tomorrow" => japanese::moment(today.tomorrow().ok()?, MORNING)?,
        "monday" => japanese::moment(today.nth_weekday(1, Weekday::Monday).ok()?, MORNING)?,
        _ => return None,
    };
    // After five, this evening is over.
    if at > now { Some(at) } else { wakes_at("tomorrow", now) }
}

/// Does it to the first of these boxes in which the mail lies.
pub async fn do_to(
    app: &App,
    asked: &SignedIn,
    owners: Vec<Id<Owner>>,
    id: Id<Mail>,
    doing: Doing,
) -> Result<(), MailProblem> {
    let (by, now) = (asked.id(), asked.now());
    let act = asked.act(doing.action()).on("mail", id);
    let doing = move |write: &mut store::Write<'_>| {
        let owner = acts::holder(write, &owners, id)?;
        match doing {
            Doing::Bin => acts::move_to_bin(write, owner, by, id, now),
            Doing::Restore => acts::restore(write, owner, id, now),
            Doing::Star(starred) => acts::set_star(write, owner, id, starred),
            Doing::Later(at) => acts::put_off(write, owner, by, id, at, now),
            Doing::Done(done) => acts::set_done(write, owner, by, id, done, now),
        }
    };
    app.store.write(act, doing).await
}

/// The list that a form was sent from: only our own addresses lead anywhere.
pub fn back_to(fields: &Fields) -> String {
    let back = fields.text("back");
    let is_list = back.starts_with("/mail/") && !back.contains(['\\', '\r', '\n']);
    if is_list { back.to_owned() } else { "/mail/inbox".to_owned() }
}
