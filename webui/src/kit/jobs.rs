//! What the box does by itself: every feature's jobs as data, run in turn by one task each.

use std::time::Duration;

use store::StoreError;
use tokio_util::sync::CancellationToken;

use super::app::App;

/// A chore that looks at the rows and does what is due. It runs at the start and then again and
/// again; it must be harmless to run it twice.
#[derive(Clone, Copy)]
pub struct Job {
    pub name: &'static str,
    pub every: Duration,
    /// Runs on a thread of its own, so it may wait for acts.
    pub run: fn(&App) -> Result<(), StoreError>,
}

/// Starts all jobs; they end with `stop`.
pub fn start(app: &App, jobs: &[Job], stop: &CancellationToken) {
    for job in jobs {
        tokio::spawn(keep_running(app.clone(), *job, stop.clone()));
    }
}

async fn keep_running(app: App, job: Job, stop: CancellationToken) {
    loop {
        let app = app.clone();
        match tokio::task::spawn_blocking(move || (job.run)(&app)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::error!(job = job.name, error:% = error; "a job failed"),
            Err(error) => log::error!(job = job.name, error:% = error; "a job was stopped"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(job.every) => {}
        }
    }
}
