//! Looks after urgent mails every minute.

use std::time::Duration;

use jiff::Timestamp;
use store::{Act, Actor, StoreError};

use super::model::Step;
use super::tables::{advance, due};
use crate::kit::app::App;
use crate::kit::jobs::Job;

pub const CHASE: Job = Job { name: "chase", every: Duration::from_secs(60), run };

/// Mails of one look; the rest follows with the next.
const AT_ONCE: usize = 256;

pub(super) fn run(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let steps = [
        // The second first, so that nobody is reminded and reported in one look.
        (Step::Escalate, app.rules.urgent_escalation),
        (Step::Remind, app.rules.urgent_reminder),
    ];
    for (step, delay) in steps {
        let until = now.saturating_sub(delay).unwrap_or(Timestamp::MIN);
        for chase in app.store.read(|read| due(read, step, until, AT_ONCE))? {
            let act = Act::new(Actor::System, "mail.chase", now).on("mail", chase.mail);
            app.store.write_and_wait(act, move |write| advance(write, &chase, now))?;
        }
    }
    Ok(())
}
