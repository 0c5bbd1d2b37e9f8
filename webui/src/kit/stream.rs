//! A stream under TLS that can be cut from outside, whatever is going on above it, and that cuts
//! itself when nobody takes what it sends.

use std::io;
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
}

impl<S> Killable<S> {
    pub fn new(stream: S, kill: CancellationToken, rule: PaceRule) -> Self {
        Self { stream, killed: Box::pin(kill.cancelled_owned()), pace: Pace::new(rule) }
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
        Pin::new(&mut self.stream).poll_read(context, into)
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
