//! How slow a line may be. Counted is only the time in which we wait for the other side: what
//! our own disk takes, or a page that says nothing for a while, is nobody's fault.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a line has to carry on average over `window`, in either direction.
#[derive(Clone, Copy, Debug)]
pub struct PaceRule {
    pub bytes_per_second: u64,
    pub window: Duration,
}

/// The slowest mobile line in Japan's hills still carries 5 KB/s, and an upload that is cut goes
/// on where it was. Below this, a thousand lines hold a thousand places and bring nothing.
pub const SLOWEST: PaceRule =
    PaceRule { bytes_per_second: 4 * 1024, window: Duration::from_secs(60) };

/// One direction of one line.
pub struct Pace {
    rule: PaceRule,
    waited: Duration,
    moved: u64,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

/// The other side is slower than the rule allows.
#[derive(Debug, thiserror::Error)]
#[error("the line is too slow")]
pub struct TooSlow;

impl Pace {
    pub fn new(rule: PaceRule) -> Self {
        Self { rule, waited: Duration::ZERO, moved: 0, waiting: None }
    }

    /// The other side did something.
    pub fn moved(&mut self, bytes: u64) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        self.moved = self.moved.saturating_add(bytes);
        // What moves without waiting is as fast as anybody wants.
        if self.waited.is_zero() || self.moved >= self.due(self.rule.window) {
            self.start_anew();
        }
    }

    /// There is nothing to do but wait; wakes up when it has been long enough.
    pub fn wait(&mut self, context: &mut Context<'_>) -> Result<(), TooSlow> {
        let left = self.rule.window.saturating_sub(self.waited);
        let now = Instant::now();
        let (_, alarm) =
            self.waiting.get_or_insert_with(|| (now, Box::pin(sleep_until(now + left))));
        if alarm.as_mut().poll(context).is_pending() {
            return Ok(());
        }
        if self.moved < self.due(self.rule.window) {
            return Err(TooSlow);
        }
        self.start_anew();
        self.wait(context)
    }

    fn due(&self, time: Duration) -> u64 {
        self.rule.bytes_per_second.saturating_mul(time.as_secs())
    }

    fn start_anew(&mut self) {
        self.waited = Duration::ZERO;
        self.moved = 0;
        self.waiting = None;
    }
}

/// A request's body that must keep pace.
pub struct Paced<B> {
    body: B,
    pace: Pace,
}

impl<B> Paced<B> {
    pub fn new(body: B, rule: PaceRule) -> Self {
        Self { body, pace: Pace::new(rule) }
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
                let bytes = data.map_or(0, Bytes::len);
                self.pace.moved(u64::try_from(bytes).unwrap_or(u64::MAX));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => match self.pace.wait(context) {
                Ok(()) => Poll::Pending,
                Err(slow) => Poll::Ready(Some(Err(slow.into()))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const RULE: PaceRule = PaceRule { bytes_per_second: 100, window: Duration::from_secs(60) };

    #[tokio::test]
    async fn only_waiting_counts_and_what_came_is_weighed() {
        let mut context = Context::from_waker(Waker::noop());
        let mut pace = Pace::new(RULE);
        pace.moved(1);
        assert!(pace.waited.is_zero() && pace.moved == 0, "nobody has waited yet");
        pace.waited = Duration::from_secs(59);
        pace.moved(5_000);
        assert!(pace.wait(&mut context).is_ok());
        pace.moved(1_000);
        assert!(pace.waited.is_zero(), "a whole window's bytes came within it");

        pace.waited = RULE.window;
        pace.moved = 5_999;
        end_of(&mut pace).await;
        let mut silent = Pace::new(RULE);
        silent.waited = RULE.window;
        end_of(&mut silent).await;
    }
    /// Waits until the line is given up.
    async fn end_of(pace: &mut Pace) {
        std::future::poll_fn(|context| match pace.wait(context) {
            Ok(()) => Poll::Pending,
            Err(TooSlow) => Poll::Ready(()),
        })
        .await;
    }
}
