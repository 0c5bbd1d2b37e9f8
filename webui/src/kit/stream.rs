//! A stream under TLS that can be cut from outside, whatever is going on above it, and that cuts
//! itself when nobody takes what it sends.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::pace::{Pace, PaceRule};

pub struct Killable<S> {
    stream: S,
    killed: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Of what is sent. What is received is held against it request by request: a line may be
    /// silent between two of them.
    pace: Pace,
    ahead: Ahead,
}

/// TLS asks for four kilobytes at a time. While a lot comes in, more is read at once; on a quiet
/// line there is no buffer.
#[derive(Default)]
struct Ahead {
    buffer: Vec<u8>,
    /// What of the buffer was read and not yet given on.
    rest: Range<usize>,
    /// The last read filled most of what was asked for, so more is probably there.
    is_flood: bool,
}

const AHEAD_BYTES: usize = 64 * 1024;

impl Ahead {
    fn give(&mut self, into: &mut ReadBuf<'_>) {
        let rest = self.buffer.get(self.rest.clone()).unwrap_or_default();
        let given = rest.get(..into.remaining()).unwrap_or(rest);
        into.put_slice(given);
        self.rest.start += given.len();
        if self.rest.is_empty() && !self.is_flood {
            self.buffer = Vec::new();
        }
    }
}

impl<S> Killable<S> {
    pub fn new(stream: S, kill: CancellationToken, rule: PaceRule) -> Self {
        Self {
            stream,
            killed: Box::pin(kill.cancelled_owned()),
            pace: Pace::new(rule),
            ahead: Ahead::default(),
        }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.killed.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Killable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        let Self { stream, ahead, .. } = &mut *self;
        if !ahead.rest.is_empty() {
            ahead.give(into);
            return Poll::Ready(Ok(()));
        }
        if !ahead.is_flood || into.remaining() >= AHEAD_BYTES {
            let wanted = into.remaining();
            let outcome = Pin::new(stream).poll_read(context, into);
            ahead.is_flood = wanted > 0 && into.remaining() == 0;
            return outcome;
        }
        ahead.buffer.resize(AHEAD_BYTES, 0);
        let mut read = ReadBuf::new(&mut ahead.buffer);
        let outcome = Pin::new(stream).poll_read(context, &mut read);
        ahead.rest = 0..read.filled().len();
        ahead.is_flood = ahead.rest.len() >= AHEAD_BYTES / 4;
        ahead.give(into);
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Killable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(written) => {
                let bytes = written.as_ref().map_or(0, |bytes| *bytes);
                self.pace.moved(u64::try_from(bytes).unwrap_or(u64::MAX));
                Poll::Ready(written)
            }
            Poll::Pending => match self.pace.wait(context) {
                Ok(()) => Poll::Pending,
                Err(slow) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, slow))),
            },
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::kit::pace::SLOWEST;

    #[tokio::test]
    async fn what_is_read_ahead_comes_whole_and_in_order() {
        let sent: Vec<u8> = (0..400_000_u32).flat_map(u32::to_le_bytes).collect();
        let (mut into, from) = duplex(3 * AHEAD_BYTES);
        let mut stream = Killable::new(from, CancellationToken::new(), SLOWEST);
        let flood = sent.clone();
        let writing = tokio::spawn(async move {
            into.write_all(&flood).await.unwrap();
            into
        });
        let (mut heard, mut piece, mut deepest) = (Vec::new(), [0; 4_096], 0);
        let mut sizes = [1, 4_096, 4_096, 7, 4_096, 100].into_iter().cycle();
        while heard.len() < sent.len() {
            let into = &mut piece[..sizes.next().unwrap()];
            let count = stream.read(into).await.unwrap();
            assert!(count > 0, "the line is not at its end");
            heard.extend_from_slice(&piece[..count]);
            deepest = deepest.max(stream.ahead.rest.len());
        }
        assert!(heard == sent, "as it was sent");
        assert!(deepest > 4_096, "more was read than was asked for");
        drop(writing.await.unwrap());
        assert_eq!(stream.read(&mut piece).await.unwrap(), 0);
        assert!(stream.ahead.buffer.is_empty(), "a quiet line has no buffer");
    }
}
