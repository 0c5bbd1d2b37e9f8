//! The server's side of the picture worker: it starts one process a photo, feeds it, and reads
//! the answer. Nothing here grows with the photo; everything ends at a limit.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};

use super::frames;
use super::frames::{Header, PHOTO_BYTES_MAX, PhotoFault, THUMBNAIL_BYTES_MAX};

/// As many as the box has cores to spare; each may take the worker's whole address space.
const WORKERS_MAX: usize = 2;

/// From the worker's start to the last byte read; a 12-megapixel photo takes about 0.2 s.
const WORKER_TIME_MAX: Duration = Duration::from_secs(20);

/// How long a photo waits for its turn before its sender is told to try again.
const TURN_TIME_MAX: Duration = Duration::from_secs(60);

/// A pipe's own capacity.
const PIECE_BYTES: usize = 64 * 1024;

/// A stripped photo may gain an orientation block where none can be taken away.
const CLEANED_BYTES_MAX: u64 = PHOTO_BYTES_MAX + 1024;

pub struct Cleaner {
    program: PathBuf,
    at_once: Arc<Semaphore>,
    pub(super) time_max: Duration,
}

/// Width and height are as seen, the right way up. The thumbnail is a JPEG.
pub struct CleanedPhoto {
    pub width: u32,
    pub height: u32,
    pub thumbnail: Vec<u8>,
    pub photo: PhotoStream,
}

#[derive(Debug, thiserror::Error)]
pub enum PictureProblem {
    #[error("the photo is refused")]
    Photo(#[source] PhotoFault),
    #[error("too many photos wait for the picture worker")]
    Busy,
    #[error("the picture worker took longer than its time")]
    TookTooLong,
    #[error("failed to read the photo")]
    Read(#[source] io::Error),
    #[error("failed to start the picture worker")]
    Start(#[source] io::Error),
    /// It crashed, or was killed at a limit that the photo drove it into.
    #[error("the picture worker ended without an answer")]
    Died(#[source] io::Error),
    #[error("the picture worker answered against the rules")]
    Answer,
}

impl Cleaner {
    /// `program` is called with the one argument `picture-worker` and an empty environment.
    pub fn new(program: PathBuf) -> Self {
        let at_once = Arc::new(Semaphore::new(WORKERS_MAX));
        Self { program, at_once, time_max: WORKER_TIME_MAX }
    }

    /// Hand over a file, not a visitor's connection: the clock runs while the photo is read.
    pub async fn clean(
        &self,
        photo: impl AsyncRead + Unpin + Send,
    ) -> Result<CleanedPhoto, PictureProblem> {
        let turn = timeout(TURN_TIME_MAX, self.at_once.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(PictureProblem::Busy);
        };
        let deadline = Instant::now() + self.time_max;
        let mut child = self.start().map_err(PictureProblem::Start)?;
        let (Some(stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(PictureProblem::Start(io::ErrorKind::BrokenPipe.into()));
        };
        // Both at once: neither side may wait for a pipe that the other doesn't empty.
        let talk = async { tokio::try_join!(feed(photo, stdin), read_answer(&mut stdout)) };
        let ((), answer) =
            timeout_at(deadline, talk).await.map_err(|_| PictureProblem::TookTooLong)??;
        let deadline = Box::pin(sleep_until(deadline));
        let left = answer.photo_bytes;
        let photo = PhotoStream { stdout, left, deadline, _child: child, _turn: turn };
        let Answer { width, height, thumbnail, .. } = answer;
        Ok(CleanedPhoto { width, height, thumbnail, photo })
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .arg("picture-worker")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

async fn feed(
    mut photo: impl AsyncRead + Unpin + Send,
    mut stdin: ChildStdin,
) -> Result<(), PictureProblem> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = photo.read(&mut piece).await.map_err(PictureProblem::Read)?;
        let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else {
            return Ok(());
        };
        // A worker that has heard enough closes its stdin; its answer says why.
        if stdin.write_all(read).await.is_err() {
            return Ok(());
        }
    }
}

struct Answer {
    width: u32,
    height: u32,
    thumbnail: Vec<u8>,
    photo_bytes: u64,
}

async fn read_answer(stdout: &mut ChildStdout) -> Result<Answer, PictureProblem> {
    let first = read_header(stdout).await?;
    if first.tag == frames::REFUSED && first.length <= frames::REASON_BYTES_MAX {
        let word = read_body(stdout, first.length).await?;
        let fault = PhotoFault::of_word(&word).ok_or(PictureProblem::Answer)?;
        return Err(PictureProblem::Photo(fault));
    }
    if first.tag != frames::FACTS || first.length != frames::FACTS_BYTES {
        return Err(PictureProblem::Answer);
    }
    let mut facts = [0; 8];
    stdout.read_exact(&mut facts).await.map_err(PictureProblem::Died)?;
    let (width, height) = frames::read_facts(facts);
    let second = read_header(stdout).await?;
    if second.tag != frames::THUMBNAIL || second.length > THUMBNAIL_BYTES_MAX {
        return Err(PictureProblem::Answer);
    }
    let thumbnail = read_body(stdout, second.length).await?;
    let third = read_header(stdout).await?;
    let photo_bytes = u64::from(third.length);
    if third.tag != frames::PHOTO || photo_bytes > CLEANED_BYTES_MAX {
        return Err(PictureProblem::Answer);
    }
    Ok(Answer { width, height, thumbnail, photo_bytes })
}

async fn read_header(stdout: &mut ChildStdout) -> Result<Header, PictureProblem> {
    let mut header = [0; frames::HEADER_BYTES];
    stdout.read_exact(&mut header).await.map_err(PictureProblem::Died)?;
    Ok(Header::read(header))
}

async fn read_body(stdout: &mut ChildStdout, length: u32) -> Result<Vec<u8>, PictureProblem> {
    let mut body = Vec::new();
    stdout.take(u64::from(length)).read_to_end(&mut body).await.map_err(PictureProblem::Died)?;
    if body.len() == usize::try_from(length).unwrap_or(usize::MAX) {
        Ok(body)
    } else {
        Err(PictureProblem::Died(io::ErrorKind::UnexpectedEof.into()))
    }
}

/// The cleaned photo as the worker writes it. Ends well only after the last byte it promised;
/// dropping it kills the worker.
pub struct PhotoStream {
    stdout: ChildStdout,
    left: u64,
    deadline: Pin<Box<Sleep>>,
    _child: Child,
    _turn: OwnedSemaphorePermit,
}

impl PhotoStream {
    /// How many bytes are still to come.
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl AsyncRead for PhotoStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if stream.left == 0 || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if stream.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let wanted = buffer.remaining().min(usize::try_from(stream.left).unwrap_or(usize::MAX));
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(wanted));
        ready!(Pin::new(&mut stream.stdout).poll_read(context, &mut part))?;
        let read = part.filled().len();
        if read == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        buffer.advance(read);
        stream.left = stream.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Poll::Ready(Ok(()))
    }
}
