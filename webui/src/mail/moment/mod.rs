//! A day and a time that somebody types for later, and the same fields again where they are no
//! good: nothing typed is lost, and what is wrong stands beside its field.

mod say;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;

use self::say::{NO_SUCH_TIME, UNREADABLE_DATE, UNREADABLE_TIME};
use super::outbox::may_be_chosen;
use crate::kit::form::Fields;
use crate::kit::japanese;

/// The two fields as `moment` in `kit/parts.html` shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Typed {
    date: String,
    time: String,
    date_problem: Option<&'static str>,
    time_problem: Option<&'static str>,
}

/// The moment that `date` and `time` name, or what to show again.
pub fn read(fields: &Fields, now: Timestamp) -> Result<Timestamp, Typed> {
    let typed = |name: &str| fields.text(name).to_owned();
    let again = |date_problem, time_problem| Typed {
        date: typed("date"),
        time: typed("time"),
        date_problem,
        time_problem,
    };
    let date = japanese::read_coming_date(fields.text("date"), japanese::today(now));
    let time = japanese::read_time(fields.text("time"));
    let (Some(date), Some(time)) = (date, time) else {
        let unreadable = |is_missing: bool, words| is_missing.then_some(words);
        return Err(again(
            unreadable(date.is_none(), UNREADABLE_DATE),
            unreadable(time.is_none(), UNREADABLE_TIME),
        ));
    };
    let at = japanese::moment(date, time).filter(|at| may_be_chosen(*at, now));
    at.ok_or_else(|| again(Some(NO_SUCH_TIME), None))
}
