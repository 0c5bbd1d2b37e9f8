//! Watches the outbox: sleeps until the next mail leaves, or until something was put into it.

use std::time::Duration;

use futures_util::future::join_all;
use store::{Act, Actor};
use tokio_util::sync::CancellationToken;

use super::{due, leave};
use crate::kit::app::App;

/// However far away the next moment is: clocks are set, and a store may fail once.
const LOOK_EVERY: Duration = Duration::from_secs(30);

pub async fn run(app: App, stop: CancellationToken) {
    loop {
        let wait = send_due(&app).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.outbox.rung() => {}
            () = tokio::time::sleep(wait.min(LOOK_EVERY)) => {}
        }
    }
}

/// Sends what is due and answers how long it is until the next.
pub(super) async fn send_due(app: &App) -> Duration {
    let now = app.now();
    let (ids, next) = match app.store.read(|read| due(read, now)) {
        Ok(found) => found,
        Err(error) => {
            log::error!(error:% = error; "cannot look into the outbox");
            return LOOK_EVERY;
        }
    };
    let sending = ids.into_iter().map(|id| {
        let clock = app.store.clock().clone();
        let act = Act::new(Actor::System, "mail.leave", now).on("draft", id);
        app.store.write(act, move |write| leave(write, &clock, id))
    });
    for outcome in join_all(sending).await {
        if let Err(error) = outcome {
            log::error!(error:% = error; "a mail could not leave");
        }
    }
    let next = next.map(|next| next.duration_since(app.now()));
    next.map_or(LOOK_EVERY, |left| left.try_into().unwrap_or(Duration::ZERO))
}
