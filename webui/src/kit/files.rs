//! Blobs on the wire: streamed in both directions, by ranges on the way out, constant memory.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use store::{BlobName, BlobReader, BlobWriter, KeptName, StoreError};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::app::App;
use super::failure::Failure;
use super::turns::Turn;

/// What is received and sealed in one go: four frames, so that a thread is worth its change.
const PIECE_BYTES: usize = 256 * 1024;

/// What one read of a line brings at most: the last of a piece fits without moving the piece.
const CHUNK_BYTES: usize = 64 * 1024;

/// What is opened in one go on the way out, where one more is opened while one is sent.
const PIECE_OUT_BYTES: usize = 128 * 1024;

/// How a file is shown.
pub struct Shown<'a> {
    pub media_type: &'a str,
    pub name: &'a str,
    /// Within the browser; else it is saved.
    pub inline: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum UploadProblem {
    #[error("the upload is larger than {0} bytes")]
    TooLarge(u64),
    #[error("the line was lost")]
    Lost,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A blob that is being written, and the turn that allows it: a piece that is on its way to the
/// disk keeps the turn, even if nobody waits for the upload any more.
struct Receiving {
    writer: BlobWriter,
    turn: Option<Turn>,
}

/// Writes a body into a blob; whatever is thrown away leaves no file behind.
pub async fn receive<E>(
    app: &App,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    bytes_max: u64,
) -> Result<(BlobName, u64), UploadProblem> {
    let writer = app.store.blobs().begin()?;
    let receiving = take_body(Receiving { writer, turn: None }, body, bytes_max).await?;
    Ok(off_thread(move || receiving.writer.finish()).await?)
}

/// Writes the rest of a file that has `bytes` in all; `None` if more of it has still to come.
pub async fn go_on<E>(
    app: &App,
    kept: &KeptName,
    turn: Turn,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    bytes: u64,
) -> Result<Option<(BlobName, u64)>, UploadProblem> {
    let (blobs, kept) = (app.store.blobs().clone(), *kept);
    let begun = off_thread(move || Ok(Receiving { writer: blobs.go_on(&kept)?, turn: Some(turn) }));
    let receiving = take_body(begun.await?, body, bytes).await?;
    if receiving.writer.bytes() < bytes {
        return Ok(None);
    }
    let Receiving { writer, turn } = receiving;
    let finished = off_thread(move || {
        let finished = writer.finish();
        drop(turn);
        finished
    });
    Ok(Some(finished.await?))
}

/// One piece is sealed and written while the next one comes in.
async fn take_body<E>(
    mut receiving: Receiving,
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    bytes_max: u64,
) -> Result<Receiving, UploadProblem> {
    let stop = receiving.turn.as_ref().map(|turn| turn.stop.clone()).unwrap_or_default();
    let mut piece =
        next_piece(&mut body, Vec::with_capacity(PIECE_BYTES + CHUNK_BYTES), &stop).await;
    let mut spare = Vec::with_capacity(PIECE_BYTES + CHUNK_BYTES);
    loop {
        // What came before the line was lost is kept as well.
        let (filled, lost) = match piece {
            Ok(filled) => (filled, None),
            Err(Broken { filled, why }) => (filled, Some(why)),
        };
        let length = u64::try_from(filled.len()).unwrap_or(u64::MAX);
        if length.saturating_add(receiving.writer.bytes()) > bytes_max {
            return Err(UploadProblem::TooLarge(bytes_max));
        }
        if let Some(why) = lost {
            write_piece(receiving, filled).await?;
            return Err(why);
        }
        if filled.is_empty() {
            return Ok(receiving);
        }
        let (next, written) =
            tokio::join!(next_piece(&mut body, spare, &stop), write_piece(receiving, filled));
        (receiving, spare) = written?;
        piece = next;
    }
}

/// A piece that the line broke off in.
struct Broken {
    filled: Vec<u8>,
    why: UploadProblem,
}

/// Fills the piece from the line; it stays short, or empty, at the body's end.
async fn next_piece<E>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    mut filled: Vec<u8>,
    stop: &CancellationToken,
) -> Result<Vec<u8>, Broken> {
    while filled.len() < PIECE_BYTES {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(Broken { filled, why: UploadProblem::Lost }),
            next = body.next() => next,
        };
        match next {
            Some(Ok(chunk)) => filled.extend_from_slice(&chunk),
            Some(Err(_)) => return Err(Broken { filled, why: UploadProblem::Lost }),
            None => break,
        }
    }
    Ok(filled)
}

async fn write_piece(
    mut receiving: Receiving,
    mut piece: Vec<u8>,
) -> Result<(Receiving, Vec<u8>), UploadProblem> {
    let written = off_thread(move || {
        receiving.writer.write(&piece)?;
        piece.clear();
        Ok((receiving, piece))
    });
    Ok(written.await?)
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work).await.map_err(|_| STOPPED)?
}

const STOPPED: StoreError = StoreError::Blob("the work on it was stopped");

