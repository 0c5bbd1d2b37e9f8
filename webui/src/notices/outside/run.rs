//! The worker: looks at what is due, sends it, and says what became of it.

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use store::{Act, Actor, Change, Id, Record as _};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::claim::{self, Outcome, Task};
use super::letter::Letter;
use super::model::{Due, To, Way, WayKind};
use super::{smtp, tables};
use crate::kit::app::App;
use crate::notices::push;

/// However far away the next moment is: clocks are set, and a store may fail once.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Lines to the mail server and the push services at once.
const AT_ONCE: usize = 8;

/// Ways looked at in one go.
const ROWS: usize = 256;

pub async fn run(app: App, stop: CancellationToken) {
    if let Err(error) = push::ensure(&app).await {
        log::error!(error:% = error; "cannot keep the key for pushes");
    }
    // Each by itself: a mail server that swallows packets must not keep an urgent push waiting.
    tokio::join!(work(&app, WayKind::Mail, &stop), work(&app, WayKind::Push, &stop));
}

async fn work(app: &App, kind: WayKind, stop: &CancellationToken) {
    let mut changes = app.store.watch();
    loop {
        let wait = tell_due_of(app, kind).await;
        tokio::select! {
            () = stop.cancelled() => return,
            open = something_waits(&mut changes) => if !open { return },
            () = tokio::time::sleep(wait.min(LOOK_EVERY)) => {}
        }
    }
}

/// Until a commit makes something due; `false` once the store is closed.
async fn something_waits(changes: &mut broadcast::Receiver<std::sync::Arc<Change>>) -> bool {
    loop {
        match changes.recv().await {
            Ok(change) => {
                let puts = |row: &store::ChangedRow| row.table == Due::TABLE && !row.deleted;
                if change.rows.iter().any(puts) {
                    return true;
                }
            }
            Err(broadcast::error::RecvError::Lagged(_)) => return true,
            Err(broadcast::error::RecvError::Closed) => return false,
        }
    }
}

/// Tells what is due and answers how long it is until the next.
pub async fn tell_due(app: &App) -> Duration {
    let mail = tell_due_of(app, WayKind::Mail).await;
    mail.min(tell_due_of(app, WayKind::Push).await)
}

async fn tell_due_of(app: &App, kind: WayKind) -> Duration {
    let now = app.now();
    let (ways, next) = match app.store.read(|read| tables::due(read, kind, now, ROWS)) {
        Ok(found) => found,
        Err(error) => {
            log::error!(error:% = error; "cannot look for what is to be told");
            return LOOK_EVERY;
        }
    };
    let telling = stream::iter(ways).for_each_concurrent(AT_ONCE, |way| tell(app, way));
    telling.await;
    let next = next.map(|next| next.duration_since(app.now()));
    next.map_or(LOOK_EVERY, |left| left.try_into().unwrap_or(Duration::ZERO))
}

async fn tell(app: &App, way: Id<Way>) {
    let bundle = app.outside.smtp.as_ref().map(|smtp| smtp.bundle).unwrap_or_default();
    let clock = app.store.clock().clone();
    let act = Act::new(Actor::System, "notice.claim", app.now());
    let claimed = app.store.write(act, move |write| claim::claim(write, &clock, way, bundle));
    let task = match claimed.await {
        Ok(Some(task)) => task,
        Ok(None) => return,
        Err(error) => return log::error!(error:% = error; "cannot claim a notice"),
    };
    let outcome = send(app, &task).await;
    if outcome != Outcome::Told {
        log::warn!(way:% = task.way.id, outcome:? = outcome; "a notice could not be sent");
    }
    let (clock, act) = (app.store.clock().clone(), said(outcome, app));
    let done = app.store.write(act, move |write| claim::finish(write, &clock, &task, outcome));
    if let Err(error) = done.await {
        log::error!(error:% = error; "cannot say what became of a notice");
    }
}

fn said(outcome: Outcome, app: &App) -> Act {
    let action = match outcome {
        Outcome::Told => "notice.told",
        Outcome::Later(_) => "notice.later",
        Outcome::Never(_) | Outcome::Gone => "notice.never",
    };
    Act::new(Actor::System, action, app.now())
}

async fn send(app: &App, task: &Task) -> Outcome {
    match &task.way.to {
        To::Mail(address) => {
            let own = Outcome::Later(super::Reason::Own);
            let Some(smtp) = &app.outside.smtp else { return own };
            let network = &app.network.name;
            let words = Letter::arrival(network, &app.address());
            let number = data_encoding::HEXLOWER.encode(&task.mark);
            let letter = Letter::write(smtp, network, address, &words, &number, app.now());
            match letter {
                Some(letter) => smtp::send(smtp, &app.app_host(), &letter).await,
                None => own,
            }
        }
        To::Push(subscription) => push::send(app, subscription, task.wish).await,
    }
}
