//! Handshakes on a thread of their own. One costs as much as a page, and a thousand slow clients
//! come back whenever they are cut: on the threads that serve pages, every page would wait
//! behind some of them.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

pub struct Greeters(Option<Runtime>);

impl Greeters {
    pub fn start() -> Self {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("handshakes").enable_time();
        match builder.build() {
            Ok(runtime) => Self(Some(runtime)),
            Err(error) => {
                log::warn!(error:% = error; "handshakes have no thread of their own");
                Self(None)
            }
        }
    }

    /// `None` where it takes longer than it may.
    pub async fn greet<T: Send + 'static>(
        &self,
        greeting: impl Future<Output = T> + Send + 'static,
        longest: Duration,
    ) -> Option<T> {
        match &self.0 {
            Some(runtime) => {
                // Made within the task, because the timer is that of its thread.
                let greeting = runtime.spawn(async move { timeout(longest, greeting).await });
                greeting.await.ok()?.ok()
            }
            None => timeout(longest, greeting).await.ok(),
        }
    }
}

impl Drop for Greeters {
    fn drop(&mut self) {
        // Waiting for its thread is not allowed where others are served.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
