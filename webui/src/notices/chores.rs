//! Notices from before there was a bell get their rows, once.

use std::time::Duration;

use store::{Act, Actor, Order, Record as _, StoreError};

use crate::kit::app::App;
use crate::kit::bell::{BellRow, Filled, What};
use crate::kit::jobs::Job;
use crate::kit::live::{Notice, NoticeKind};

/// It has nothing to do after its first run.
pub const FILL: Job = Job { name: "bell", every: Duration::from_secs(24 * 60 * 60), run: fill };

/// Rows of one act.
const AT_ONCE: usize = 256;

pub(super) fn fill(app: &App) -> Result<(), StoreError> {
    if app.store.read(|read| read.get::<Filled>(&()))?.is_some() {
        return Ok(());
    }
    let mut after = None;
    loop {
        let page = app
            .store
            .read(|read| read.page::<Notice>(&(), Order::Ascending, after.as_ref(), AT_ONCE))?;
        after = page.next;
        let (rows, last) = (page.rows, after.is_none());
        let act = Act::new(Actor::System, "notice.fill", app.now());
        app.store.write_and_wait(act, move |write| {
            for old in &rows {
                // It may have been read since, or have a row already.
                let open: Option<Notice> = write.get(&old.key())?;
                let known: Option<BellRow> = write.get(&(old.member, old.about))?;
                if let (Some(open), None) = (open, known) {
                    write.put(&row(&open))?;
                }
            }
            if last { write.put(&Filled { filled: true }) } else { Ok(()) }
        })?;
        if last {
            return Ok(());
        }
    }
}

fn row(notice: &Notice) -> BellRow {
    let what = match notice.kind {
        NoticeKind::Mail | NoticeKind::Certificate | NoticeKind::Device => What::Mail,
        NoticeKind::Reminder => What::Reminder,
        NoticeKind::Escalation => What::Escalation,
        NoticeKind::Stopped => What::Stopped,
    };
    let (member, about, from, at) = (notice.member, notice.about, notice.from, notice.at);
    BellRow { member, about, what, urgent: what == What::Escalation, from, at }
}
