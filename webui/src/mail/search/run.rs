//! The thread that feeds the index: wakes when a mail came, and makes a broken index anew.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use store::Record as _;
use tokio::runtime::Handle;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::follow::{FollowError, Follower, Step};
use crate::kit::app::App;
use crate::mail::model::{Entry, Mail, Receipt};

/// Mails that come together are committed together; a second is how long nobody minds.
const COMPANY_WAIT: Duration = Duration::from_millis(300);

/// However quiet it is: parts are merged meanwhile, and clocks are set.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// So many quiet looks apart, memory that only makes searches quicker is given back.
const REST_EVERY: u32 = 20;

/// After a failure, so that a full disk is not written to in a circle.
const RETRY_AFTER: Duration = Duration::from_secs(20);

/// Failures in a row after which an index is given up and made anew.
const FAILURES_MAX: u32 = 3;

/// Pages come before the index, where both want the processor.
const NICENESS: i32 = 10;

/// Until `stop`; nothing that goes wrong here ends the product.
pub async fn run(app: App, stop: CancellationToken) {
    let runtime = Handle::current();
    // The thread has its runtime wait and sleep for it, so it ends with that: be it asked to by
    // `stop`, or because this task is dropped with everything else.
    let stop = stop.child_token();
    let _with_this_task = stop.clone().drop_guard();
    let (done, ended) = tokio::sync::oneshot::channel();
    let feed = move || {
        // Threads of the index are begun by this one and inherit it.
        if let Err(error) = rustix::process::nice(NICENESS) {
            log::debug!(error:% = error; "the search index runs as everything else does");
        }
        keep_feeding(&app, &runtime, &stop);
        // Whoever waited may have gone.
        done.send(()).unwrap_or(());
    };
    match std::thread::Builder::new().name("mail-index".to_owned()).spawn(feed) {
        Ok(_) => drop(ended.await),
        Err(error) => log::error!(error:% = error; "there is no search: its thread cannot start"),
    }
}

fn keep_feeding(app: &App, runtime: &Handle, stop: &CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let fed = catch_unwind(AssertUnwindSafe(|| feed(app, runtime, stop, &mut failures)));
        match fed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                failures += 1;
                log::error!(error:? = error; "the search index could not be fed");
            }
            Err(_) => {
                failures += 1;
                log::error!("feeding the search index broke off");
            }
        }
        if app.index.is_damaged() || failures >= FAILURES_MAX {
            failures = 0;
            log::warn!("the search index is damaged and is made anew");
            if let Err(error) = app.index.discard() {
                log::error!(error:% = error; "the search index cannot be thrown away");
            }
        } else if failures > 0 {
            runtime.block_on(async {
                let wait = tokio::time::sleep(RETRY_AFTER);
                tokio::select! { biased; () = stop.cancelled() => {}, () = wait => {} }
            });
        }
    }
}

/// Answers when the index is to be opened anew.
fn feed(
    app: &App,
    runtime: &Handle,
    stop: &CancellationToken,
    failures: &mut u32,
) -> Result<(), FollowError> {
    let mut changes = app.store.watch();
    let mut follower = Follower::open(app)?;
    let mut quiet = 0_u32;
    while !stop.is_cancelled() {
        match follower.step(app)? {
            Step::More => {}
            Step::Filled => {
                log::info!(mails = app.index.pieces(); "the search index is complete");
                return follower.end();
            }
            Step::Done => {
                *failures = 0;
                match runtime.block_on(wait(&mut changes, stop)) {
                    Woken::ByChange => quiet = 0,
                    Woken::ByTime => quiet = quiet.saturating_add(1),
                }
                if quiet == 1 || (quiet > 0 && quiet.is_multiple_of(REST_EVERY)) {
                    follower.rest(app)?;
                }
            }
        }
        if app.index.is_damaged() {
            // Parts that are being merged come to nothing.
            return Ok(());
        }
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Woken {
    ByChange,
    ByTime,
}

async fn wait(
    changes: &mut Receiver<std::sync::Arc<store::Change>>,
    stop: &CancellationToken,
) -> Woken {
    let concerns = |table: &str| [Mail::TABLE, Entry::TABLE, Receipt::TABLE].contains(&table);
    let changed = async {
        loop {
            match changes.recv().await {
                Ok(change) if change.rows.iter().any(|row| concerns(&row.table)) => break,
                Ok(_) => {}
                // Too many to be told of, or none any more.
                Err(RecvError::Lagged(_) | RecvError::Closed) => break,
            }
        }
        tokio::time::sleep(COMPANY_WAIT).await;
    };
    // In this order: a runtime that ends has timers no more.
    tokio::select! {
        biased;
        () = stop.cancelled() => Woken::ByChange,
        () = changed => Woken::ByChange,
        () = tokio::time::sleep(LOOK_EVERY) => Woken::ByTime,
    }
}