/// Answers a blob, or the one range that was asked for.
pub fn send(
    app: &App,
    blob: &BlobName,
    headers: &HeaderMap,
    shown: &Shown<'_>,
) -> Result<Response, Failure> {
    let reader = app.store.blobs().reader(blob)?;
    let length = reader.bytes();
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let (status, from, to) = match asked.map(|range| parse_range(range, length)) {
        None | Some(Range::Whole) => (StatusCode::OK, 0, length),
        Some(Range::Part { from, to }) => (StatusCode::PARTIAL_CONTENT, from, to),
        Some(Range::Beyond) => {
            let size = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, size).into_response());
        }
    };
    let mut response = Response::new(Body::from_stream(pieces(reader, from, to)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, shown.media_type.to_owned());
    set(header::CONTENT_LENGTH, (to - from).to_string());
    set(header::ACCEPT_RANGES, "bytes".to_owned());
    set(header::CONTENT_DISPOSITION, disposition(shown));
    // A file that somebody sent must not run as one of our pages.
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; \
         object-src 'self'; plugin-types application/pdf; sandbox"
            .to_owned(),
    );
    if shown.media_type == "application/pdf" {
        // The browser's own viewer does not open in a sandbox; it may stand in a page of ours.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; \
                      frame-ancestors 'self'";
        set(header::CONTENT_SECURITY_POLICY, policy.to_owned());
        set(header::X_FRAME_OPTIONS, "SAMEORIGIN".to_owned());
    }
    if status == StatusCode::PARTIAL_CONTENT {
        set(header::CONTENT_RANGE, format!("bytes {from}-{}/{length}", to.saturating_sub(1)));
    }
    Ok(response)
}

/// One piece is read and opened while the one before it goes out.
fn pieces(reader: BlobReader, from: u64, to: u64) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold(Reading::begin(reader, from, to), |reading| async move {
        let Some(reading) = reading else { return Ok(None) };
        let (reader, piece) = reading.opened.await.map_err(|_| STOPPED)??;
        if piece.is_empty() {
            return Err(StoreError::Blob("it ended early"));
        }
        let next = reading.at + u64::try_from(piece.len()).unwrap_or_default();
        Ok(Some((Bytes::from(piece), Reading::begin(reader, next, reading.to))))
    })
}

/// A piece that is being opened, whether or not somebody waits for it already.
struct Reading {
    opened: JoinHandle<Result<(BlobReader, Vec<u8>), StoreError>>,
    at: u64,
    to: u64,
}

impl Reading {
    /// `None` where nothing is left.
    fn begin(mut reader: BlobReader, at: u64, to: u64) -> Option<Self> {
        let left = to.checked_sub(at).filter(|left| *left > 0)?;
        let bytes = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_OUT_BYTES);
        let opened = spawn_blocking(move || {
            let piece = reader.read_at(at, bytes)?;
            Ok((reader, piece))
        });
        Some(Self { opened, at, to })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Whole,
    /// From the first byte up to, but not with, the last.
    Part {
        from: u64,
        to: u64,
    },
    Beyond,
}

/// One range; several at once are answered whole, as the standard allows.
fn parse_range(text: &str, length: u64) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Range::Whole;
    };
    let (from, to) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(from), Ok(last)) if last < from => return Range::Whole,
        (Ok(from), Ok(last)) => (from, last.saturating_add(1).min(length)),
        (Ok(from), Err(_)) if last.trim().is_empty() => (from, length),
        (Err(_), Ok(tail)) if first.trim().is_empty() => (length.saturating_sub(tail), length),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Range::Whole,
    };
    if from >= length { Range::Beyond } else { Range::Part { from, to } }
}

/// What a page that is saved as a file says of its name.
pub fn attachment_header(name: &str) -> String {
    disposition(&Shown { media_type: "", name, inline: false })
}

/// The name in the form that every browser reads (RFC 6266), Japanese included.
pub fn save_as(name: &str) -> HeaderValue {
    let shown = Shown { media_type: "", name, inline: false };
    HeaderValue::try_from(disposition(&shown))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

fn disposition(shown: &Shown<'_>) -> String {
    let kind = if shown.inline { "inline" } else { "attachment" };
    let mut encoded = String::new();
    for byte in shown.name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{kind}; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_players_ask_them() {
        let check = |text: &str, expected| assert_eq!(parse_range(text, 100), expected, "{text}");
        check("bytes=0-1", Range::Part { from: 0, to: 2 });
        check("bytes=10-", Range::Part { from: 10, to: 100 });
        check("bytes=-10", Range::Part { from: 90, to: 100 });
        check("bytes=90-200", Range::Part { from: 90, to: 100 });
        check("bytes=100-", Range::Beyond);
        check("bytes=5-2", Range::Whole);
        check("bytes=0-1,5-6", Range::Whole);
        check("lines=0-1", Range::Whole);
    }

    #[test]
    fn a_japanese_name_survives_the_header() {
        let shown = Shown { media_type: "image/jpeg", name: "写真 1.jpg", inline: false };
        assert_eq!(disposition(&shown), "attachment; filename*=UTF-8''%E5%86%99%E7%9C%9F%201.jpg");
    }
}
