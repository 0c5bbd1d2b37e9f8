//! What the box does with mails by itself: those put off come back, and the bin is emptied.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{Act, Actor, Order, StoreError};

use super::acts;
use super::model::{Binned, Waking};
use crate::kit::app::App;
use crate::kit::jobs::Job;

/// Who put a mail off until eight looks at eight.
pub const WAKE: Job = Job { name: "wake", every: Duration::from_secs(30), run: wake };

pub const PURGE: Job = Job { name: "purge", every: Duration::from_secs(60 * 60), run: purge };

/// A month to miss something, as people expect of a bin.
pub const BIN_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Rows dealt with in one go.
const AT_ONCE: usize = 256;

fn wake(app: &App) -> Result<(), StoreError> {
    loop {
        let now = app.now();
        let due = due::<Waking>(app, |row| row.at <= now)?;
        for row in &due {
            let (act, row) = (Act::new(Actor::System, "mail.wake", now), row.clone());
            let act = act.on("mail", row.mail);
            app.store.write_and_wait(act, move |write| acts::wake(write, &row, now))?;
        }
        if due.len() < AT_ONCE {
            return Ok(());
        }
    }
}

fn purge(app: &App) -> Result<(), StoreError> {
    loop {
        let now = app.now();
        let old = now.saturating_sub(BIN_KEPT).unwrap_or(Timestamp::MIN);
        let due = due::<Binned>(app, |row| row.at <= old)?;
        for row in &due {
            let (act, row) = (Act::new(Actor::System, "mail.purge", now), row.clone());
            let act = act.on("mail", row.mail);
            app.store.write_and_wait(act, move |write| acts::purge(write, &row))?;
        }
        if due.len() < AT_ONCE {
            return Ok(());
        }
    }
}

/// The oldest rows of a table that is in the order of time.
fn due<R: store::Plain>(app: &App, is_due: impl Fn(&R) -> bool) -> Result<Vec<R>, StoreError> {
    let rows = app.store.read(|read| read.page::<R>(&(), Order::Ascending, None, AT_ONCE))?.rows;
    Ok(rows.into_iter().take_while(is_due).collect())
}
